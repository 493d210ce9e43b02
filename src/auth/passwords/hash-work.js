import bcrypt from "bcrypt";
import { derive } from "./derive.js";
import { equalize, timed } from "./equal-work.js";

/**
 * A hash for a worker to compute or verify. Verifying takes at least as much work as `minWork`.
 *
 * @typedef {import("./derive.js").DeriveParams} DeriveParams
 * @typedef {import("./equal-work.js").Work} Work
 * @typedef {{ scheme: "bcrypt", password: string, cost: number }} BcryptHashWork
 * @typedef {{ scheme: "bcrypt", password: string, cost: number, hash: string, minWork: Work }} BcryptVerifyWork
 * @typedef {DeriveParams & { minWork?: Work }} DerivedKeyWork
 * @typedef {BcryptHashWork | BcryptVerifyWork | DerivedKeyWork} HashWork
 * @typedef {string | boolean | Uint8Array} HashResult a new bcrypt hash, whether the password matches, or the derived key
 */

/**
 * @param {HashWork} work
 * @returns {HashResult}
 */
export function compute(work) {
  const result = timed(work, () => hash(work));
  if ("minWork" in work) equalize(work, work.minWork);
  return result;
}

/** @param {HashWork} work */
function hash(work) {
  if (work.scheme !== "bcrypt") return new Uint8Array(derive(work));
  if ("hash" in work) return bcrypt.compareSync(work.password, work.hash);
  return bcrypt.hashSync(work.password, bcrypt.genSaltSync(work.cost, "b"));
}
