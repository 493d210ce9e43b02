import { pbkdf2Sync } from "node:crypto";
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
 * How long the latest hashes of each kind took on this thread, in milliseconds for each unit of work. Their median is what a
 * hash usually takes now.
 *
 * @type {Map<string, number[]>}
 */
const latest = new Map();
const keptDurations = 25;

const lowestBcryptCost = 4;
const salt = Buffer.alloc(16);
const sampleIterations = 2000;

/**
 * Computes, and records how long this kind of hash takes on this thread.
 *
 * @template T
 * @param {Work} work
 * @param {() => T} compute
 */
export function timed(work, compute) {
  return timedAs(nameOf(work), 1, compute);
}

/**
 * @template T
 * @param {string} name
 * @param {number} units
 * @param {() => T} compute
 */
function timedAs(name, units, compute) {
  const started = now();
  const result = compute();
  const took = now() - started;
  latest.set(name, [...(latest.get(name) ?? []), took / units].slice(-keptDurations));
  return result;
}

/**
 * The processor time of this thread, in milliseconds: while other programs keep the cores busy, the time that passes during a
 * short hash may be many times that of its work. Systems other than Linux may count it in coarse steps.
 */
function now() {
  if (process.platform !== "linux") return performance.now();
  // Linux brings the count of a running thread up to date when the whole process is asked for.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Adds hashing after `done` until the work equals `target`; does nothing if `done` was more. So verifying a hash that is cheaper
 * than today's takes as long as the hash for an address without an account.
 *
 * A bcrypt hash of cost c takes 2^c rounds, so one at c and those at c, c + 1, … C - 1 are exactly the work of one at C.
 * Other schemes are made equal by the time that they usually take on this thread.
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
  if (!latest.has("iteration")) iterate(sampleIterations);
  const iterations = Math.round((durationOf(target) - durationOf(done)) / median("iteration"));
  if (iterations > 0) iterate(iterations);
}

/**
 * In milliseconds; measured now if no such hash was computed on this thread before.
 *
 * @param {Work} work
 */
function durationOf(work) {
  if (latest.has(nameOf(work))) return median(nameOf(work));
  if (work.scheme !== "bcrypt") {
    timed(work, () => derive({ ...work, password: "", salt }));
    return median(nameOf(work));
  }
  // Until a hash of this cost has been computed, a sixteenth of the work is measured.
  const cost = Math.max(lowestBcryptCost, work.cost - 4);
  const started = now();
  hashBcrypt(cost);
  return (now() - started) * 2 ** (work.cost - cost);
}

/** @param {string} name of what was computed before */
function median(name) {
  const sorted = (latest.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** @param {number} iterations of PBKDF2: work in units of less than a microsecond */
function iterate(iterations) {
  timedAs("iteration", iterations, () => pbkdf2Sync("", salt, iterations, 32, "sha256"));
}

/** @param {number} cost */
function hashBcrypt(cost) {
  bcrypt.hashSync("", `$2b$${String(cost).padStart(2, "0")}$${".".repeat(22)}`);
}

/** @param {Work} work */
function nameOf(work) {
  return JSON.stringify(work.scheme === "bcrypt" ? [work.scheme, work.cost] : [work.scheme, work.cost, work.length]);
}
