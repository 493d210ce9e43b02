import { clockTolerance } from "../../values/clock-tolerance.ts";
import { day } from "../../values/durations.ts";
import { emailKey } from "../../values/email.ts";
import { isIn } from "../lists.ts";
import type { Store } from "../store.ts";
import { kinds, mailColumns, type OutboxKind, type OutboxMail } from "./outbox.ts";

interface RequestedMail extends OutboxMail {
  /** The network that requested it, if anybody can; else null. */
  readonly network: string | null;
}

/** A mail that is to be sent now. */
export interface ClaimedMail extends RequestedMail {
  /** The domain of its recipient; empty if an older node queued it. */
  readonly domain: string;
}

/** How long a mail may wait for its next try, in milliseconds. */
const longestWait = day;

/** How many batches are read in a row if each contains only replaced mails. */
const mostLooks = 100;

/** Kinds of which a newer mail to the same address replaces the earlier ones: its link replaces theirs. */
const replacing: readonly OutboxKind[] = ["verification", "invitation", "reset"];

/** Which of the mails that are due may be claimed. */
export interface ClaimFilter {
  /**
   * `own` are notices, mails that an operator sends, and resets requested from a known device; `requested` are those that anybody
   * can request.
   */
  readonly order?: "own" | "requested";
  /** How many more may be sent to a domain now, if not as many as are claimed. */
  readonly room?: (domain: string, kind: OutboxKind) => number;
  /** How many of them may be registrations. */
  readonly registrations?: number;
  /** Domains that have no room, or none for registrations. */
  readonly full?: { readonly all: readonly string[]; readonly registrations: readonly string[] };
}

/**
 * Claims at most `limit` mails that are due. Each is due again after `backOff(tries)` milliseconds, unless it was removed by
 * then: only one of several nodes gets it, and a node that crashes loses nothing. Kinds that only a newer version knows are
 * left to newer nodes.
 *
 * A mail that a newer one replaces is dropped. The newer one inherits the last try of those: it is sent `backOff(1)` after
 * that, however often it is requested.
 */
export async function claim(
  store: Store,
  limit: number,
  backOff: (tries: number) => number,
  which: ClaimFilter = {},
): Promise<ClaimedMail[]> {
  for (let looks = 0; looks < mostLooks; looks++) {
    const { claimed, seen } = await claimSome(store, limit, backOff, which);
    // If all of them were replaced, more may be due after them.
    if (claimed.length > 0 || seen < limit) return claimed;
  }
  return [];
}

async function claimSome(
  store: Store,
  limit: number,
  backOff: (tries: number) => number,
  { order, room = () => limit, registrations = limit, full = { all: [], registrations: [] } }: ClaimFilter,
) {
  const { db, engine, clock } = store;
  const now = clock();
  // Nothing waits longer than a mail that is over a cap: a later time was written while a clock was wrong.
  const latest = now + longestWait + clockTolerance;
  const due = await db
    .selectFrom("outbox")
    .select([...mailColumns, "domain", "network", "outbox.email as key"])
    .where((mail) => mail.or([mail("next_try_at", "<=", now), mail("next_try_at", ">", latest)]))
    .where("kind", "in", kinds)
    .$if(order !== undefined, (query) => query.where("network", order === "own" ? "is" : "is not", null))
    .$if(registrations === 0, (query) => query.where("kind", "!=", "registration"))
    .$if(full.all.length > 0, (query) =>
      query.where((row) => row.or([row("domain", "is", null), row.not(isIn(engine, "domain", full.all))])),
    )
    .$if(full.registrations.length > 0, (query) =>
      query.where((row) =>
        row.or([
          row("kind", "!=", "registration"),
          row("domain", "is", null),
          row.not(isIn(engine, "domain", full.registrations)),
        ]),
      ),
    )
    .orderBy("next_try_at")
    .orderBy("id")
    .limit(limit)
    .execute();
  const claimed: ClaimedMail[] = [];
  const registered = () => claimed.filter(({ kind }) => kind === "registration").length;
  const toDomain = (domain: string) => claimed.filter((mail) => mail.domain === domain).length;
  for (const { key, domain, ...found } of due as (RequestedMail & { domain: string | null; key: string | null })[]) {
    if (toDomain(domain ?? "") >= room(domain ?? "", found.kind)) continue;
    if (found.kind === "registration" && registered() >= registrations) continue;
    const isReplacing = replacing.includes(found.kind) && key !== null;
    const mail = isReplacing ? await newestOf(store, found.kind, key, backOff) : found;
    if (!mail || (mail.nextAttemptAt > now && mail.nextAttemptAt <= latest)) continue;
    if (claimed.some(({ id }) => id === mail.id)) continue;
    const tries = mail.attempts + 1;
    const nextTryAt = now + backOff(tries);
    const createdAt = Math.min(mail.createdAt, now);
    const { numUpdatedRows } = await db
      .updateTable("outbox")
      .set({ tries, next_try_at: nextTryAt, created_at: createdAt })
      .where("id", "=", mail.id)
      .where("tries", "=", mail.attempts)
      .where("next_try_at", "=", mail.nextAttemptAt)
      .executeTakeFirst();
    if (numUpdatedRows > 0n)
      claimed.push({ ...mail, domain: domain ?? "", attempts: tries, nextAttemptAt: nextTryAt, createdAt });
  }
  return { claimed, seen: due.length };
}

/** The newest mail of a kind to an address, after dropping the others; undefined if there is none any more. */
async function newestOf(
  store: Store,
  kind: OutboxKind,
  key: string,
  backOff: (tries: number) => number,
): Promise<RequestedMail | undefined> {
  const { db, engine, clock } = store;
  const all = (await db
    .selectFrom("outbox")
    .select([...mailColumns, "network"])
    .where("outbox.email", "=", key)
    .where("kind", "=", kind)
    .orderBy("id", "desc")
    .execute()) as RequestedMail[];
  const [newest, ...former] = all;
  if (!newest || former.length === 0) return newest;
  // A mail that is being sent counts as tried: that attempt may succeed.
  const tried = all.filter((mail) => mail.attempts > 0);
  const lastTry = Math.max(...tried.map((mail) => mail.nextAttemptAt - backOff(mail.attempts)));
  const tries = Math.min(1, tried.length);
  const nextTryAt = tries === 0 ? newest.nextAttemptAt : Math.max(clock(), Math.min(lastTry, clock()) + backOff(1));
  // The owner's own request is not delayed by what strangers request after it.
  const network = all.some((mail) => mail.network === null) ? null : newest.network;
  const { numUpdatedRows } = await db
    .updateTable("outbox")
    .set({ tries, next_try_at: nextTryAt, network })
    .where("id", "=", newest.id)
    .where("tries", "=", newest.attempts)
    .where("next_try_at", "=", newest.nextAttemptAt)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return undefined;
  const ids = former.map((mail) => mail.id);
  await db
    .deleteFrom("outbox")
    .where(isIn(engine, "id", ids))
    .execute();
  return { ...newest, attempts: tries, nextAttemptAt: nextTryAt, network };
}

/**
 * Removes an accepted mail, together with those of its kind to the same address that were requested until then: it has answered
 * them.
 */
export async function removeWithDuplicates({ db }: Store, { id, kind, email }: OutboxMail): Promise<void> {
  await db.deleteFrom("outbox").where("id", "=", id).execute();
  if (!replacing.includes(kind) || email === null) return;
  await db.deleteFrom("outbox").where("email", "=", emailKey(email)).where("kind", "=", kind).execute();
}

/**
 * Removes a mail that was sent. If further events were merged into it meanwhile, those are left, to be reported `wait`
 * milliseconds from now.
 */
export async function removeSent(
  { db, clock }: Store,
  { id, eventCount: times }: OutboxMail,
  wait: number,
): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom("outbox")
    .where("id", "=", id)
    .where("times", "<=", times)
    .executeTakeFirst();
  if (numDeletedRows > 0n) return;
  await db
    .updateTable("outbox")
    .set((row) => ({ times: row("times", "-", times), tries: 0, next_try_at: clock() + wait }))
    .where("id", "=", id)
    .execute();
}

/** Has a claimed mail wait until a time, as if it had not been claimed. */
export async function postpone(
  { db }: Store,
  { id, attempts: tries, nextAttemptAt: nextTryAt }: OutboxMail,
  until: number,
): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ tries: tries - 1, next_try_at: until })
    .where("id", "=", id)
    .where("tries", "=", tries)
    .where("next_try_at", "=", nextTryAt)
    .execute();
}

/** How many mails that anybody can request were never tried, and are not due yet. */
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
 * Of the mails that wait and were never tried, the newest of the network that requested most of them; null if that network has
 * at most one more than `network`.
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
    .select(["id", "next_try_at as nextTryAt"])
    .where("network", "=", busiest.network)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return newest ?? null;
}
