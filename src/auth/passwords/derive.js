import { argon2Sync, pbkdf2Sync, scryptSync } from "node:crypto";

/**
 * @typedef {{ memory: number, passes: number, parallelism: number }} Argon2Cost `memory` in KiB
 * @typedef {{ N: number, blockSize: number, parallelism: number }} ScryptCost
 * @typedef {{ digest: string, iterations: number }} Pbkdf2Cost
 * @typedef {{ scheme: "argon2i" | "argon2id", cost: Argon2Cost }} Argon2
 * @typedef {{ scheme: "scrypt", cost: ScryptCost }} Scrypt
 * @typedef {{ scheme: "pbkdf2", cost: Pbkdf2Cost }} Pbkdf2
 * @typedef {Argon2 | Scrypt | Pbkdf2} Derivation how a key is derived from a password
 * @typedef {Derivation & { password: string, salt: Uint8Array, length: number }} DeriveParams
 */

/**
 * Derives a key of `length` bytes.
 *
 * @param {DeriveParams} work
 */
export function derive({ password, salt, length, ...algorithm }) {
  if (algorithm.scheme === "pbkdf2")
    return pbkdf2Sync(password, salt, algorithm.cost.iterations, length, algorithm.cost.digest);
  if (algorithm.scheme !== "scrypt")
    return argon2Sync(algorithm.scheme, {
      message: Buffer.from(password),
      nonce: salt,
      tagLength: length,
      ...algorithm.cost,
    });
  const { N, blockSize, parallelism } = algorithm.cost;
  // The memory that OpenSSL needs. The default of Node.js is lower.
  const maxmem = 128 * blockSize * (N + parallelism + 2);
  return scryptSync(password, salt, length, { N, blockSize, parallelization: parallelism, maxmem });
}
