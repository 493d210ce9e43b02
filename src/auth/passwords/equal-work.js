import { pbkdf2Sync } from "node:crypto";
import bcrypt from "bcrypt";
import { derive } from "./derive.js";

/**
 * The parameters that determine the work of a hash. `length` is in bytes: PBKDF2 iterates for each block of its key.
 *
 * @typedef {{ scheme: "bcrypt", cost: number }} BcryptWork
 * @typedef {import("./derive.js").Derivation & { length: number }} DerivationWork
 * @typedef {BcryptWork | DerivationWork} Work
 */

/**
 * The times of the latest hashes of each kind on this thread, in milliseconds per unit of work. Their median is the
 * expected time of the next one.
 *
 * @type {Map<string, number[]>}
 */
const latest = new Map();
const keptDurations = 25;

const lowestBcryptCost = 4;
const salt = Buffer.alloc(16);
const sampleIterations = 2000;

/**
 * Runs `compute`, and records how long this kind of hash takes on this thread.
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
  const startedAt = now();
  const result = compute();
  const duration = now() - startedAt;
  latest.set(name, [...(latest.get(name) ?? []), duration / units].slice(-keptDurations));
  return result;
}

/**
 * Returns the processor time of this thread, in milliseconds. While other programs keep the cores busy, the elapsed
 * time of a hash may be many times its processor time. On systems other than Linux, which may count processor time in
 * coarse steps, returns the elapsed time.
 */
function now() {
  if (process.platform !== "linux") return performance.now();
  // Reading the time of the process makes Linux update that of the running thread.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Computes further hashes, so that `done` and they together take the work of `target`. Does nothing if `done` took
 * more. Verifying a hash with an old, lower cost thus takes as long as the dummy hash for an unknown address.
 *
 * A bcrypt hash of cost c takes 2^c rounds: one at c and then one at each of c, c + 1, … C - 1 equal one at C. For other
 * schemes, the added work is calculated from the times measured on this thread.
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
 * Returns the time of a hash in milliseconds. Measures it if no such hash was computed on this thread before.
 *
 * @param {Work} work
 */
function durationOf(work) {
  if (latest.has(nameOf(work))) return median(nameOf(work));
  if (work.scheme !== "bcrypt") {
    timed(work, () => derive({ ...work, password: "", salt }));
    return median(nameOf(work));
  }
  // Extrapolates from a hash with a sixteenth of the work.
  const cost = Math.max(lowestBcryptCost, work.cost - 4);
  const startedAt = now();
  hashBcrypt(cost);
  return (now() - startedAt) * 2 ** (work.cost - cost);
}

/** @param {string} name of a kind of work in `latest` */
function median(name) {
  const sorted = (latest.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** @param {number} iterations of PBKDF2, each under a microsecond */
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
