import type { Awaitable } from "../db/db.ts";
import { DatabaseUnavailable } from "../errors.ts";
import type { Caller, Context } from "./context.ts";
import { secretsOf } from "./devices.ts";
import { sharesOf } from "./places.ts";

/** How often refusals are told in the log and the audit trail, in milliseconds. */
const toldEvery = 10_000;

/** What a server asks before it reads a request that hashes a password, so that a refusal costs next to nothing. */
export class Admission {
  readonly #context: Context;
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Seconds until it is worth trying again, if too many passwords wait to be hashed for this caller to be one more; else
   * undefined, and the request may still get `busy`. Nothing is read but, for a caller with device cookies, whether one of them
   * is real: who invents one is refused as without it.
   */
  refuses(caller: Pick<Caller, "ip" | "device">): Awaitable<number | undefined> {
    const { passwords, settings } = this.#context;
    const path = sharesOf(caller);
    const retryAfter = passwords.refusalOf({ path });
    const devices = secretsOf(caller);
    if (retryAfter === undefined || settings.RATE_LIMIT === "off" || devices.length === 0) return retryAfter;
    if (passwords.refusalOf({ path, devices }) !== undefined) return retryAfter;
    const decide = (isReal: boolean) => (isReal ? undefined : retryAfter);
    const isReal = this.#isReal(devices);
    return isReal instanceof Promise ? isReal.then(decide) : decide(isReal);
  }

  /** Counts a request that was refused so: the log and the audit trail have one entry for all of some seconds. */
  countRefusal(): void {
    this.#refusals++;
    this.#timer ??= setTimeout(() => this.flush(), toldEvery).unref();
  }

  /** Records what was counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const times = this.#refusals;
    this.#refusals = 0;
    if (times > 0) this.#context.trail.record("request_refused", { detail: "busy", times });
  }

  /** A database that does not answer knows no device. */
  #isReal(devices: readonly string[]): Awaitable<boolean> {
    const none = (error: unknown) => {
      if (error instanceof DatabaseUnavailable) return false;
      throw error;
    };
    try {
      const known = this.#context.db.knowsAnyDevice(devices);
      return known instanceof Promise ? known.catch(none) : known;
    } catch (error) {
      return none(error);
    }
  }
}
