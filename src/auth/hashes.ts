import type { Argon2Cost } from "./hash-worker.js";

/** A stored hash, taken apart. */
export type Hash =
  | { readonly scheme: "bcrypt"; readonly cost: number; readonly text: string }
  | { readonly scheme: "argon2id"; readonly cost: Argon2Cost; readonly salt: Uint8Array; readonly tag: Uint8Array };

/** The most expensive hashes that are verified: a planted one must not take a worker for minutes. */
const most = { bcryptCost: 16, memory: 256 * 1024, passes: 16, memoryTimesPasses: 1024 * 1024, parallelism: 16 };

/**
 * Reads a stored hash: bcrypt's `$2b$12$…`, or argon2id's PHC string `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`.
 *
 * @returns null for what is neither, or costs more than a hash may
 */
export function parseHash(text: string): Hash | null {
  const bcrypt = /^\$2[ab]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  if (bcrypt) {
    const cost = Number(bcrypt[1]);
    return cost >= 4 && cost <= most.bcryptCost ? { scheme: "bcrypt", cost, text } : null;
  }
  const argon2 =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      text,
    );
  if (!argon2) return null;
  const cost = { memory: Number(argon2[1]), passes: Number(argon2[2]), parallelism: Number(argon2[3]) };
  const { memory, passes, parallelism } = cost;
  const bounded =
    memory <= most.memory &&
    passes <= most.passes &&
    memory * passes <= most.memoryTimesPasses &&
    parallelism <= most.parallelism;
  // RFC 9106, 3.1: at least one pass and one lane, and 8 KiB a lane.
  if (!bounded || passes < 1 || parallelism < 1 || memory < 8 * parallelism) return null;
  return { scheme: "argon2id", cost, salt: bytes(argon2[4]), tag: bytes(argon2[5]) };
}

/** Writes an argon2id hash as a PHC string (https://github.com/P-H-C/phc-string-format). */
export function formatArgon2id({ memory, passes, parallelism }: Argon2Cost, salt: Uint8Array, tag: Uint8Array): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`;
}

function bytes(base64 = ""): Uint8Array {
  return Buffer.from(base64, "base64");
}

function text(binary: Uint8Array): string {
  return Buffer.from(binary).toString("base64").replace(/=+$/, "");
}
