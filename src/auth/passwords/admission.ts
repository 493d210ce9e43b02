import type { Awaitable } from "../../db/db.ts";
import { DatabaseUnavailable } from "../../errors.ts";
import type { Caller } from "../caller.ts";
import type { Context } from "../context.ts";
import { secretsOf } from "../devices/devices.ts";
import { sharesOf } from "./places.ts";

/** How often the number of refusals is recorded, in milliseconds. */
const recordInterval = 10_000;

/** Tells a server, before it reads a request that hashes a password, whether to refuse it: a refusal then costs next to nothing. */
export class Admission {
  readonly #context: Context;
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Returns the seconds after which to try again if the queue of hashes has no place for this caller; else undefined, and the
   * request may still get `busy`. The only lookup is whether an account knows one of the caller's device cookies, if there are
   * any: an invented cookie gives no advantage.
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

  /** Counts a refused request: the log and the audit trail get one entry for all those of ten seconds. */
  countRefusal(): void {
    this.#refusals++;
    this.#timer ??= setTimeout(() => this.flush(), recordInterval).unref();
  }

  /** Records the refusals counted so far. */
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
      const known = this.#context.db.devices.knowsAny(devices);
      return known instanceof Promise ? known.catch(none) : known;
    } catch (error) {
      return none(error);
    }
  }
}
