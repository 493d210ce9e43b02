import type { ClaimedMail, CountedAttempt, Limit } from "../../db/db.ts";
import type { Mail } from "../../mail/mailer.ts";
import { day } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { mailLimits, resetLimit } from "../limits/mail-limits.ts";
import { findUserByEmail } from "../users.ts";

/** How long a mail that anybody can request may wait for its turn, in milliseconds from its request. */
const maxWait = day;

/**
 * Caps the mails that anybody can request, to one address in a day and all in an hour. What is over a cap waits in the outbox,
 * so that no answer to a request depends on it. Beyond the cap of an address, one reset an hour is sent.
 * Notices, mails of an operator and resets from known devices are not counted.
 */
export class MailLimits {
  readonly #context: Context;
  #loggedUntil = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Counts a mail that is about to be sent.
   *
   * @returns the slots to give back if it cannot be sent; null if it must not be sent now: then it waits, or has failed
   */
  async reserve(waiting: ClaimedMail, mail: Mail): Promise<readonly CountedAttempt[] | null> {
    const { db, settings } = this.#context;
    if (waiting.network === null || settings.RATE_LIMIT === "off") return [];
    const [ofAddress, ofAll] = mailLimits(settings, mail.to);
    const ofResets = waiting.kind === "reset" ? await this.#resetCap(mail.to) : null;
    let result = await db.limits.reserve([ofAddress, ofAll]);
    if ("attempts" in result) return [...result.attempts, ...(await this.#count(ofResets))];
    if (ofResets) result = await db.limits.reserve([ofResets, ofAll]);
    if ("attempts" in result) return result.attempts;
    if (mail.token !== undefined) await db.mailedTokens.revoke(mail.token);
    await this.#postpone(waiting, result.reachedUntil);
    return null;
  }

  async #resetCap(address: string): Promise<Limit> {
    const user = await findUserByEmail(this.#context, address);
    return resetLimit(this.#context.settings, address, user !== null && user.emailVerifiedAt !== null);
  }

  /** Counts a reset within the day's cap too: the next one beyond it is sent an hour after. */
  async #count(cap: Limit | null): Promise<readonly CountedAttempt[]> {
    const result = cap ? await this.#context.db.limits.reserve([cap]) : { attempts: [] };
    return "attempts" in result ? result.attempts : [];
  }

  async #postpone(waiting: ClaimedMail, until: number): Promise<void> {
    const { db, log, clock, metrics, settings } = this.#context;
    const { attempts: most, window } = settings.LIMIT_MAIL_ALL;
    if (until > this.#loggedUntil) {
      log.warn({ event: "mail_capped" }, "LIMIT_MAIL_ALL or LIMIT_MAIL_ADDRESS is reached: requested mails wait");
      this.#loggedUntil = Math.max(until, clock() + window);
    }
    metrics.countMail("postponed");
    const isOfAll = until <= clock() + window;
    const turn = isOfAll ? Math.floor((await db.outbox.countPostponed()) / most) : 0;
    const at = until + turn * window;
    if (at <= waiting.createdAt + maxWait) return db.outbox.postpone(waiting, at);
    // A day's mails wait already: the newest of the network that requested most of them is dropped.
    const place = isOfAll ? await db.outbox.findNewestOfBusiestNetwork(waiting.network ?? "") : null;
    const reason = "LIMIT_MAIL_ALL or LIMIT_MAIL_ADDRESS was reached for a day";
    await db.failedMails.add(place ?? waiting, { reason });
    if (place) await db.outbox.postpone(waiting, place.nextAttemptAt);
    log.warn(
      { event: "mail_failed", mail: (place ?? waiting).id, kind: waiting.kind, reason },
      "dropped a requested mail",
    );
    metrics.countMail("failed");
  }
}
