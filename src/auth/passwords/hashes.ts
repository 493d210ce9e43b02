import type { Argon2Cost, Derivation } from "./derive.js";

/** A parsed password hash. */
export type Hash = BcryptHash | DerivedHash;

/** `text` always begins with `$2b$`. */
interface BcryptHash {
  readonly scheme: "bcrypt";
  readonly cost: number;
  readonly text: string;
}

/** A key that was derived from the password, and the parameters of the derivation. */
export type DerivedHash = Derivation & {
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
  /** True if the password is normalized to NFKC before it is hashed. */
  readonly usesNfkc?: true;
};

/** The stored hash of an account without a password. No password matches it, so the owner must reset the password. */
export const unusableHash = "!";

/** Why a hash cannot be verified. */
export type UnreadableReason = "unknown" | "out of bounds";

/**
 * The highest accepted costs, which take some seconds: an imported hash must not block a thread for minutes. `memory` is in
 * KiB.
 */
const maxCosts = {
  bcryptCost: 16,
  memory: 256 * 1024,
  passes: 16,
  memoryTimesPasses: 1024 * 1024,
  lanes: 16,
  rounds: 1e7,
};

/** The accepted formats and their parsers, which return null if the cost is invalid or too high. */
const formats: readonly (readonly [RegExp, (...parts: string[]) => Hash | null])[] = [
  // The versions differ only for passwords over 72 bytes, and in bugs of old implementations.
  [/^\$2[aby](\$(\d\d)\$[./A-Za-z0-9]{53})$/, parseBcrypt],
  // The PHC string format (https://github.com/P-H-C/phc-string-format). Django adds the prefix `argon2`.
  [
    /^(?:argon2)?\$(argon2id?)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/,
    (scheme, m, t, p, salt, tag) =>
      parseArgon2(
        scheme as "argon2id",
        { memory: Number(m), passes: Number(t), parallelism: Number(p) },
        decodeBase64(salt),
        tag,
      ),
  ],
  [
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{2,86})\$([A-Za-z0-9+/]{22,86})$/,
    (ln, r, p, salt, tag) => parseScrypt(Number(ln), Number(r), Number(p), decodeBase64(salt), decodeBase64(tag)),
  ],
  // better-auth: the salt is the hexadecimal text, not its bytes.
  [
    /^([0-9a-f]{32}):([0-9a-f]{128})$/,
    (salt = "", tag = "") => parseBetterAuth(Buffer.from(salt), Buffer.from(tag, "hex")),
  ],
  // Django: the salt is text.
  [
    /^pbkdf2_(sha1|sha256)\$(\d{1,9})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{27,43}=)$/,
    (digest, iterations, salt = "", tag) =>
      parsePbkdf2(digest, Number(iterations), Buffer.from(salt), decodeBase64(tag)),
  ],
  // PHC, and the older format of passlib: without `i=`, and with `.` for `+`.
  [
    /^\$pbkdf2-(sha256|sha512)\$(?:i=)?(\d{1,9})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{2,86})\$([A-Za-z0-9+/.]{22,86})$/,
    (digest, iterations, salt, tag) => parsePbkdf2(digest, Number(iterations), decodeBase64(salt), decodeBase64(tag)),
  ],
];

/** Parses a hash of Bienvenue or of another system (docs/migrating.md lists them), or returns why it cannot be verified. */
export function readHash(text: string): Hash | UnreadableReason {
  for (const [pattern, parse] of formats) {
    const parts = pattern.exec(text);
    if (parts) return parse(...parts.slice(1)) ?? "out of bounds";
  }
  return "unknown";
}

/** Parses a hash, or returns null if it cannot be verified. */
export function parseHash(text: string): Hash | null {
  const hash = readHash(text);
  return typeof hash === "string" ? null : hash;
}

/** Formats an argon2id hash as a PHC string. */
export function formatArgon2id({ memory, passes, parallelism }: Argon2Cost, salt: Uint8Array, tag: Uint8Array): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encodeBase64(salt)}$${encodeBase64(tag)}`;
}

function parseBcrypt(rest = "", digits?: string): Hash | null {
  const cost = Number(digits);
  return cost >= 4 && cost <= maxCosts.bcryptCost ? { scheme: "bcrypt", cost, text: `$2b${rest}` } : null;
}

function parseArgon2(scheme: "argon2i" | "argon2id", cost: Argon2Cost, salt: Uint8Array, tag?: string): Hash | null {
  const { memory, passes, parallelism } = cost;
  // RFC 9106, 3.1: at least one pass and one lane, and 8 KiB per lane.
  const isValid = passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism;
  const isAffordable = passes <= maxCosts.passes && isBounded(memory, passes, parallelism);
  return isValid && isAffordable ? { scheme, cost, salt, tag: decodeBase64(tag) } : null;
}

function parseScrypt(
  ln: number,
  blockSize: number,
  parallelism: number,
  salt: Uint8Array,
  tag: Uint8Array,
): Hash | null {
  // RFC 7914, 2: N is a power of two, greater than 1 and less than 2^(128 * r / 8).
  const isValid = ln >= 1 && ln < 16 * blockSize && parallelism >= 1;
  const memory = (2 ** ln * blockSize) / 8;
  if (!isValid || !isBounded(memory, parallelism, parallelism)) return null;
  return { scheme: "scrypt", cost: { N: 2 ** ln, blockSize, parallelism }, salt, tag };
}

function parseBetterAuth(salt: Uint8Array, tag: Uint8Array): Hash {
  return { scheme: "scrypt", cost: { N: 16_384, blockSize: 16, parallelism: 1 }, salt, tag, usesNfkc: true };
}

function parsePbkdf2(digest = "", iterations: number, salt: Uint8Array, tag: Uint8Array): Hash | null {
  const width = { sha1: 20, sha256: 32, sha512: 64 }[digest] ?? 0;
  // RFC 8018, 5.2: each block of the key takes all iterations.
  const rounds = iterations * Math.ceil(tag.length / width);
  if (iterations < 1 || rounds > maxCosts.rounds) return null;
  return { scheme: "pbkdf2", cost: { digest, iterations }, salt, tag };
}

/** @param times how often the memory is filled */
function isBounded(memory: number, times: number, lanes: number): boolean {
  return memory <= maxCosts.memory && memory * times <= maxCosts.memoryTimesPasses && lanes <= maxCosts.lanes;
}

function decodeBase64(base64 = ""): Uint8Array {
  return Buffer.from(base64.replaceAll(".", "+"), "base64");
}

function encodeBase64(binary: Uint8Array): string {
  return Buffer.from(binary).toString("base64").replace(/=+$/, "");
}
