// Plain JavaScript, for a worker that loads TypeScript takes 14 MB more.
import { spawnSync } from "node:child_process";
import { argon2Sync, pbkdf2Sync, scryptSync } from "node:crypto";
import { existsSync, readlinkSync } from "node:fs";
import bcrypt from "bcrypt";

runWhenIdle();

/**
 * One hash for a worker to compute.
 *
 * @typedef {{ scheme: "bcrypt", password: string, cost: number }} BcryptHash
 * @typedef {{ scheme: "bcrypt", password: string, hash: string }} BcryptVerify
 * @typedef {{ memory: number, passes: number, parallelism: number }} Argon2Cost `memory` in KiB
 * @typedef {{ N: number, blockSize: number, parallelism: number }} ScryptCost
 * @typedef {{ digest: string, iterations: number }} Pbkdf2Cost
 * @typedef {{ scheme: "argon2i" | "argon2id", cost: Argon2Cost }} Argon2
 * @typedef {{ scheme: "scrypt", cost: ScryptCost }} Scrypt
 * @typedef {{ scheme: "pbkdf2", cost: Pbkdf2Cost }} Pbkdf2
 * @typedef {Argon2 | Scrypt | Pbkdf2} Derivation how a key is derived from a password
 * @typedef {Derivation & { password: string, salt: Uint8Array, length: number }} Derive
 * @typedef {BcryptHash | BcryptVerify | Derive} HashWork
 */

/**
 * @param {HashWork | undefined} work nothing, for a worker that only has to get ready
 * @returns {string | boolean | Uint8Array | undefined} a bcrypt hash, whether it is the password's, or the derived key
 */
export default function compute(work) {
  if (work === undefined) return undefined;
  if (work.scheme !== "bcrypt") return new Uint8Array(derive(work));
  if ("hash" in work) return bcrypt.compareSync(work.password, work.hash);
  return bcrypt.hashSync(work.password, bcrypt.genSaltSync(work.cost, "b"));
}

/** @param {Derive} work */
function derive({ password, salt, length, ...by }) {
  if (by.scheme === "pbkdf2") return pbkdf2Sync(password, salt, by.cost.iterations, length, by.cost.digest);
  if (by.scheme !== "scrypt")
    return argon2Sync(by.scheme, { message: Buffer.from(password), nonce: salt, tagLength: length, ...by.cost });
  const { N, blockSize, parallelism } = by.cost;
  // What OpenSSL asks for, where Node's default would refuse.
  const maxmem = 128 * blockSize * (N + parallelism + 2);
  return scryptSync(password, salt, length, { N, blockSize, parallelization: parallelism, maxmem });
}

/**
 * Moves this thread to the scheduling class of Linux for what runs when nothing else wants to. Even at the lowest priority
 * of the usual class it would take a slice of some milliseconds now and then, and one in a hundred requests would wait for
 * it. Where that is not to be had the priority is what remains.
 */
function runWhenIdle() {
  if (!existsSync("/proc/thread-self")) return;
  const thread = readlinkSync("/proc/thread-self").split("/").pop() ?? "";
  spawnSync("chrt", ["--idle", "--pid", "0", thread], { stdio: "ignore", env: { PATH: process.env.PATH } });
}
