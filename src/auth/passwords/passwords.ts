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
import type { Hashed, HashWork } from "./hash-work.js";
import { formatArgon2id, type Hash, parseHash } from "./hashes.ts";

type Policy = Pick<Settings, "PASSWORD_HASH" | "BCRYPT_COST">;
type Algorithm =
  | { readonly scheme: "bcrypt"; readonly cost: number }
  | { readonly scheme: "argon2id"; readonly cost: Argon2Cost; readonly length: number };

/**
 * Two of the equivalent costs of OWASP's Password Storage Cheat Sheet. Which of them a stored hash has tells why it is not
 * bcrypt's: by choice, or because bcrypt cannot hold the password. So a guess that bcrypt could hold is never verified
 * against the second kind, whose quicker answer would tell that the account exists. The second has 8 KiB more than the
 * list's 12,288: a hash that comes from elsewhere is not taken for one of a long password.
 */
const argon2id = { memory: 19_456, passes: 2, parallelism: 1 };
const argon2idForLong = { memory: 12_296, passes: 3, parallelism: 1 };

/** Which text a hash was made from: the password in the form that is hashed today, or as it was typed. */
export type HashedForm = "normalized" | "typed";

/** A place in the queue of those whose passwords are to be hashed. */
export type HashSlot = Slot<HashWork, Hashed>;

/** What observes hashing, and the threads that do it. */
interface PasswordsOptions {
  readonly metrics?: Metrics;
  readonly tracing?: Tracing;
  /** Threads that other instances use too, and `close` leaves running; by default it starts its own. */
  readonly threads?: HashThreads | undefined;
}

/** More marks in a row than any script uses (UAX #15, "Stream-Safe Text Format"): sorting very many takes long. */
const pileOfMarks = /\p{M}{31}/u;

const saltLength = 16;
const tagLength = 32;

/**
 * Hashes and verifies passwords on threads of their own, at a lower priority than the one that serves requests (`HashThreads`):
 * a flood of logins does not slow requests with a session.
 */
export class Passwords {
  readonly #policy: Policy;
  /** The callers that wait for a hash. */
  readonly queue: HashQueue<HashWork, Hashed>;
  readonly #tracing: Tracing;
  readonly #sharesThreads: boolean;
  /** Started by the first hash: a process that hashes nothing has no such thread. */
  #threads: HashThreads | undefined;
  readonly #compute = async (work: HashWork): Promise<Hashed> => {
    this.#threads ??= new HashThreads(availableParallelism());
    try {
      return await this.#threads.run(work);
    } catch (error) {
      throw error instanceof HashThreadError ? busyError(this.queue.retryAfter, error) : error;
    }
  };

  constructor(policy: Policy, { metrics = uncounted, tracing = untraced, threads }: PasswordsOptions = {}) {
    this.#policy = policy;
    this.#tracing = tracing;
    this.#sharesThreads = threads !== undefined;
    this.#threads = threads;
    const expected = policy.PASSWORD_HASH === "bcrypt" ? 250 * 2 ** (policy.BCRYPT_COST - 12) : 50;
    this.queue = new HashQueue(this.#compute, availableParallelism(), expected, { metrics });
  }

  /** A salted hash, to be stored: `$2b$12$…`, or an argon2id PHC string for what bcrypt cannot hold. */
  async hashPassword(typed: string, place?: HashSlot): Promise<string> {
    const password = normalizePassword(typed);
    const chosen = this.#chosen(password);
    if (chosen.scheme === "bcrypt") return (await this.#hash({ ...chosen, password }, place)) as string;
    const salt = randomBytes(saltLength);
    const tag = await this.#hash({ ...chosen, password, salt }, place);
    return formatArgon2id(chosen.cost, salt, tag as Uint8Array);
  }

  /** Whether the password matches the hash, in either form. */
  async verifyPassword(password: string, hashedPassword: string | null, place?: HashSlot): Promise<boolean> {
    return (await this.hashedForm(password, hashedPassword, place)) !== null;
  }

  /**
   * The form in which the password matches the hash, or null. Hashes from before normalization, and those of other systems,
   * were made from the text as typed, so that is tried too if it differs. Both are always hashed then, so that the time does
   * not reveal whether one matched.
   */
  async hashedForm(password: string, hashedPassword: string | null, place?: HashSlot): Promise<HashedForm | null> {
    const normalized = normalizePassword(password);
    const isNormalized = await this.#verify(normalized, hashedPassword, place);
    const isTyped = normalized !== password && (await this.#verify(password, hashedPassword, place));
    return isNormalized ? "normalized" : isTyped ? "typed" : null;
  }

  /**
   * Whether this text matches the hash. If it cannot (no hash, or a scheme that cannot hold this text), a dummy is hashed
   * anyway, and a hash that is cheaper than today's is made as much work: the time reveals nothing.
   */
  async #verify(password: string, hashedPassword: string | null, place?: HashSlot): Promise<boolean> {
    const today = this.#chosen(password);
    const instead = dummy(today);
    const stored = parseHash(hashedPassword ?? instead);
    const possible = stored !== null && mayHold(stored, password);
    const verified = possible ? stored : (parseHash(instead) as Hash);
    const matches = await this.#matches(password, verified, today, place);
    return possible && matches && hashedPassword !== null;
  }

  /** Whether a hash that was just verified is of another scheme or spelling than today's, or weaker. */
  isOutdated(hashedPassword: string, password: string): boolean {
    const stored = parseHash(hashedPassword);
    const chosen = this.#chosen(normalizePassword(password));
    if (stored?.scheme === "bcrypt" && chosen.scheme === "bcrypt")
      return stored.cost < chosen.cost || (stored.cost === chosen.cost && stored.text !== hashedPassword);
    if (stored?.scheme === "argon2id" && chosen.scheme === "argon2id") return !sameCost(stored.cost, chosen.cost);
    return true;
  }

  /** Waits for the hashes that are under way, and refuses the others. */
  async close(): Promise<void> {
    await this.queue.close();
    if (!this.#sharesThreads) await this.#threads?.close();
  }

  async #matches(password: string, hash: Hash, asMuchAs: Algorithm, place: HashSlot | undefined): Promise<boolean> {
    if (hash.scheme === "bcrypt") {
      const { scheme, cost, text } = hash;
      return (await this.#hash({ scheme, password, cost, hash: text, asMuchAs }, place)) === true;
    }
    const { tag, normalised, ...how } = hash;
    const taken = normalised ? password.normalize("NFKC") : password;
    const computed = await this.#hash({ ...how, password: taken, length: tag.length, asMuchAs }, place);
    return timingSafeEqual(computed as Uint8Array, tag);
  }

  /** Without a place of the caller's, each hash takes one. */
  async #hash(work: HashWork, given: HashSlot | undefined): Promise<Hashed> {
    using own = given ? undefined : this.queue.enter({ path: [""] });
    const place = given ?? (own as HashSlot);
    return await this.#tracing.span("hash password", () => this.queue.run(place, work));
  }

  /** The scheme that this password is hashed by today. */
  #chosen(password: string): Algorithm {
    if (this.#policy.PASSWORD_HASH === "argon2id") return { scheme: "argon2id", cost: argon2id, length: tagLength };
    if (!fitsBcrypt(password)) return { scheme: "argon2id", cost: argon2idForLong, length: tagLength };
    return { scheme: "bcrypt", cost: this.#policy.BCRYPT_COST };
  }
}

/**
 * The form of a password that is hashed: Unicode's other spaces become U+0020, then NFC, as in the profile OpaqueString (RFC
 * 8265, 4.2.2; NIST SP 800-63B-4, 3.1.1.2). So a password is the same whether a keyboard sends é as one code point or as two.
 * Nothing is refused: a control character, a NUL or an unassigned code point stays, and a text with more than 30 marks in a row
 * is left unchanged.
 */
export function normalizePassword(password: string): string {
  const spaced = password.replace(/\p{Zs}/gu, " ");
  return pileOfMarks.test(spaced) ? spaced : spaced.normalize("NFC");
}

/** Bcrypt reads no further than 72 bytes, nor past a NUL: such a password would be cut, and is hashed by argon2id. */
function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= 72 && !password.includes("\0");
}

function mayHold(hash: Hash, password: string): boolean {
  if (hash.scheme === "bcrypt") return fitsBcrypt(password);
  // Both begin with HMAC, to which a password and the same one with NULs after it are one key (RFC 2104, 3).
  if (hash.scheme === "scrypt" || hash.scheme === "pbkdf2") return !password.endsWith("\0");
  return !(sameCost(hash.cost, argon2idForLong) && fitsBcrypt(password));
}

function sameCost(a: Argon2Cost, b: Argon2Cost): boolean {
  return a.memory === b.memory && a.passes === b.passes && a.parallelism === b.parallelism;
}

/** A hash of the same cost that no password is looked for in. */
function dummy({ scheme, cost }: Algorithm): string {
  if (scheme === "argon2id") return formatArgon2id(cost, new Uint8Array(saltLength), new Uint8Array(tagLength));
  return `$2b$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}
