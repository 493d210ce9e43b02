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

// To avoid deadlocks, all transactions lock rows in the same order: `users`, `verifications`, `former_emails`, `sessions`,
// `attempts`, and by key within each table. The lock on an account's row also protects its mailed tokens, devices, emails and
// request results. Sweeps skip locked rows. SQLite allows one writer at a time and needs no row locks.

/**
 * Locks an address until the transaction ends: the account with that address, the account with `userId`, and every verification
 * of these addresses and accounts.
 */
export function lockAddress(store: Store, email: string, userId?: number | null): Promise<void> {
  const key = emailKey(email);
  return lockRows(store, key, (row) => row.or([row("email", "=", key), row("id", "=", userId ?? 0)]));
}

/** Locks an account, and every verification of the account or its address, until the transaction ends. */
export function lockAccount(store: Store, userId: number): Promise<void> {
  return lockRows(store, undefined, (row) => row("id", "=", userId));
}

type UserCondition = (row: ExpressionBuilder<Schema, "users">) => Expression<SqlBool>;

async function lockRows({ db, engine }: Store, key: string | undefined, condition: UserCondition): Promise<void> {
  if (!engine.locksRows) return;
  const users = await db
    .selectFrom("users")
    .select(["id", "email"])
    .where(condition)
    .orderBy("id")
    .forUpdate()
    .execute();
  // The number of parameters is fixed, so that the statement always has the same text.
  const [first, second] = users;
  await db
    .selectFrom("verifications")
    .select("id")
    .where((row) =>
      row.or([
        row("email", "in", [key ?? "", first?.email ?? "", second?.email ?? ""]),
        row("user_id", "in", [first?.id ?? 0, second?.id ?? 0]),
      ]),
    )
    .orderBy("id")
    .forUpdate()
    .execute();
  if (key === undefined || users.some(({ email }) => email === key)) return;
  // Another transaction has just created an account for the address, and the row of that account must be locked first.
  if (await db.selectFrom("users").select("id").where("email", "=", key).executeTakeFirst())
    throw new LockOrderConflict();
}

/**
 * Builds an update that changes nothing, but locks the matching accounts on both engines until the transaction ends. Add
 * `returning` to read their current values.
 */
export function buildUserLock({ db }: Pick<Store, "db">) {
  return db.updateTable("users").set({ updated_at: sql.ref("updated_at") });
}

/** Like `buildUserLock`, for verifications. */
export function buildVerificationLock({ db }: Pick<Store, "db">) {
  return db.updateTable("verifications").set({ created_at: sql.ref("created_at") });
}

/** Like `buildUserLock`, for former addresses. */
export function buildFormerEmailLock({ db }: Pick<Store, "db">) {
  return db.updateTable("former_emails").set({ left_at: sql.ref("left_at") });
}

/** Locks the sessions of a user, and the sessions with one of these current or previous ids, until the transaction ends. */
export async function lockSessions(
  { db, engine }: Store,
  userId: number,
  sessionIds: readonly string[],
): Promise<void> {
  if (!engine.locksRows) return;
  const idHashes = sessionIds.map(digest);
  await db
    .selectFrom("sessions")
    .select("session_id")
    .where((row) =>
      row.or([
        row("user_id", "=", userId),
        isIn(engine, "session_id", idHashes),
        isIn(engine, "previous_id", idHashes),
      ]),
    )
    .orderBy("session_id")
    .forUpdate()
    .execute();
}

/** Builds conditions on sessions. */
export const sessionCondition = expressionBuilder<Schema, "sessions">();

/**
 * Returns a condition for a statement that changes several sessions. The condition locks the matching sessions in key order,
 * before the statement reaches them in another order.
 */
export function lockSessionsInOrder({ db, engine }: Store, condition: Expression<SqlBool>): Expression<SqlBool> {
  if (!engine.locksRows) return sessionCondition.lit(true);
  const inOrder = db.selectFrom("sessions").select("session_id").where(condition).orderBy("session_id").forUpdate();
  return sessionCondition("sessions.session_id", "in", inOrder);
}

/**
 * Makes the query of a sweep lock the selected rows and skip rows that are already locked. The sweep never waits, so it cannot
 * deadlock. A later sweep deletes the skipped rows.
 */
export function skipLockedRows<Table extends keyof Schema, Row>(
  { engine }: Pick<Store, "engine">,
  query: SelectQueryBuilder<Schema, Table, Row>,
): SelectQueryBuilder<Schema, Table, Row> {
  return engine.locksRows ? query.forUpdate().skipLocked() : query;
}
