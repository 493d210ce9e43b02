// Plain JavaScript, for a worker that loads TypeScript takes 14 MB more.
import { spawnSync } from "node:child_process";
import { argon2Sync } from "node:crypto";
import { existsSync, readlinkSync } from "node:fs";
import bcrypt from "bcrypt";

runWhenIdle();

/**
 * One hash for a worker to compute.
 *
 * @typedef {{ scheme: "bcrypt", password: string, cost: number }} BcryptHash
 * @typedef {{ scheme: "bcrypt", password: string, hash: string }} BcryptVerify
 * @typedef {{ memory: number, passes: number, parallelism: number }} Argon2Cost `memory` in KiB
 * @typedef {{ scheme: "argon2id", password: string, salt: Uint8Array, length: number, cost: Argon2Cost }} Argon2
 * @typedef {BcryptHash | BcryptVerify | Argon2} HashWork
 */

/**
 * @param {HashWork | undefined} work nothing, for a worker that only has to get ready
 * @returns {string | boolean | Uint8Array | undefined} a bcrypt hash, whether it is the password's, or an argon2id tag
 */
export default function compute(work) {
  if (work === undefined) return undefined;
  if (work.scheme === "argon2id") {
    const { password, salt, length, cost } = work;
    return new Uint8Array(
      argon2Sync("argon2id", { message: Buffer.from(password), nonce: salt, tagLength: length, ...cost }),
    );
  }
  if ("hash" in work) return bcrypt.compareSync(work.password, work.hash);
  return bcrypt.hashSync(work.password, bcrypt.genSaltSync(work.cost, "b"));
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
