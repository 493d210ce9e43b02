import { sql, type Updateable } from "kysely";
import { EmailTaken, InvalidRequestError, NoResultFound } from "../../errors.ts";
import type { User } from "../../user.ts";
import { emailKey } from "../../values/email.ts";
import { toStorableText } from "../../values/storable.ts";
import { checkAttributes, isStorable, userColumns } from "../attributes.ts";
import { digest } from "../digest.ts";
import { toEmailColumns } from "../email-columns.ts";
import type { Engine } from "../engine.ts";
import type { UsersTable } from "../schema.ts";
import { runInTransaction, type Store } from "../store.ts";
import { isEmailHeld } from "./former-emails.ts";
import { recordResult } from "./idempotency.ts";
import { deleteMailedTokens, isResetToken, selectPendingToken } from "./mailed-tokens.ts";
import { endSurplusSessions } from "./session-limit.ts";
import { isSession, selectLiveSessions } from "./session-lookup.ts";
import { endSessions, insertSession } from "./sessions.ts";

/** The attributes that `DB.updateUser` can change: all except the id. */
export type UserChanges = Partial<Omit<User, "id">>;

export async function addUser(
  store: Store,
  { email, hashedPassword, byOwner }: Pick<User, "email" | "hashedPassword"> & { readonly byOwner: boolean },
  idempotencyKeys: readonly string[],
): Promise<User> {
  for (const [name, value] of checkAttributes({ email, hashedPassword })) requireStorable(name, value);
  const now = store.clock();
  const insert = async (transaction: Store) => {
    const row = await transaction.db
      .insertInto("users")
      .values({
        ...toEmailColumns(email),
        hashed_password: hashedPassword,
        known_since: byOwner ? now : null,
        created_at: now,
        updated_at: now,
      })
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    // The insert waits for a concurrent email change from this address. A check before the insert could miss that change.
    if (byOwner && (await isEmailHeld(transaction, email)))
      throw new EmailTaken("the address is held for another user");
    await recordResult(transaction, idempotencyKeys, { userId: row.id });
    return toUser(row);
  };
  try {
    return await runInTransaction(store, insert);
  } catch (error) {
    throw toConflictError(store.engine, error);
  }
}

export async function findUserBy(store: Store, attributes: Partial<User>): Promise<User> {
  let query = store.db.selectFrom("users").select(userColumns).orderBy("users.id").limit(1);
  for (const [name, value, column] of checkAttributes(attributes)) {
    if (!isStorable(name, value)) throw new NoResultFound(`no user has this ${name}`);
    if (name === "sessionId" || name === "resetToken") {
      // Without this check, null would match the first user without a credential.
      if (value === null) throw new NoResultFound(`a ${name} of null matches no user`);
      const tokenHash = digest(value as string);
      query =
        name === "sessionId"
          ? query.where(
              "users.id",
              "in",
              selectLiveSessions(store)
                .select("user_id")
                .where(isSession(value as string, store.clock())),
            )
          : query.where((row) =>
              row.or([
                isResetToken(tokenHash, store.clock())(row),
                row("users.id", "in", selectPendingToken(store, "reset", tokenHash).select("user_id")),
              ]),
            );
    } else if (column) {
      const stored = name === "email" ? emailKey(value as string) : value;
      query = stored === null ? query.where(column, "is", null) : query.where(column, "=", stored);
    }
  }
  const row = await query.executeTakeFirst();
  if (!row) throw new NoResultFound(`no user has this ${Object.keys(attributes).join(" and ")}`);
  return toUser(row, attributes);
}

/**
 * Finds the user with an address. Takes about the same time whether or not the user exists: if no address matches, it reads the
 * row of the next address.
 */
export async function findByEmail({ db }: Store, email: string): Promise<User | null> {
  const key = emailKey(email);
  const row = await db
    .selectFrom("users")
    .select(userColumns)
    .where("users.email", ">=", key)
    .orderBy("users.email")
    .limit(1)
    .executeTakeFirst();
  const found = row ? toUser(row) : null;
  return found && emailKey(found.email) === key ? found : null;
}

/** The number of addresses per lookup. It is fixed, so that the statement always has the same text. */
const batchSize = 100;

/** Maps the keys of these addresses to the ids of their accounts. */
export async function findIdsByEmail({ db }: Store, emails: readonly string[]): Promise<Map<string, number>> {
  const keys = [...new Set(emails.map((email) => toStorableText(emailKey(email)) ?? ""))];
  const ids = new Map<string, number>();
  for (let i = 0; i < keys.length; i += batchSize) {
    const batch = Array.from({ length: batchSize }, (_, j) => keys[i + j] ?? "");
    for (const { email, id } of await db
      .selectFrom("users")
      .select(["email", "id"])
      .where("email", "in", batch)
      .execute())
      ids.set(email, id);
  }
  return ids;
}

export async function updateUser(store: Store, id: number, changes: UserChanges): Promise<void> {
  const columns = toColumns(store, changes);
  if (!isStorable("id", id)) throw new NoResultFound("no user has this id");
  const { sessionId } = changes;
  if (sessionId !== undefined) await endSurplusSessions(store, id);
  try {
    await runInTransaction(store, async (transaction) => {
      const update = transaction.db.updateTable("users").set(columns).where("id", "=", id);
      const { numUpdatedRows } = await update.executeTakeFirst();
      if (numUpdatedRows === 0n) throw new NoResultFound("no user has this id");
      if (changes.resetToken !== undefined) await deleteMailedTokens(transaction, id);
      if (sessionId === undefined) return;
      await endSessions(transaction, id);
      if (sessionId !== null) await insertSession(transaction, { sessionId, userId: id });
    });
  } catch (error) {
    throw toConflictError(store.engine, error);
  }
}

/** Returns true if there are no users. */
export async function isEmpty({ db }: Store): Promise<boolean> {
  return (await db.selectFrom("users").select("id").limit(1).executeTakeFirst()) === undefined;
}

/** Lists users with ids above `after`, ordered by id. If `search` is given, lists only users whose address contains it. */
export async function list(
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
  return rows.map((row) => toUser(row));
}

/**
 * Disables an account and ends its sessions, or enables it. Returns false if nothing changed, or if the account does not exist.
 */
export async function setDisabled(store: Store, id: number, disabled: boolean): Promise<boolean> {
  const now = store.clock();
  if (disabled) await endSurplusSessions(store, id);
  return runInTransaction(store, async (transaction) => {
    const { numUpdatedRows } = await transaction.db
      .updateTable("users")
      .set({ disabled_at: disabled ? now : null, reset_token: null, reset_token_expires_at: null, updated_at: now })
      .where("id", "=", id)
      .where("disabled_at", disabled ? "is" : "is not", null)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await deleteMailedTokens(transaction, id);
    if (disabled) await endSessions(transaction, id);
    return numUpdatedRows > 0n;
  });
}

function toColumns({ clock, lifetimes }: Store, changes: UserChanges): Updateable<UsersTable> {
  const now = clock();
  const columns: Updateable<UsersTable> = { updated_at: now };
  for (const [name, value, column] of checkAttributes(changes)) {
    if (name === "id") throw new InvalidRequestError("User.id cannot be changed");
    requireStorable(name, value);
    if (name === "resetToken") {
      columns.reset_token = value === null ? null : digest(value as string);
      columns.reset_token_expires_at ??= value === null ? null : now + lifetimes.RESET_TOKEN_LIFETIME;
    } else if (name === "email") {
      Object.assign(columns, toEmailColumns(value as string));
    } else if (column) {
      Object.assign(columns, { [column]: value });
    }
  }
  return columns;
}

type Row = Omit<User, "sessionId" | "resetToken">;

/** Converts a row to a user, and adds the credential that was used to find the user. */
export function toUser(row: Row, { sessionId = null, resetToken = null }: Partial<User> = {}): User {
  return { ...row, sessionId, resetToken };
}

function toConflictError(engine: Engine, error: unknown): unknown {
  if (engine.isUniqueViolation(error, "users.email")) return new EmailTaken("the address belongs to another user");
  const taken =
    engine.isUniqueViolation(error, "users.reset_token") || engine.isUniqueViolation(error, "sessions.session_id");
  return taken ? new InvalidRequestError("another user has this credential") : error;
}

function requireStorable(name: keyof User, value: string | number | null): void {
  if (!isStorable(name, value)) throw new InvalidRequestError(`User.${name} cannot hold this value`);
}
