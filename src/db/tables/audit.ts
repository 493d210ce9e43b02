import { sql } from "kysely";
import { emailKey } from "../../values/email.ts";
import { jsonTable } from "../lists.ts";
import { skipLockedRows } from "../locks.ts";
import { runInTransaction, type Store } from "../store.ts";

/** An event in the audit trail. */
export interface EventFields {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: string;
  readonly userId: number | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The reason for the event, or the operator who caused it. */
  readonly detail: string | null;
}

/** An event to store. If it has no user, it is attributed to the account with the address `email`. The address is not stored. */
export type NewEvent = EventFields & { readonly email?: string | undefined };

/** A stored event. Ids ascend in the order in which events were stored. */
export type StoredEvent = EventFields & { readonly id: number };

/** Stores events. An event of a deleted user is stored without user, IP address and user agent. */
export async function add(store: Store, events: readonly NewEvent[]): Promise<void> {
  await insert(store, events).execute();
}

function insert({ db, engine }: Store, events: readonly NewEvent[]) {
  const rows = events.map(({ at, event, userId, email, ip, userAgent, detail }, position) => ({
    at,
    event,
    user_id: userId,
    position,
    email: userId !== null || email === undefined ? null : emailKey(email),
    ip,
    user_agent: userAgent,
    detail,
  }));
  const [text, number] = ["text", "bigint"] as const;
  const columns = {
    position: number,
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
        .select(unlessUserDeleted("ip"))
        .select(unlessUserDeleted("user_agent"))
        .select("list.detail")
        .orderBy("list.position"),
    );
}

/** Selects a column of an event, or null if the user of the event was deleted. */
function unlessUserDeleted(column: "ip" | "user_agent") {
  return sql<
    string | null
  >`case when list.user_id is null or named.id is not null then ${sql.ref(`list.${column}`)} end`.as(column);
}

/** An event whose detail may be updated later. */
export interface MergedEvent {
  /** Undefined if the event has not been stored yet. */
  readonly id: number | undefined;
  readonly event: NewEvent;
}

/** Updates the details of stored events, and stores events that are new or no longer exist; returns the ids of all events. */
export function addOrUpdate(store: Store, entries: readonly MergedEvent[]): Promise<number[]> {
  return runInTransaction(store, async (transaction) => {
    const existing = await setDetails(transaction, entries);
    const isNew = ({ id }: MergedEvent) => id === undefined || !existing.has(id);
    const events = entries.filter(isNew).map(({ event }) => event);
    const rows = events.length > 0 ? await insert(transaction, events).returning("id").execute() : [];
    // The database may return the rows in any order, but assigns ids in the order of the list.
    const ids = rows.map(({ id }) => id).toSorted((a, b) => a - b);
    return entries.map((entry) => (isNew(entry) ? (ids.shift() as number) : (entry.id as number)));
  });
}

/** Updates details; returns the ids of the events that exist. */
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

/**
 * Removes user, IP address and user agent from all events of a user, or from at most `limit` of them; returns the number of
 * changed events.
 */
export async function anonymizeEvents({ db }: Store, userId: number, limit?: number): Promise<number> {
  const selected = db.selectFrom("events").select("id").where("user_id", "=", userId);
  const { numUpdatedRows } = await db
    .updateTable("events")
    .set({ user_id: null, ip: null, user_agent: null })
    .where("id", "in", limit === undefined ? selected : selected.limit(limit))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/**
 * Returns events with ids between `after` and `before`, oldest first. If there are more than `limit`, returns the oldest of them,
 * or the newest if `newest` is set.
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

/** Selects events of the audit trail. */
export interface EventQuery {
  readonly after?: number;
  readonly before?: number | undefined;
  readonly limit: number;
  readonly userId?: number;
  readonly newest?: boolean;
}

/** Deletes at most `limit` events that are older than `before`; returns the number deleted. */
export async function sweep(store: Store, before: number, limit: number): Promise<number> {
  const { db } = store;
  const old = skipLockedRows(
    store,
    db.selectFrom("events").select("id").where("at", "<", before).orderBy("at").limit(limit),
  );
  const { numDeletedRows } = await db.deleteFrom("events").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
