import { sql } from "kysely";
import { emailKey } from "../../values/email.ts";
import { jsonTable } from "../lists.ts";
import { skipLockedRows } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";

/** One entry of the audit trail. */
export interface EventFields {
  /** Milliseconds since 1970 (UTC). */
  readonly at: number;
  readonly event: string;
  readonly userId: number | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Why, or by whom. */
  readonly detail: string | null;
}

/** An entry to write. One that names no user is of the account that has `email` by now, if there is one: that is not kept. */
export type NewEvent = EventFields & { readonly email?: string | undefined };

/** An entry as it is read: their ids are in the order in which they were written. */
export type StoredEvent = EventFields & { readonly id: number };

/** Writes entries; one of a user who is gone by now names nobody, and no place. */
export async function add(store: Store, events: readonly NewEvent[]): Promise<void> {
  await insert(store, events).execute();
}

function insert({ db, engine }: Store, events: readonly NewEvent[]) {
  const rows = events.map(({ at, event, userId, email, ip, userAgent, detail }, place) => ({
    at,
    event,
    user_id: userId,
    place,
    email: userId !== null || email === undefined ? null : emailKey(email),
    ip,
    user_agent: userAgent,
    detail,
  }));
  const [text, number] = ["text", "bigint"] as const;
  const columns = {
    place: number,
    at: number,
    event: text,
    user_id: number,
    email: text,
    ip: text,
    user_agent: text,
    detail: text,
  };
  const list = jsonTable(engine, columns, rows).as("list");
  return db
    .insertInto("events")
    .columns(["at", "event", "user_id", "ip", "user_agent", "detail"])
    .expression((eb) =>
      eb
        .selectFrom(list)
        .leftJoin("users as named", "named.id", "list.user_id")
        .leftJoin("users as addressed", "addressed.email", "list.email")
        .select(["list.at", "list.event"])
        .select((row) => row.fn.coalesce("named.id", "addressed.id").as("user_id"))
        .select(ifNotGone("ip"))
        .select(ifNotGone("user_agent"))
        .select("list.detail")
        .orderBy("list.place"),
    );
}

/** A column of an entry, unless the user whom it names is gone. */
function ifNotGone(column: "ip" | "user_agent") {
  return sql<
    string | null
  >`case when list.user_id is null or named.id is not null then ${sql.ref(`list.${column}`)} end`.as(column);
}

/** An entry whose detail may be replaced later. */
export interface MergedEvent {
  /** Undefined for one that was not written yet. */
  readonly id: number | undefined;
  readonly event: NewEvent;
}

/** Writes the details of entries, and those that are not there (any more) as new ones; returns their ids. */
export function save(store: Store, entries: readonly MergedEvent[]): Promise<number[]> {
  return runInTransaction(store, async (transaction) => {
    const there = await setDetails(transaction, entries);
    const isNew = ({ id }: MergedEvent) => id === undefined || !there.has(id);
    const events = entries.filter(isNew).map(({ event }) => event);
    const rows = events.length > 0 ? await insert(transaction, events).returning("id").execute() : [];
    // A database may return them in any order; it numbers them in that of the list.
    const ids = rows.map(({ id }) => id).toSorted((a, b) => a - b);
    return entries.map((entry) => (isNew(entry) ? (ids.shift() as number) : (entry.id as number)));
  });
}

/** Returns the ids of those that are there. */
async function setDetails({ db, engine }: Store, entries: readonly MergedEvent[]): Promise<Set<number>> {
  const rows = entries.flatMap(({ id, event: { detail } }) => (id === undefined ? [] : [{ event_id: id, detail }]));
  if (rows.length === 0) return new Set();
  const updated = await db
    .updateTable("events")
    .from(jsonTable(engine, { event_id: "bigint", detail: "text" }, rows).as("list"))
    .set(({ ref }) => ({ detail: ref("list.detail") }))
    .whereRef("events.id", "=", "list.event_id")
    .returning("id")
    .execute();
  return new Set(updated.map(({ id }) => id));
}

/** Makes entries of a user name nobody, and no place: all of them, or at most `limit`; returns how many. */
export async function anonymizeEvents({ db }: Store, userId: number, limit?: number): Promise<number> {
  const some = db.selectFrom("events").select("id").where("user_id", "=", userId);
  const { numUpdatedRows } = await db
    .updateTable("events")
    .set({ user_id: null, ip: null, user_agent: null })
    .where("id", "in", limit === undefined ? some : some.limit(limit))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/**
 * Entries after the one with the id `after` and before the one with the id `before`, oldest first; or with `newest`, the newest
 * of them in that order.
 */
export async function list(
  { db }: Store,
  { after = 0, before, limit, userId, newest = false }: EventQuery,
): Promise<StoredEvent[]> {
  const events = await db
    .selectFrom("events")
    .select(["id", "at", "event", "user_id as userId", "ip", "user_agent as userAgent", "detail"])
    .where("id", ">", after)
    .$if(before !== undefined, (query) => query.where("id", "<", before as number))
    .$if(userId !== undefined, (query) => query.where("user_id", "=", userId as number))
    .orderBy("id", newest ? "desc" : "asc")
    .limit(limit)
    .execute();
  return newest ? events.reverse() : events;
}

/** Which entries of the audit trail are wanted. */
export interface EventQuery {
  readonly after?: number;
  readonly before?: number | undefined;
  readonly limit: number;
  readonly userId?: number;
  readonly newest?: boolean;
}

/** Deletes at most `limit` entries from before a time; returns how many. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(
    store,
    db.selectFrom("events").select("id").where("at", "<", before).orderBy("at").limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("events").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
