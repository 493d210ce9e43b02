import { randomBytes, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { busyError } from "../../errors.ts";
import { type Metrics, uncounted } from "../../observe/metrics.ts";
import { type Tracing, untraced } from "../../observe/tracing.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Argon2Cost } from "./derive.js";
import { HashQueue } from "./hash-queue.ts";
import type { Slot } from "./hash-slot.ts";
import { HashThreadError, HashThreads } from "./hash-threads.ts";
import type { HashResult, HashWork } from "./hash-work.js";
import { formatArgon2id, type Hash, parseHash } from "./hashes.ts";

type PasswordSettings = Pick<Settings, "PASSWORD_HASH" | "BCRYPT_COST">;
type Algorithm =
  | { readonly scheme: "bcrypt"; readonly cost: number }
  | { readonly scheme: "argon2id"; readonly cost: Argon2Cost; readonly length: number };

/**
 * Two of the equivalent costs in OWASP's Password Storage Cheat Sheet. The second is only for passwords that bcrypt cannot
 * hash. A guess that bcrypt could hash is never verified against such a hash: the shorter time would reveal that the
 * account exists. The second has 8 KiB more than the 12,288 of the list, so that no imported hash looks like it.
 */
const argon2id = { memory: 19_456, passes: 2, parallelism: 1 };
const argon2idForLongPasswords = { memory: 12_296, passes: 3, parallelism: 1 };

/** The form of a password from which a hash was made: normalized, or as typed. */
export type PasswordForm = "normalized" | "typed";

/** A slot in the hash queue. */
export type HashSlot = Slot<HashWork, HashResult>;

/** Observers, and the threads to use. */
interface PasswordsOptions {
  readonly metrics?: Metrics;
  readonly tracing?: Tracing;
  /** Shared threads, which `close` leaves running. By default the instance starts its own. */
  readonly threads?: HashThreads | undefined;
}

/** More combining marks in a row than any script uses (UAX #15, "Stream-Safe Text Format"). Sorting them is slow. */
const excessiveMarks = /\p{M}{31}/u;

const saltLength = 16;
const tagLength = 32;

/**
 * Hashes and verifies passwords on threads of lower priority than the thread that serves requests (`HashThreads`), so that
 * a flood of logins does not slow down requests with a session.
 */
export class Passwords {
  readonly #policy: PasswordSettings;
  readonly queue: HashQueue<HashWork, HashResult>;
  readonly #tracing: Tracing;
  readonly #sharesThreads: boolean;
  /** Created on the first hash: a process that does not hash starts no threads. */
  #threads: HashThreads | undefined;
  readonly #compute = async (work: HashWork): Promise<HashResult> => {
    this.#threads ??= new HashThreads(availableParallelism());
    try {
      return await this.#threads.run(work);
    } catch (error) {
      throw error instanceof HashThreadError ? busyError(this.queue.retryAfter, error) : error;
    }
  };

  constructor(policy: PasswordSettings, { metrics = uncounted, tracing = untraced, threads }: PasswordsOptions = {}) {
    this.#policy = policy;
    this.#tracing = tracing;
    this.#sharesThreads = threads !== undefined;
    this.#threads = threads;
    const expected = policy.PASSWORD_HASH === "bcrypt" ? 250 * 2 ** (policy.BCRYPT_COST - 12) : 50;
    this.queue = new HashQueue(this.#compute, availableParallelism(), expected, { metrics });
  }

  /** Returns a salted hash to store: `$2b$12$…`, or an argon2id PHC string if bcrypt cannot hash the password. */
  async hashPassword(typed: string, slot?: HashSlot): Promise<string> {
    const password = normalizePassword(typed);
    const algorithm = this.#algorithmFor(password);
    if (algorithm.scheme === "bcrypt") return (await this.#hash({ ...algorithm, password }, slot)) as string;
    const salt = randomBytes(saltLength);
    const tag = await this.#hash({ ...algorithm, password, salt }, slot);
    return formatArgon2id(algorithm.cost, salt, tag as Uint8Array);
  }

  /** Returns true if the password matches the hash, normalized or as typed. */
  async verifyPassword(password: string, hashedPassword: string | null, slot?: HashSlot): Promise<boolean> {
    return (await this.findMatchingForm(password, hashedPassword, slot)) !== null;
  }

  /**
   * Returns the form in which the password matches the hash, or null. Hashes of other systems, and those from before
   * normalization, were made from the password as typed, so that form is verified too if it differs. Both are always
   * hashed then, so that the time does not reveal whether the first one matched.
   */
  async findMatchingForm(
    password: string,
    hashedPassword: string | null,
    slot?: HashSlot,
  ): Promise<PasswordForm | null> {
    const normalized = normalizePassword(password);
    const isNormalized = await this.#verify(normalized, hashedPassword, slot);
    const isTyped = normalized !== password && (await this.#verify(password, hashedPassword, slot));
    return isNormalized ? "normalized" : isTyped ? "typed" : null;
  }

  /**
   * Returns true if this text matches the hash. If there is no hash, or its scheme cannot hold this text, verifies a dummy
   * hash. Verifying a cheaper hash takes as much work as a current one, so that the time reveals nothing.
   */
  async #verify(password: string, hashedPassword: string | null, slot?: HashSlot): Promise<boolean> {
    const current = this.#algorithmFor(password);
    const dummy = createDummyHash(current);
    const stored = parseHash(hashedPassword ?? dummy);
    const canMatch = stored !== null && canHold(stored, password);
    const verified = canMatch ? stored : (parseHash(dummy) as Hash);
    const matches = await this.#matches(password, verified, current, slot);
    return canMatch && matches && hashedPassword !== null;
  }

  /** Returns true if a verified hash has another scheme or format than current ones, or a lower cost. */
  isOutdated(hashedPassword: string, password: string): boolean {
    const stored = parseHash(hashedPassword);
    const algorithm = this.#algorithmFor(normalizePassword(password));
    if (stored?.scheme === "bcrypt" && algorithm.scheme === "bcrypt")
      return stored.cost < algorithm.cost || (stored.cost === algorithm.cost && stored.text !== hashedPassword);
    if (stored?.scheme === "argon2id" && algorithm.scheme === "argon2id") return !sameCost(stored.cost, algorithm.cost);
    return true;
  }

  /** Waits for the running hashes, and rejects the others. */
  async close(): Promise<void> {
    await this.queue.close();
    if (!this.#sharesThreads) await this.#threads?.close();
  }

  async #matches(password: string, hash: Hash, minWork: Algorithm, slot: HashSlot | undefined): Promise<boolean> {
    if (hash.scheme === "bcrypt") {
      const { scheme, cost, text } = hash;
      return (await this.#hash({ scheme, password, cost, hash: text, minWork }, slot)) === true;
    }
    const { tag, usesNfkc, ...params } = hash;
    const text = usesNfkc ? password.normalize("NFKC") : password;
    const computed = await this.#hash({ ...params, password: text, length: tag.length, minWork }, slot);
    return timingSafeEqual(computed as Uint8Array, tag);
  }

  /** Takes a slot for this hash if the caller has none. */
  async #hash(work: HashWork, given: HashSlot | undefined): Promise<HashResult> {
    using own = given ? undefined : this.queue.enter({ path: [""] });
    const slot = given ?? (own as HashSlot);
    return await this.#tracing.span("hash password", () => this.queue.run(slot, work));
  }

  /** Returns the algorithm for a new hash of this password. */
  #algorithmFor(password: string): Algorithm {
    if (this.#policy.PASSWORD_HASH === "argon2id") return { scheme: "argon2id", cost: argon2id, length: tagLength };
    if (!fitsBcrypt(password)) return { scheme: "argon2id", cost: argon2idForLongPasswords, length: tagLength };
    return { scheme: "bcrypt", cost: this.#policy.BCRYPT_COST };
  }
}

/**
 * Returns the form of a password that is hashed: other Unicode spaces become U+0020, then NFC, as in the profile
 * OpaqueString (RFC 8265, 4.2.2; NIST SP 800-63B-4, 3.1.1.2). So a password is the same whether a keyboard sends é as one
 * code point or two. Nothing is rejected: control characters, NUL and unassigned code points are kept, and a text with more
 * than 30 combining marks in a row is returned unchanged.
 */
export function normalizePassword(password: string): string {
  const spaced = password.replace(/\p{Zs}/gu, " ");
  return excessiveMarks.test(spaced) ? spaced : spaced.normalize("NFC");
}

/** Bcrypt ignores everything after 72 bytes or a NUL, so such a password is hashed by argon2id instead. */
function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= 72 && !password.includes("\0");
}

function canHold(hash: Hash, password: string): boolean {
  if (hash.scheme === "bcrypt") return fitsBcrypt(password);
  // Both use the password as an HMAC key, in which trailing NULs have no effect (RFC 2104, 3).
  if (hash.scheme === "scrypt" || hash.scheme === "pbkdf2") return !password.endsWith("\0");
  return !(sameCost(hash.cost, argon2idForLongPasswords) && fitsBcrypt(password));
}

function sameCost(a: Argon2Cost, b: Argon2Cost): boolean {
  return a.memory === b.memory && a.passes === b.passes && a.parallelism === b.parallelism;
}

/** Returns a hash of the same cost. Its matches are ignored. */
function createDummyHash({ scheme, cost }: Algorithm): string {
  if (scheme === "argon2id") return formatArgon2id(cost, new Uint8Array(saltLength), new Uint8Array(tagLength));
  return `$2b$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}
