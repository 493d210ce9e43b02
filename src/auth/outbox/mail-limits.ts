import type { ClaimedMail, CountedAttempt, Limit } from "../../db/db.ts";
import type { Mail } from "../../mail/mailer.ts";
import { day } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { getMailLimits, getResetLimit } from "../limits/mail-limits.ts";
import { findUserByEmail } from "../users.ts";

/** How long a requested email may be postponed, in milliseconds from its request. */
const maxWait = day;

/**
 * Limits the emails that anyone can request, by address per day and in total per hour. An email over a limit waits in
 * the outbox, so that no response depends on the limit. Over the limit of an address, one reset email an hour is still
 * sent. Notices, emails by operators and resets from known devices do not count.
 */
export class MailLimits {
  readonly #context: Context;
  #loggedUntil = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Counts an email that is about to be sent.
   *
   * @returns the attempts to refund if it cannot be sent; null if it must not be sent now, and has been postponed or
   * dropped
   */
  async reserve(waiting: ClaimedMail, mail: Mail): Promise<readonly CountedAttempt[] | null> {
    const { db, settings } = this.#context;
    if (waiting.network === null || settings.RATE_LIMIT === "off") return [];
    const [addressLimit, globalLimit] = getMailLimits(settings, mail.to);
    const resetMailLimit = waiting.kind === "reset" ? await this.#getResetLimit(mail.to) : null;
    let result = await db.limits.reserve([addressLimit, globalLimit]);
    if ("attempts" in result) return [...result.attempts, ...(await this.#count(resetMailLimit))];
    if (resetMailLimit) result = await db.limits.reserve([resetMailLimit, globalLimit]);
    if ("attempts" in result) return result.attempts;
    if (mail.token !== undefined) await db.mailedTokens.revoke(mail.token);
    await this.#postpone(waiting, result.reachedUntil);
    return null;
  }

  async #getResetLimit(address: string): Promise<Limit> {
    const user = await findUserByEmail(this.#context, address);
    return getResetLimit(this.#context.settings, address, user !== null && user.emailVerifiedAt !== null);
  }

  /** Counts a reset in its hourly limit even if the limit of the address is not reached. */
  async #count(limit: Limit | null): Promise<readonly CountedAttempt[]> {
    const result = limit ? await this.#context.db.limits.reserve([limit]) : { attempts: [] };
    return "attempts" in result ? result.attempts : [];
  }

  async #postpone(waiting: ClaimedMail, until: number): Promise<void> {
    const { db, log, clock, metrics, settings } = this.#context;
    const { attempts: maxMails, window } = settings.LIMIT_MAIL_ALL;
    if (until > this.#loggedUntil) {
      log.warn({ event: "mail_capped" }, "LIMIT_MAIL_ALL or LIMIT_MAIL_ADDRESS is reached: requested emails wait");
      this.#loggedUntil = Math.max(until, clock() + window);
    }
    metrics.countMail("postponed");
    const isGlobalLimit = until <= clock() + window;
    const windowsToWait = isGlobalLimit ? Math.floor((await db.outbox.countPostponed()) / maxMails) : 0;
    const at = until + windowsToWait * window;
    if (at <= waiting.createdAt + maxWait) return db.outbox.postpone(waiting, at);
    // As many emails wait as can be sent in a day. Drop the newest one of the network that requested the most.
    const dropped = isGlobalLimit ? await db.outbox.findNewestOfBusiestNetwork(waiting.network ?? "") : null;
    const reason = "LIMIT_MAIL_ALL or LIMIT_MAIL_ADDRESS was reached for a day";
    await db.failedMails.add(dropped ?? waiting, { reason });
    if (dropped) await db.outbox.postpone(waiting, dropped.nextAttemptAt);
    log.warn(
      { event: "mail_failed", mail: (dropped ?? waiting).id, kind: waiting.kind, reason },
      "dropped a requested email",
    );
    metrics.countMail("failed");
  }
}
