import bcrypt from "bcrypt";
import { derive } from "./derive.js";

/**
 * What decides how much work a hash is. `length`, in bytes, counts for PBKDF2, which iterates for each block of its key.
 *
 * @typedef {{ scheme: "bcrypt", cost: number }} BcryptWork
 * @typedef {import("./derive.js").Derivation & { length: number }} DerivationWork
 * @typedef {BcryptWork | DerivationWork} Work
 */

/**
 * The shortest time, in milliseconds, that each kind of hash took on this thread. The shortest, because everything else
 * that runs on the machine only adds to it.
 *
 * @type {Map<string, number>}
 */
const shortest = new Map();

const lowestBcryptCost = 4;
const salt = Buffer.alloc(16);
/** Enough iterations for the clock to measure. */
const sampleIterations = 2000;

/**
 * Computes, and remembers how long this kind of hash takes here.
 *
 * @template T
 * @param {Work} work
 * @param {() => T} compute
 */
export function timed(work, compute) {
  const name = nameOf(work);
  const started = performance.now();
  const result = compute();
  const took = performance.now() - started;
  shortest.set(name, Math.min(took, shortest.get(name) ?? took));
  return result;
}

/**
 * Hashes on after `done`, until it was as much work as `target`; nothing if `done` was more. So the time to verify a hash
 * that is cheaper than today's does not tell it from the hash for an address without an account.
 *
 * A bcrypt hash of cost c takes 2^c rounds, so one at c and those at c, c + 1, … C - 1 are exactly the work of one at C.
 * Other schemes are made equal by the time that they take on this machine, as near as that is known.
 *
 * @param {Work} done
 * @param {Work} target
 */
export function equalize(done, target) {
  if (done.scheme === "bcrypt" && target.scheme === "bcrypt") {
    for (let cost = done.cost; cost < target.cost; cost++) hashBcrypt(cost);
    return;
  }
  if (nameOf(done) === nameOf(target)) return;
  const missing = durationOf(target) - durationOf(done);
  const iterations = Math.round((missing * sampleIterations) / durationOf(pbkdf2(sampleIterations)));
  if (iterations > 0) derivePlain(pbkdf2(iterations));
}

/**
 * In milliseconds; measured now if no such hash was computed on this thread before.
 *
 * @param {Work} work
 * @returns {number}
 */
function durationOf(work) {
  const known = shortest.get(nameOf(work));
  if (known !== undefined) return known;
  if (work.scheme !== "bcrypt") {
    timed(work, () => derivePlain(work));
    return durationOf(work);
  }
  // A sixteenth of the work is enough until one of this cost was computed.
  const cost = Math.max(lowestBcryptCost, work.cost - 4);
  const sample = { scheme: work.scheme, cost };
  if (!shortest.has(nameOf(sample))) timed(sample, () => hashBcrypt(cost));
  return durationOf(sample) * 2 ** (work.cost - cost);
}

/** @param {number} cost */
function hashBcrypt(cost) {
  bcrypt.hashSync("", `$2b$${String(cost).padStart(2, "0")}$${".".repeat(22)}`);
}

/** @param {DerivationWork} work */
function derivePlain(work) {
  derive({ ...work, password: "", salt });
}

/**
 * @param {number} iterations
 * @returns {DerivationWork}
 */
function pbkdf2(iterations) {
  return { scheme: "pbkdf2", cost: { digest: "sha256", iterations }, length: 32 };
}

/** @param {Work} work */
function nameOf(work) {
  return JSON.stringify(work.scheme === "bcrypt" ? [work.scheme, work.cost] : [work.scheme, work.cost, work.length]);
}
