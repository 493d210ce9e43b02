import { setImmediate as turn } from "node:timers/promises";
import { type ExpressionBuilder, sql, type Updateable } from "kysely";
import { EmailTaken, InvalidRequestError, NoResultFound } from "../../errors.ts";
import type { User } from "../../user.ts";
import { clockTolerance } from "../../values/clock-tolerance.ts";
import { emailKey } from "../../values/email.ts";
import { storable } from "../../values/storable.ts";
import { checked, isStorable, userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import type { Engine } from "../engine.ts";
import { lockAccount, lockAddress, lockSessions, skipLocked } from "../locks.ts";
import type { Schema, UsersTable } from "../schema.ts";
import { emailColumns, spelledEmail } from "../spellings.ts";
import { atomically, type Store } from "../store.ts";
import { forgetActs, recordAct } from "./acts.ts";
import { forgetWho } from "./audit.ts";
import { forgetDevices } from "./devices.ts";
import { formerEmailsOf, isHeld } from "./former-emails.ts";
import { giveBackIn } from "./limits.ts";
import { forgetMailedTokens, isResetToken, onItsWay, sweepMailedTokens } from "./mailed-tokens.ts";
import { enqueueNotice, noticeKeys } from "./notices.ts";
import { enqueue, type Notice } from "./outbox.ts";
import { endSurplusSessions } from "./session-limit.ts";
import {
  endOtherSessions,
  endSessions,
  insertSession,
  isSession,
  live,
  type Renewal,
  renewSession,
} from "./sessions.ts";
import { forgetMove, forgetRegistrations, forgetRegistrationsOf } from "./verify-email.ts";

/** What `DB.updateUser` may change: every attribute but the id, by which sessions and logs know the user. */
export type UserChanges = Partial<Omit<User, "id">>;

export async function addUser(
  store: Store,
  { email, hashedPassword, byOwner }: Pick<User, "email" | "hashedPassword"> & { readonly byOwner: boolean },
  acts: readonly string[],
): Promise<User> {
  for (const [name, value] of checked({ email, hashedPassword })) mustBeStorable(name, value);
  const now = store.clock();
  const insert = async (transaction: Store) => {
    const row = await transaction.db
      .insertInto("users")
      .values({
        ...emailColumns(email),
        hashed_password: hashedPassword,
        known_since: byOwner ? now : null,
        created_at: now,
        updated_at: now,
      })
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    // After the insert, which waits for an account that is leaving the address: the statements before may not see that.
    if (byOwner && (await isHeld(transaction, email))) throw new EmailTaken("the address is held for another user");
    await recordAct(transaction, acts, { userId: row.id });
    return user(row);
  };
  try {
    return await atomically(store, insert);
  } catch (error) {
    throw told(store.engine, error);
  }
}

export async function findUserBy(store: Store, attributes: Partial<User>): Promise<User> {
  let query = store.db.selectFrom("users").select(userColumns).orderBy("users.id").limit(1);
  for (const [name, value, column] of checked(attributes)) {
    if (!isStorable(name, value)) throw new NoResultFound(`no user has this ${name}`);
    if (name === "sessionId" || name === "resetToken") {
      // A missing credential finds nobody, least of all the first user who has none.
      if (value === null) throw new NoResultFound(`no user is found by a missing ${name}`);
      const hashed = digest(value as string);
      query =
        name === "sessionId"
          ? query.where(
              "users.id",
              "in",
              live(store)
                .select("user_id")
                .where(isSession(value as string, store.clock())),
            )
          : query.where((row) =>
              row.or([
                isResetToken(hashed, store.clock())(row),
                row("users.id", "in", onItsWay(store, "reset", hashed).select("user_id")),
              ]),
            );
    } else if (column) {
      const wanted = name === "email" ? emailKey(value as string) : value;
      query = wanted === null ? query.where(column, "is", null) : query.where(column, "=", wanted);
    }
  }
  const row = await query.executeTakeFirst();
  if (!row) throw new NoResultFound(`no user has this ${Object.keys(attributes).join(" and ")}`);
  return user(row, attributes);
}

/** Reads a row whether or not the address has an account, the next one's if need be: its time tells less. */
export async function findUserByEmail({ db }: Store, email: string): Promise<User | null> {
  const key = emailKey(email);
  const row = await db
    .selectFrom("users")
    .select(userColumns)
    .where("users.email", ">=", key)
    .orderBy("users.email")
    .limit(1)
    .executeTakeFirst();
  const found = row ? user(row) : null;
  return found && emailKey(found.email) === key ? found : null;
}

/** How many addresses the statement looks up: always the same number, so that its text stays the same. */
const lookedUpAtOnce = 100;

export async function idsByEmail({ db }: Store, emails: readonly string[]): Promise<Map<string, number>> {
  const keys = [...new Set(emails.map((email) => storable(emailKey(email)) ?? ""))];
  const ids = new Map<string, number>();
  for (let i = 0; i < keys.length; i += lookedUpAtOnce) {
    const some = Array.from({ length: lookedUpAtOnce }, (_, j) => keys[i + j] ?? "");
    for (const { email, id } of await db
      .selectFrom("users")
      .select(["email", "id"])
      .where("email", "in", some)
      .execute())
      ids.set(email, id);
  }
  return ids;
}

export async function updateUser(store: Store, id: number, changes: UserChanges): Promise<void> {
  const columns = changedColumns(store, changes);
  if (!isStorable("id", id)) throw new NoResultFound("no user has this id");
  const { sessionId } = changes;
  if (sessionId !== undefined) await endSurplusSessions(store, id);
  try {
    await atomically(store, async (transaction) => {
      const update = transaction.db.updateTable("users").set(columns).where("id", "=", id);
      const { numUpdatedRows } = await update.executeTakeFirst();
      if (numUpdatedRows === 0n) throw new NoResultFound("no user has this id");
      if (changes.resetToken !== undefined) await forgetMailedTokens(transaction, id);
      if (sessionId === undefined) return;
      await endSessions(transaction, id);
      if (sessionId !== null) await insertSession(transaction, { sessionId, userId: id });
    });
  } catch (error) {
    throw told(store.engine, error);
  }
}

export async function areNone({ db }: Store): Promise<boolean> {
  return (await db.selectFrom("users").select("id").limit(1).executeTakeFirst()) === undefined;
}

/** A change of password by whoever knows the one before. */
export interface PasswordChange extends Renewal {
  readonly userId: number;
  /** The hash that the old password was verified against. */
  readonly verifiedHash: string;
  readonly hashedPassword: string;
  /** The session that goes on, under another id; every other ends. */
  readonly sessionId: string;
  /** The device that goes on being known; every other is forgotten. */
  readonly device?: string | undefined;
  readonly language: string;
  readonly acts?: readonly string[] | undefined;
}

/**
 * Changes a password and mails the owner, in one transaction.
 *
 * @returns the nonce that the session's new id is derived from; false when the password or the session was changed meanwhile
 */
export async function changePassword(store: Store, change: PasswordChange): Promise<string | false> {
  const { userId, verifiedHash, hashedPassword, sessionId, device, language } = change;
  const now = store.clock();
  await endSurplusSessions(store, userId, sessionId);
  const changing = atomically(store, async (transaction) => {
    await lockAccount(transaction, userId);
    const changed = await transaction.db
      .updateTable("users")
      .set({ hashed_password: hashedPassword, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("id", "=", userId)
      .where("hashed_password", "=", verifiedHash)
      .where("disabled_at", "is", null)
      .returning(spelledEmail("users"))
      .executeTakeFirst();
    const nonce = changed && (await renewSession(transaction, sessionId, change));
    if (!changed || !nonce) throw new Overtaken();
    await forgetActs(transaction, userId);
    await recordAct(transaction, change.acts, { userId });
    await endOtherSessions(transaction, userId, sessionId);
    await forgetMailedTokens(transaction, userId);
    await forgetMove(transaction, userId);
    await forgetRegistrations(transaction, userId);
    await forgetDevices(transaction, userId, device);
    await enqueueNotice(transaction, { kind: "password_changed", language, email: changed.email });
    return nonce;
  });
  return changing.catch((error: unknown): false => {
    if (error instanceof Overtaken) return false;
    throw error;
  });
}

/** Undoes what was begun: a session that was ended meanwhile changes nothing any more. */
class Overtaken extends Error {}

/** Accounts in the order of their ids, after the one with the id `after`; those whose address holds `search`, if given. */
export async function listUsers(
  { db }: Store,
  { after = 0, limit, search }: { after?: number; limit: number; search?: string },
): Promise<User[]> {
  const rows = await db
    .selectFrom("users")
    .select(userColumns)
    .where("id", ">", after)
    .$if(search !== undefined, (query) => {
      const part = emailKey(search ?? "").replace(/[\\%_]/g, "\\$&");
      return query.where(sql<boolean>`users.email like ${`%${part}%`} escape '\\'`);
    })
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => user(row));
}

/** Disables an account and ends its sessions, or enables it; false when it was so already, or is not there. */
export async function setDisabled(store: Store, id: number, disabled: boolean): Promise<boolean> {
  const now = store.clock();
  if (disabled) await endSurplusSessions(store, id);
  return atomically(store, async (transaction) => {
    const { numUpdatedRows } = await transaction.db
      .updateTable("users")
      .set({ disabled_at: disabled ? now : null, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("id", "=", id)
      .where("disabled_at", disabled ? "is" : "is not", null)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await forgetMailedTokens(transaction, id);
    if (disabled) await endSessions(transaction, id);
    return numUpdatedRows > 0n;
  });
}

/** So many entries of the audit trail are made anonymous at once: some milliseconds. */
const eventsAtOnce = 1000;

interface Erasure {
  /** The keys that count attempts at the account. */
  readonly attempts: readonly string[];
  /** If given, the account is erased only while its password has this hash. */
  readonly verifiedHash: string | undefined;
  readonly acts: readonly string[];
  /** The mail of it, to the account's address and to those that it can still be brought back to. */
  readonly notice: Notice | undefined;
}

/**
 * Erases an account and everything about it except the mail that reports it; what is left of its events names nobody. Strangers
 * can cause any number of those, so most of them are made anonymous before, some at a time.
 *
 * @returns false when there is no such account
 */
export async function deleteUser(
  store: Store,
  { id, email }: Pick<User, "id" | "email">,
  { attempts, verifiedHash, acts, notice }: Erasure,
): Promise<boolean> {
  const key = emailKey(email);
  const erased = { id, ...(verifiedHash !== undefined && { hashed_password: verifiedHash }) };
  const found = await store.db
    .selectFrom("users")
    .select("id")
    .where(({ and }) => and(erased))
    .executeTakeFirst();
  if (!found) return false;
  // SQLite answers in the same turn: others have theirs in between.
  while ((await forgetWho(store, id, eventsAtOnce)) === eventsAtOnce) await turn();
  await endSurplusSessions(store, id);
  return atomically(store, async (transaction) => {
    const { db } = transaction;
    await lockAddress(transaction, email, id);
    // The deletion would lock them in no order.
    await lockSessions(transaction, id, []);
    const former = await formerEmailsOf(transaction, id);
    const gone = await db
      .deleteFrom("users")
      .where(({ and }) => and(erased))
      .returning(spelledEmail("users"))
      .executeTakeFirst();
    if (!gone) return false;
    await recordAct(transaction, acts);
    await forgetWho(transaction, id);
    await forgetRegistrationsOf(transaction, key);
    await db.deleteFrom("outbox").where("email", "=", key).execute();
    const addresses = [key, ...former.map((left) => emailKey(left.email))];
    await db.deleteFrom("failed_mails").where("email", "in", addresses).execute();
    await giveBackIn(transaction, [], [...attempts, ...noticeKeys({ id, email })]);
    const told = new Set([gone.email, ...former.map((left) => left.email)]);
    if (notice) for (const to of told) await enqueue(transaction, { ...notice, email: to });
    return true;
  });
}

/** Deletes tokens that have ended, at most `limit` of accounts and as many of mails; returns how many. */
export async function sweepResetTokens(store: Store, limit: number): Promise<number> {
  const { db, clock } = store;
  const now = clock();
  const hasEnded = ({ and, or, eb }: ExpressionBuilder<Schema, "users">) =>
    or([
      eb("reset_token_expires_at", "<=", now),
      and([eb("reset_token_expires_at", ">", now), eb("updated_at", ">", now + clockTolerance)]),
    ]);
  const ended = skipLocked(store, db.selectFrom("users").select("id").where(hasEnded).limit(limit));
  const { numUpdatedRows } = await db
    .updateTable("users")
    .set({ reset_token: null, reset_token_expires_at: null })
    .where("id", "in", ended)
    .where(hasEnded)
    .executeTakeFirst();
  return Number(numUpdatedRows) + (await sweepMailedTokens(store, limit));
}

function changedColumns({ clock, lifetimes }: Store, changes: UserChanges): Updateable<UsersTable> {
  const now = clock();
  const columns: Updateable<UsersTable> = { updated_at: now };
  for (const [name, value, column] of checked(changes)) {
    if (name === "id") throw new InvalidRequestError("User.id does not change");
    mustBeStorable(name, value);
    if (name === "resetToken") {
      columns.reset_token = value === null ? null : digest(value as string);
      columns.reset_token_expires_at ??= value === null ? null : now + lifetimes.RESET_TOKEN_LIFETIME;
    } else if (name === "email") {
      Object.assign(columns, emailColumns(value as string));
    } else if (column) {
      Object.assign(columns, { [column]: value });
    }
  }
  return columns;
}

type Row = Omit<User, "sessionId" | "resetToken">;

/** A row as the model has it, with the credential that it was found by. */
export function user(row: Row, { sessionId = null, resetToken = null }: Partial<User> = {}): User {
  return { ...row, sessionId, resetToken };
}

function told(engine: Engine, error: unknown): unknown {
  if (engine.isUniqueViolation(error, "users.email")) return new EmailTaken("the address belongs to another user");
  const taken =
    engine.isUniqueViolation(error, "users.reset_token") || engine.isUniqueViolation(error, "sessions.session_id");
  return taken ? new InvalidRequestError("another user has this credential") : error;
}

function mustBeStorable(name: keyof User, value: string | number | null): void {
  if (!isStorable(name, value)) throw new InvalidRequestError(`User.${name} cannot hold this value`);
}
