import {
  type Expression,
  type ExpressionBuilder,
  expressionBuilder,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from "kysely";
import { emailKey } from "../values/email.ts";
import { digest } from "./digest.ts";
import { isIn } from "./lists.ts";
import type { Schema } from "./schema.ts";
import { LockOrderConflict, type Store } from "./store.ts";

// Transactions lock rows in one order, so that they do not deadlock: `users`, `verifications`, `former_emails`, `sessions`, last
// `attempts`, and within a table by key. The lock on an account's row also covers its mailed tokens, devices, acts and mails. Sweeps
// skip rows that others have locked. SQLite has one writer, so the same statements only read there.

/**
 * Locks an address until the transaction ends: its account, if it has one, the account with `userId`, and all verifications that
 * are for their addresses or of those accounts.
 */
export function lockAddress(store: Store, email: string, userId?: number | null): Promise<void> {
  const key = emailKey(email);
  return lock(store, key, (row) => row.or([row("email", "=", key), row("id", "=", userId ?? 0)]));
}

/** Locks an account until the transaction ends, with all verifications that are for its address or of it. */
export function lockAccount(store: Store, userId: number): Promise<void> {
  return lock(store, undefined, (row) => row("id", "=", userId));
}

type Which = (row: ExpressionBuilder<Schema, "users">) => Expression<SqlBool>;

async function lock({ db, engine }: Store, key: string | undefined, which: Which): Promise<void> {
  if (!engine.locksRows) return;
  const users = await db.selectFrom("users").select(["id", "email"]).where(which).orderBy("id").forUpdate().execute();
  // At most two, and always in the same number: the statement has one text.
  const [one, two] = users;
  await db
    .selectFrom("verifications")
    .select("id")
    .where((row) =>
      row.or([
        row("email", "in", [key ?? "", one?.email ?? "", two?.email ?? ""]),
        row("user_id", "in", [one?.id ?? 0, two?.id ?? 0]),
      ]),
    )
    .orderBy("id")
    .forUpdate()
    .execute();
  if (key === undefined || users.some(({ email }) => email === key)) return;
  // Another transaction gave the address an account while this one waited: that account's row has to be locked first.
  if (await db.selectFrom("users").select("id").where("email", "=", key).executeTakeFirst())
    throw new LockOrderConflict();
}

/**
 * An update of nothing: it locks the accounts that match until the transaction ends, on each engine, and reads them as they are
 * once it has the lock. Of two transactions that begin with it one waits for the other.
 */
export function holdUser({ db }: Pick<Store, "db">) {
  return db.updateTable("users").set({ updated_at: sql.ref("updated_at") });
}

/** The same for verifications. */
export function holdVerification({ db }: Pick<Store, "db">) {
  return db.updateTable("verifications").set({ created_at: sql.ref("created_at") });
}

/** The same for addresses that accounts have left. */
export function holdFormerEmail({ db }: Pick<Store, "db">) {
  return db.updateTable("former_emails").set({ left_at: sql.ref("left_at") });
}

/** Locks the sessions of a user, and those that have or had one of these ids, until the transaction ends. */
export async function lockSessions(
  { db, engine }: Store,
  userId: number,
  sessionIds: readonly string[],
): Promise<void> {
  if (!engine.locksRows) return;
  const hashed = sessionIds.map(digest);
  await db
    .selectFrom("sessions")
    .select("session_id")
    .where((row) =>
      row.or([row("user_id", "=", userId), isIn(engine, "session_id", hashed), isIn(engine, "previous_id", hashed)]),
    )
    .orderBy("session_id")
    .forUpdate()
    .execute();
}

/** Makes conditions on sessions. */
export const sessionCondition = expressionBuilder<Schema, "sessions">();

/**
 * A condition for a statement that changes several sessions: it locks those that match by key, before the statement gets to them
 * in whatever order it finds them.
 */
export function lockSessionsInOrder({ db, engine }: Store, which: Expression<SqlBool>): Expression<SqlBool> {
  if (!engine.locksRows) return sessionCondition.lit(true);
  const inOrder = db.selectFrom("sessions").select("session_id").where(which).orderBy("session_id").forUpdate();
  return sessionCondition("sessions.session_id", "in", inOrder);
}

/**
 * Has a sweep lock the rows that it selects and skip those that a transaction has locked: it never waits, so the order of locks
 * does not concern it. A later sweep gets the rows that it skipped.
 */
export function skipLockedRows<Table extends keyof Schema, Row>(
  { engine }: Pick<Store, "engine">,
  query: SelectQueryBuilder<Schema, Table, Row>,
): SelectQueryBuilder<Schema, Table, Row> {
  return engine.locksRows ? query.forUpdate().skipLocked() : query;
}
