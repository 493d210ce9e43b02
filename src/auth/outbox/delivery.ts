import type { ClaimedMail } from "../../db/db.ts";
import type { Mail, MailFault } from "../../mail/mailer.ts";
import { minute } from "../../values/durations.ts";
import type { Context } from "../context.ts";
import { MailLimits } from "./mail-limits.ts";
import { writeMail } from "./write-mail.ts";

/** How long a mail is tried, in milliseconds. */
export const mailLifetime = 24 * 60 * minute;
/** How long events wait that were merged into a notice while it was being sent, in milliseconds. */
const noticeInterval = 60 * minute;

/** After how long a mail that is being sent counts as slow and makes room for another, in milliseconds. */
const slowAfter = 3000;
/** How many mails may be sent at once: `all`, and `quick` of those that are not slow. */
interface Places {
  readonly all: number;
  readonly quick: number;
}

const places: Places = { all: 40, quick: 10 };
const placesOfDomain: Places = { all: 12, quick: 4 };

type Order = "own" | "requested" | "registration";

/** The most important first; and the part of the places that each may use together with those after it. */
const shares: Readonly<Record<Order, number>> = { own: 1, requested: 0.75, registration: 0.5 };
const orders = Object.keys(shares) as Order[];

/** Two minutes, longer than sending takes, then twice as long each time, up to an hour. */
function backOff(tries: number): number {
  return Math.min(minute * 2 ** tries, 60 * minute);
}

/** A mail that is being sent. */
interface Sending {
  readonly order: Order;
  readonly domain: string;
  isSlow: boolean;
}

/**
 * Sends the mails that are due; returns how many were handed over, once all that it began to send have ended. To be called
 * every second or so, on any number of nodes, also while an earlier call waits for a slow mail: each mail is taken by one call.
 *
 * @param stopping once aborted, no further mail is begun
 */
export function deliver(delivery: Delivery, stopping?: AbortSignal): Promise<number> {
  return delivery.deliver(stopping);
}

/**
 * Sends the mails that are due. A slow recipient holds up only its own mail: places are bounded in all, by domain, and for mails
 * that anybody can request, and a mail that takes long leaves its place among the quick ones to another.
 */
export class Delivery {
  readonly #context: Context;
  readonly #caps: MailLimits;
  readonly #sending = new Set<Sending>();
  #claiming: Promise<unknown> | undefined;
  #next: Promise<unknown> | undefined;
  /** Resolved when there may be room for another mail. */
  #change = Promise.withResolvers<void>();

  constructor(context: Context) {
    this.#context = context;
    this.#caps = new MailLimits(context);
  }

  async deliver(stopping?: AbortSignal): Promise<number> {
    if (!this.#context.mailer) return 0;
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    stopping?.addEventListener("abort", stop, { once: true });
    const mine = new Set<Promise<void>>();
    let sent = 0;
    let failure: { error: unknown } | undefined;
    try {
      while (!stopping?.aborted) {
        const changed = this.#change.promise;
        const begun = await this.#begin().catch((error: unknown) => {
          if (mine.size === 0) throw error;
          // This call must wait for its own mails; the next one throws the error if it persists.
          return undefined;
        });
        if (begun === undefined) break;
        for (const sending of begun) {
          const ended = sending
            .then(
              (wasSent) => {
                if (wasSent) sent++;
              },
              (error: unknown) => {
                failure ??= { error };
              },
            )
            .finally(() => mine.delete(ended));
          mine.add(ended);
        }
        // The claim did not see places that became free meanwhile.
        if (begun.length > 0 || changed !== this.#change.promise) continue;
        if (mine.size === 0) break;
        await Promise.race([changed, stopped.promise]);
      }
      await Promise.all(mine);
    } finally {
      stopping?.removeEventListener("abort", stop);
    }
    if (failure) throw failure.error;
    return sent;
  }

  /** Begins to send what is due and has room. One call claims at a time, and calls that wait for it share the next claim. */
  async #begin(): Promise<Promise<boolean>[]> {
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
    const begun: Promise<boolean>[] = [];
    for (const order of ["own", "requested"] as const) {
      const all = [...this.#sending];
      const room = roomIn(places, order, all);
      if (room === 0) continue;
      // A registration without a network was queued by an older node, and counts as `own`.
      const registration = order === "own" ? "own" : "registration";
      const roomFor = (domain: string, of: Order) =>
        roomIn(
          placesOfDomain,
          of,
          all.filter((sending) => sending.domain === domain),
        );
      const domains = [...new Set(all.map(({ domain }) => domain))];
      const claiming = db.outbox.claim(room, backOff, {
        source: order,
        maxRegistrations: roomIn(places, registration, all),
        capacityOf: (domain, kind) => roomFor(domain, kind === "registration" ? registration : order),
        fullDomains: {
          all: domains.filter((domain) => roomFor(domain, order) === 0),
          registrations: domains.filter((domain) => roomFor(domain, registration) === 0),
        },
      });
      const claimed = await claiming.catch((error: unknown) => {
        if (begun.length === 0) throw error;
        return [];
      });
      begun.push(...claimed.map((mail) => this.#send(mail)));
    }
    return begun;
  }

  async #send(mail: ClaimedMail): Promise<boolean> {
    const sending: Sending = { order: orderOf(mail), domain: mail.domain, isSlow: false };
    this.#sending.add(sending);
    const timer = setTimeout(() => {
      sending.isSlow = true;
      this.#makeRoom();
    }, slowAfter);
    timer.unref();
    try {
      return await sendMail(this.#context, this.#caps, mail);
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

function orderOf({ network, kind }: ClaimedMail): Order {
  if (network === null) return "own";
  return kind === "registration" ? kind : "requested";
}

/** How many more mails of an order may be sent beside these. */
function roomIn({ all, quick }: Places, order: Order, sending: readonly Sending[]): number {
  const after = orders.slice(orders.indexOf(order));
  const left = (most: number, these: readonly Sending[]) => {
    const sharing = these.filter((each) => after.includes(each.order));
    return Math.min(most - these.length, Math.floor(most * shares[order]) - sharing.length);
  };
  const notSlow = sending.filter(({ isSlow }) => !isSlow);
  return Math.max(0, Math.min(left(all, sending), left(quick, notSlow)));
}

/** Sends one mail; false if it was not sent. */
async function sendMail(context: Context, caps: MailLimits, waiting: ClaimedMail): Promise<boolean> {
  const { db, mailer, log, metrics, tracing } = context;
  const mail = await writeMail(context, waiting);
  const slots = mail ? await caps.reserve(waiting, mail) : [];
  if (slots === null) return false;
  try {
    if (mail) await tracing.span("send mail", async () => mailer?.send(mail));
  } catch (error) {
    await handleFailure(context, waiting, mail, error);
    if (!isForGood(error)) await db.limits.refund(slots);
    return false;
  }
  const isAnswer = mail?.token !== undefined && (await db.mailedTokens.markAccepted(mail.token));
  // A mail whose link was ended while it was sent answers no request that came after that.
  await (isAnswer ? db.outbox.removeWithDuplicates(waiting) : db.outbox.removeSent(waiting, noticeInterval));
  if (!mail) return false;
  metrics.countMail("sent");
  log.info({ event: "mail_sent", mail: waiting.id, kind: mail.kind }, "mail sent");
  return true;
}

function faultOf(error: unknown): MailFault | undefined {
  return (error as { fault?: MailFault } | null)?.fault;
}

function isForGood(error: unknown): boolean {
  return faultOf(error) === "mail";
}

async function handleFailure(
  { db, log, clock, metrics }: Context,
  { id, kind, attempts: tries, createdAt }: ClaimedMail,
  mail: Mail | null,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : undefined;
  const fields = { mail: id, kind, tries, reason };
  if (isForGood(error)) {
    log.warn({ event: "mail_failed", ...fields }, "the mail server rejected a mail permanently; it is not retried");
    metrics.countMail("failed");
    return db.failedMails.add({ id }, { reason, token: mail?.token });
  }
  if (clock() - createdAt >= mailLifetime) {
    log.error({ event: "mail_given_up", ...fields }, "could not send a mail for a day; giving up");
    metrics.countMail("failed");
    // Its token stays valid: the server may have accepted the mail, and its answer was lost.
    return db.failedMails.add({ id }, { reason });
  }
  metrics.countMail("delayed");
  // Its token stays valid, and so does the previous one, for the same reason.
  if (faultOf(error) === "settings") {
    log.error(
      { event: "mail_delayed", ...fields },
      "the mail server rejects this service; check SMTP_URL and MAIL_FROM",
    );
  } else {
    log.warn({ event: "mail_delayed", ...fields }, "could not send a mail; retrying later");
  }
}
