import { clockTolerance } from "../../values/clock-tolerance.ts";
import { day } from "../../values/durations.ts";
import { emailKey } from "../../values/email.ts";
import { isIn } from "../lists.ts";
import type { Store } from "../store.ts";
import { kinds, mailColumns, type OutboxKind, type OutboxMail } from "./outbox.ts";

interface RequestedMail extends OutboxMail {
  /** The network that requested the email, if anyone can request such an email; otherwise null. */
  readonly network: string | null;
}

/** An email that is claimed for sending. */
export interface ClaimedMail extends RequestedMail {
  /** The domain of the recipient; empty if an older node queued the email. */
  readonly domain: string;
}

/** The maximum time until the next attempt, in milliseconds. */
const maxWait = day;

/** The maximum number of consecutive batches from which no email is claimed. */
const maxBatches = 100;

/** The kinds of which only the newest email to an address is sent, because its link replaces the links of earlier ones. */
const replaceableKinds: readonly OutboxKind[] = ["verification", "invitation", "reset"];

/** Restricts which due emails are claimed. */
export interface ClaimFilter {
  /**
   * `own` selects notices, emails sent by an operator, and resets requested from a known device. `requested` selects emails that
   * anyone can request.
   */
  readonly source?: "own" | "requested";
  /** Returns how many more emails may be sent to a domain now; unlimited by default. */
  readonly capacityOf?: (domain: string, kind: OutboxKind) => number;
  /** The maximum number of registration emails among the claimed emails. */
  readonly maxRegistrations?: number;
  /** The domains without capacity, and the domains without capacity for registrations. */
  readonly fullDomains?: { readonly all: readonly string[]; readonly registrations: readonly string[] };
}

/**
 * Claims at most `limit` due emails for this node. Each is due again after `backOff(attempts)` milliseconds unless it is removed,
 * so no email is lost if the node crashes. Emails of kinds that this version does not know are left to newer nodes.
 *
 * Deletes emails that a newer one replaces. The newer one is sent no sooner than `backOff(1)` milliseconds after the last attempt
 * to send any of them, however often it is requested.
 */
export async function claim(
  store: Store,
  limit: number,
  backOff: (attempts: number) => number,
  filter: ClaimFilter = {},
): Promise<ClaimedMail[]> {
  for (let batches = 0; batches < maxBatches; batches++) {
    const { claimed, dueCount } = await claimBatch(store, limit, backOff, filter);
    // All emails of the batch may have been replaced although more emails are due.
    if (claimed.length > 0 || dueCount < limit) return claimed;
  }
  return [];
}

async function claimBatch(
  store: Store,
  limit: number,
  backOff: (attempts: number) => number,
  {
    source,
    capacityOf = () => limit,
    maxRegistrations = limit,
    fullDomains = { all: [], registrations: [] },
  }: ClaimFilter,
) {
  const { db, engine, clock } = store;
  const now = clock();
  // No email waits longer than this: a later time was stored by a wrong clock.
  const latest = now + maxWait + clockTolerance;
  const due = await db
    .selectFrom("outbox")
    .select([...mailColumns, "domain", "network", "outbox.email as key"])
    .where((mail) => mail.or([mail("next_try_at", "<=", now), mail("next_try_at", ">", latest)]))
    .where("kind", "in", kinds)
    .$if(source !== undefined, (query) => query.where("network", source === "own" ? "is" : "is not", null))
    .$if(maxRegistrations === 0, (query) => query.where("kind", "!=", "registration"))
    .$if(fullDomains.all.length > 0, (query) =>
      query.where((row) => row.or([row("domain", "is", null), row.not(isIn(engine, "domain", fullDomains.all))])),
    )
    .$if(fullDomains.registrations.length > 0, (query) =>
      query.where((row) =>
        row.or([
          row("kind", "!=", "registration"),
          row("domain", "is", null),
          row.not(isIn(engine, "domain", fullDomains.registrations)),
        ]),
      ),
    )
    .orderBy("next_try_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  const claimed: ClaimedMail[] = [];
  const registrationCount = () => claimed.filter(({ kind }) => kind === "registration").length;
  const countForDomain = (domain: string) => claimed.filter((mail) => mail.domain === domain).length;
  for (const { key, domain, ...found } of due as (RequestedMail & { domain: string | null; key: string | null })[]) {
    if (countForDomain(domain ?? "") >= capacityOf(domain ?? "", found.kind)) continue;
    if (found.kind === "registration" && registrationCount() >= maxRegistrations) continue;
    const isReplacing = replaceableKinds.includes(found.kind) && key !== null;
    const mail = isReplacing ? await replaceWithNewest(store, found.kind, key, backOff) : found;
    if (!mail || (mail.nextAttemptAt > now && mail.nextAttemptAt <= latest)) continue;
    if (claimed.some(({ id }) => id === mail.id)) continue;
    const attempts = mail.attempts + 1;
    const nextAttemptAt = now + backOff(attempts);
    const createdAt = Math.min(mail.createdAt, now);
    const { numUpdatedRows } = await db
      .updateTable("outbox")
      .set({ tries: attempts, next_try_at: nextAttemptAt, created_at: createdAt })
      .where("id", "=", mail.id)
      .where("tries", "=", mail.attempts)
      .where("next_try_at", "=", mail.nextAttemptAt)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) claimed.push({ ...mail, domain: domain ?? "", attempts, nextAttemptAt, createdAt });
  }
  return { claimed, dueCount: due.length };
}

/**
 * Deletes all emails of a kind to an address except the newest; returns it, or undefined if it no longer exists or has changed.
 */
async function replaceWithNewest(
  store: Store,
  kind: OutboxKind,
  key: string,
  backOff: (attempts: number) => number,
): Promise<RequestedMail | undefined> {
  const { db, engine, clock } = store;
  const all = (await db
    .selectFrom("outbox")
    .select([...mailColumns, "network"])
    .where("outbox.email", "=", key)
    .where("kind", "=", kind)
    .orderBy("id", "desc")
    .execute()) as RequestedMail[];
  const [newest, ...older] = all;
  if (!newest || older.length === 0) return newest;
  // An email that is being sent counts as attempted, because it may succeed.
  const attempted = all.filter((mail) => mail.attempts > 0);
  const lastAttempt = Math.max(...attempted.map((mail) => mail.nextAttemptAt - backOff(mail.attempts)));
  const attempts = Math.min(1, attempted.length);
  const nextAttemptAt =
    attempts === 0 ? newest.nextAttemptAt : Math.max(clock(), Math.min(lastAttempt, clock()) + backOff(1));
  // If one of the emails is the user's own request, the requests of other callers must not delay it.
  const network = all.some((mail) => mail.network === null) ? null : newest.network;
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({ tries: attempts, next_try_at: nextAttemptAt, network })
    .where("id", "=", newest.id)
    .where("tries", "=", newest.attempts)
    .where("next_try_at", "=", newest.nextAttemptAt)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return undefined;
  const ids = older.map((mail) => mail.id);
  await db
    .deleteFrom("outbox")
    .where(isIn(engine, "id", ids))
    .execute();
  return { ...newest, attempts, nextAttemptAt, network };
}

/**
 * Deletes an accepted email. If its kind is replaceable, also deletes the other emails of that kind to its address, because it
 * fulfills their requests.
 */
export async function removeWithDuplicates({ db }: Store, { id, kind, email }: OutboxMail): Promise<void> {
  await db.deleteFrom("outbox").where("id", "=", id).execute();
  if (!replaceableKinds.includes(kind) || email === null) return;
  await db.deleteFrom("outbox").where("email", "=", emailKey(email)).where("kind", "=", kind).execute();
}

/**
 * Deletes an email that was sent. If events were merged into it after it was claimed, keeps it to report them in `wait`
 * milliseconds.
 */
export async function removeSent({ db, clock }: Store, { id, eventCount }: OutboxMail, wait: number): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom("outbox")
    .where("id", "=", id)
    .where("times", "<=", eventCount)
    .executeTakeFirst();
  if (numDeletedRows > 0n) return;
  await db
    .updateTable("outbox")
    .set((row) => ({ times: row("times", "-", eventCount), tries: 0, next_try_at: clock() + wait }))
    .where("id", "=", id)
    .execute();
}

/** Postpones a claimed email until a given time, without counting the attempt. */
export async function postpone(
  { db }: Store,
  { id, attempts, nextAttemptAt }: OutboxMail,
  until: number,
): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ tries: attempts - 1, next_try_at: until })
    .where("id", "=", id)
    .where("tries", "=", attempts)
    .where("next_try_at", "=", nextAttemptAt)
    .execute();
}

/** Counts the emails that anyone can request, that were never attempted, and that are not due yet. */
export async function countPostponed({ db, clock }: Store): Promise<number> {
  const { count } = await db
    .selectFrom("outbox")
    .select((row) => row.fn.countAll().as("count"))
    .where("network", "is not", null)
    .where("next_try_at", ">", clock())
    .where("tries", "=", 0)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * Finds the network with the most postponed emails, and returns the newest of these emails. Returns null if that network has at
 * most one email more than `network`.
 */
export async function findNewestOfBusiestNetwork({ db, clock }: Store, network: string) {
  const waiting = db
    .selectFrom("outbox")
    .where("network", "is not", null)
    .where("next_try_at", ">", clock())
    .where("tries", "=", 0);
  const counts = await waiting
    .select(["network", (row) => row.fn.countAll().as("count")])
    .groupBy("network")
    .orderBy("count", "desc")
    .orderBy("network")
    .execute();
  const [busiest] = counts;
  const own = counts.find((row) => row.network === network)?.count ?? 0;
  if (!busiest || Number(busiest.count) <= Number(own) + 1) return null;
  const newest = await waiting
    .select(["id", "next_try_at as nextAttemptAt"])
    .where("network", "=", busiest.network)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest ?? null;
}
