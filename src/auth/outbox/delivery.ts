import type { ClaimedMail } from "../../db/db.ts";
import type { Mail, MailFault } from "../../mail/mailer.ts";
import { minute } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { MailLimits } from "./mail-limits.ts";
import { writeMail } from "./write-mail.ts";

/** How long an email is retried, in milliseconds. */
export const mailLifetime = 24 * 60 * minute;
/** How long changes wait for the next notice if they were added to a notice while it was being sent, in milliseconds. */
const noticeInterval = 60 * minute;

/** How long sending an email may take before it counts as slow and frees its slot for another, in milliseconds. */
const slowAfter = 3000;
/** How many emails may be sent at the same time: at most `all`, of which at most `quick` are not slow. */
interface Slots {
  readonly all: number;
  readonly quick: number;
}

const slots: Slots = { all: 40, quick: 10 };
const slotsPerDomain: Slots = { all: 12, quick: 4 };

type Priority = "own" | "requested" | "registration";

/** The share of the slots that a priority may use, together with the priorities after it. Highest priority first. */
const shares: Readonly<Record<Priority, number>> = { own: 1, requested: 0.75, registration: 0.5 };
const priorities = Object.keys(shares) as Priority[];

/** Returns two minutes, which is longer than sending takes, doubled with each further attempt, up to an hour. */
function getRetryDelay(attempts: number): number {
  return Math.min(minute * 2 ** attempts, 60 * minute);
}

/** An email that is being sent. */
interface MailInProgress {
  readonly priority: Priority;
  readonly domain: string;
  isSlow: boolean;
}

/**
 * Sends the emails that are due. Resolves to the number of sent emails when the call has finished all of its emails.
 * Call it every second or so on every node, also while an earlier call is still running: each email is sent by one call
 * only.
 *
 * @param signal once aborted, no further email is started
 */
export function deliver(delivery: Delivery, signal?: AbortSignal): Promise<number> {
  return delivery.deliver(signal);
}

/**
 * Sends the emails that are due. A slow mail server delays only its own emails: slots are limited in total, by domain,
 * and for emails that anyone can request. A slow email frees its quick slot.
 */
export class Delivery {
  readonly #context: Context;
  readonly #limits: MailLimits;
  readonly #sending = new Set<MailInProgress>();
  #claiming: Promise<unknown> | undefined;
  #next: Promise<unknown> | undefined;
  /** Resolves when there may be room for another email. */
  #change = Promise.withResolvers<void>();

  constructor(context: Context) {
    this.#context = context;
    this.#limits = new MailLimits(context);
  }

  async deliver(signal?: AbortSignal): Promise<number> {
    if (!this.#context.mailer) return 0;
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    signal?.addEventListener("abort", stop, { once: true });
    const ownMails = new Set<Promise<void>>();
    let sent = 0;
    let failure: { error: unknown } | undefined;
    try {
      while (!signal?.aborted) {
        const changed = this.#change.promise;
        const started = await this.#startSending().catch((error: unknown) => {
          if (ownMails.size === 0) throw error;
          // This call must wait for its emails. The next call throws the error if it persists.
          return undefined;
        });
        if (started === undefined) break;
        for (const sending of started) {
          const ended = sending
            .then(
              (wasSent) => {
                if (wasSent) sent++;
              },
              (error: unknown) => {
                failure ??= { error };
              },
            )
            .finally(() => ownMails.delete(ended));
          ownMails.add(ended);
        }
        // The claim did not see slots that were freed in the meantime.
        if (started.length > 0 || changed !== this.#change.promise) continue;
        if (ownMails.size === 0) break;
        await Promise.race([changed, stopped.promise]);
      }
      await Promise.all(ownMails);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    if (failure) throw failure.error;
    return sent;
  }

  /**
   * Starts to send emails that are due and have room. Only one call claims at a time; waiting calls share the next
   * claim.
   */
  async #startSending(): Promise<Promise<boolean>[]> {
    if (this.#next) {
      await this.#next;
      return [];
    }
    if (this.#claiming) {
      this.#next = this.#claiming.catch(() => {});
      await this.#next;
      this.#next = undefined;
    }
    const claiming = this.#claim();
    this.#claiming = claiming;
    try {
      return await claiming;
    } finally {
      if (this.#claiming === claiming) this.#claiming = undefined;
    }
  }

  async #claim(): Promise<Promise<boolean>[]> {
    const { db } = this.#context;
    const started: Promise<boolean>[] = [];
    for (const priority of ["own", "requested"] as const) {
      const all = [...this.#sending];
      const room = countRoom(slots, priority, all);
      if (room === 0) continue;
      // A registration without a network was queued by a node of an older version, and counts as `own`.
      const registration = priority === "own" ? "own" : "registration";
      const roomFor = (domain: string, priority: Priority) =>
        countRoom(
          slotsPerDomain,
          priority,
          all.filter((sending) => sending.domain === domain),
        );
      const domains = [...new Set(all.map(({ domain }) => domain))];
      const claiming = db.outbox.claim(room, getRetryDelay, {
        source: priority,
        maxRegistrations: countRoom(slots, registration, all),
        capacityOf: (domain, kind) => roomFor(domain, kind === "registration" ? registration : priority),
        fullDomains: {
          all: domains.filter((domain) => roomFor(domain, priority) === 0),
          registrations: domains.filter((domain) => roomFor(domain, registration) === 0),
        },
      });
      const claimed = await claiming.catch((error: unknown) => {
        if (started.length === 0) throw error;
        return [];
      });
      started.push(...claimed.map((mail) => this.#send(mail)));
    }
    return started;
  }

  async #send(mail: ClaimedMail): Promise<boolean> {
    const sending: MailInProgress = { priority: getPriority(mail), domain: mail.domain, isSlow: false };
    this.#sending.add(sending);
    const timer = setTimeout(() => {
      sending.isSlow = true;
      this.#makeRoom();
    }, slowAfter);
    timer.unref();
    try {
      return await sendMail(this.#context, this.#limits, mail);
    } finally {
      clearTimeout(timer);
      this.#sending.delete(sending);
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

function getPriority({ network, kind }: ClaimedMail): Priority {
  if (network === null) return "own";
  return kind === "registration" ? kind : "requested";
}

/** Returns how many more emails of a priority may be sent in addition to these. */
function countRoom({ all, quick }: Slots, priority: Priority, sending: readonly MailInProgress[]): number {
  const sharingPriorities = priorities.slice(priorities.indexOf(priority));
  const remaining = (max: number, group: readonly MailInProgress[]) => {
    const sharing = group.filter((each) => sharingPriorities.includes(each.priority));
    return Math.min(max - group.length, Math.floor(max * shares[priority]) - sharing.length);
  };
  const notSlow = sending.filter(({ isSlow }) => !isSlow);
  return Math.max(0, Math.min(remaining(all, sending), remaining(quick, notSlow)));
}

/** Sends one email. Returns false if it was not sent. */
async function sendMail(context: Context, limits: MailLimits, waiting: ClaimedMail): Promise<boolean> {
  const { db, mailer, log, metrics, tracing } = context;
  const mail = await writeMail(context, waiting);
  const attempts = mail ? await limits.reserve(waiting, mail) : [];
  if (attempts === null) return false;
  try {
    if (mail) await tracing.span("send mail", async () => mailer?.send(mail));
  } catch (error) {
    await handleFailure(context, waiting, mail, error);
    if (!isPermanent(error)) await db.limits.refund(attempts);
    return false;
  }
  const isValidLink = mail?.token !== undefined && (await db.mailedTokens.markAccepted(mail.token));
  // If the link was invalidated while its email was sent, later requests for the same email stay queued.
  await (isValidLink ? db.outbox.removeWithDuplicates(waiting) : db.outbox.removeSent(waiting, noticeInterval));
  if (!mail) return false;
  metrics.countMail("sent");
  log.info({ event: "mail_sent", mail: waiting.id, kind: mail.kind }, "email sent");
  return true;
}

function getFault(error: unknown): MailFault | undefined {
  return (error as { fault?: MailFault } | null)?.fault;
}

function isPermanent(error: unknown): boolean {
  return getFault(error) === "mail";
}

async function handleFailure(
  { db, log, clock, metrics }: Context,
  { id, kind, attempts: tries, createdAt }: ClaimedMail,
  mail: Mail | null,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : undefined;
  const fields = { mail: id, kind, tries, reason };
  if (isPermanent(error)) {
    log.warn({ event: "mail_failed", ...fields }, "the mail server rejected an email permanently; it is not retried");
    metrics.countMail("failed");
    return db.failedMails.add({ id }, { reason, token: mail?.token });
  }
  if (clock() - createdAt >= mailLifetime) {
    log.error({ event: "mail_given_up", ...fields }, "could not send an email for a day; giving up");
    metrics.countMail("failed");
    // Its token stays valid: the server may have accepted the email, although its response was lost.
    return db.failedMails.add({ id }, { reason });
  }
  metrics.countMail("delayed");
  // Its token stays valid, and so does the previous one, for the same reason.
  if (getFault(error) === "settings") {
    log.error(
      { event: "mail_delayed", ...fields },
      "the mail server rejects this service; check SMTP_URL and MAIL_FROM",
    );
  } else {
    log.warn({ event: "mail_delayed", ...fields }, "could not send an email; retrying later");
  }
}
