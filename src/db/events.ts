import type { Kysely } from "kysely";
import { emailKey } from "../email.ts";
import type { Schema } from "./schema.ts";
import { atomically, type Store } from "./store.ts";

/** One entry of the audit trail. */
export interface Event {
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
export type NewEvent = Event & { readonly email?: string | undefined };

/** An entry as it is read: their ids are in the order in which they were written. */
export type StoredEvent = Event & { readonly id: number };

/** Writes entries; one of a user who is gone by now names nobody, and no place. */
export async function addEvents({ db }: Store, events: readonly NewEvent[]): Promise<void> {
  await insertInto(db, events).execute();
}

function insertInto(db: Kysely<Schema>, events: readonly NewEvent[]) {
  return db.insertInto("events").values((row) =>
    events.map(({ at, event, userId, email, ip, userAgent, detail }) => ({
      at,
      event,
      ...(userId === null
        ? {
            user_id:
              email === undefined ? null : row.selectFrom("users").select("id").where("email", "=", emailKey(email)),
            ip,
            user_agent: userAgent,
          }
        : {
            user_id: row.selectFrom("users").select("id").where("id", "=", userId),
            ip: row.selectFrom("users").select(row.val(ip).as("ip")).where("id", "=", userId),
            user_agent: row.selectFrom("users").select(row.val(userAgent).as("user_agent")).where("id", "=", userId),
          }),
      detail,
    })),
  );
}

/** An entry whose detail may be replaced later. */
export interface MergedEvent {
  /** Undefined for one that was not written yet. */
  readonly id: number | undefined;
  readonly event: NewEvent;
}

/** Writes the details of entries, and those that are not there (any more) as new ones; returns their ids. */
export function putEvents(store: Store, entries: readonly MergedEvent[]): Promise<number[]> {
  return atomically(store, async ({ db }) => {
    const ids: number[] = [];
    for (const { id, event } of entries) {
      const isThere = id !== undefined && (await setDetail(db, id, event.detail));
      ids.push(isThere ? id : (await insertInto(db, [event]).returning("id").executeTakeFirstOrThrow()).id);
    }
    return ids;
  });
}

async function setDetail(db: Kysely<Schema>, id: number, detail: string | null): Promise<boolean> {
  const { numUpdatedRows } = await db.updateTable("events").set({ detail }).where("id", "=", id).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Makes entries of a user name nobody, and no place: all of them, or at most `limit`; returns how many. */
export async function forgetWho({ db }: Store, userId: number, limit?: number): Promise<number> {
  const some = db.selectFrom("events").select("id").where("user_id", "=", userId);
  const { numUpdatedRows } = await db
    .updateTable("events")
    .set({ user_id: null, ip: null, user_agent: null })
    .where("id", "in", limit === undefined ? some : some.limit(limit))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Entries after the one with the id `after`, oldest first; or with `newest`, the newest of them in that order. */
export async function listEvents(
  { db }: Store,
  { after = 0, limit, userId, newest = false }: EventsWanted,
): Promise<StoredEvent[]> {
  const events = await db
    .selectFrom("events")
    .select(["id", "at", "event", "user_id as userId", "ip", "user_agent as userAgent", "detail"])
    .where("id", ">", after)
    .$if(userId !== undefined, (query) => query.where("user_id", "=", userId as number))
    .orderBy("id", newest ? "desc" : "asc")
    .limit(limit)
    .execute();
  return newest ? events.reverse() : events;
}

/** Which entries of the audit trail are wanted. */
export interface EventsWanted {
  readonly after?: number;
  readonly limit: number;
  readonly userId?: number;
  readonly newest?: boolean;
}

/** Deletes at most `limit` entries from before a time; returns how many. */
export async function sweepEvents({ db }: Store, before: number, limit: number): Promise<number> {
  const old = db.selectFrom("events").select("id").where("at", "<", before).orderBy("at").limit(limit);
  const { numDeletedRows } = await db.deleteFrom("events").where("id", "in", old).executeTakeFirst();
  return Number(numDeletedRows);
}
