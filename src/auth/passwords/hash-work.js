import bcrypt from "bcrypt";
import { derive } from "./derive.js";
import { equalize, timed } from "./equal-work.js";

/**
 * A hash for a worker to compute or verify. Verifying takes at least as much work as `asMuchAs`.
 *
 * @typedef {import("./derive.js").Derive} Derive
 * @typedef {import("./equal-work.js").Work} Work
 * @typedef {{ scheme: "bcrypt", password: string, cost: number }} BcryptHash
 * @typedef {{ scheme: "bcrypt", password: string, cost: number, hash: string, asMuchAs: Work }} BcryptVerify
 * @typedef {Derive & { asMuchAs?: Work }} DeriveOrVerify
 * @typedef {BcryptHash | BcryptVerify | DeriveOrVerify} HashWork
 * @typedef {string | boolean | Uint8Array} Hashed a bcrypt hash, whether it is the password's, or the derived key
 */

/**
 * @param {HashWork} work
 * @returns {Hashed}
 */
export function compute(work) {
  const result = timed(work, () => hash(work));
  if ("asMuchAs" in work) equalize(work, work.asMuchAs);
  return result;
}

/** @param {HashWork} work */
function hash(work) {
  if (work.scheme !== "bcrypt") return new Uint8Array(derive(work));
  if ("hash" in work) return bcrypt.compareSync(work.password, work.hash);
  return bcrypt.hashSync(work.password, bcrypt.genSaltSync(work.cost, "b"));
}
