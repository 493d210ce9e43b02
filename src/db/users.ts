import type { Updateable } from "kysely";
import { EmailTaken, InvalidRequestError, NoResultFound } from "../errors.ts";
import type { User } from "../user.ts";
import { checked, isStorable, userColumns } from "./attributes.ts";
import { digest } from "./digest.ts";
import type { Engine } from "./engine.ts";
import type { UsersTable } from "./schema.ts";
import { endSessions, insertSession, live } from "./sessions.ts";
import { atomically, type Store } from "./store.ts";

/** What `DB.updateUser` may change: every attribute but the id, by which sessions and logs know the user. */
export type UserChanges = Partial<Omit<User, "id">>;

export async function addUser({ db, engine, clock }: Store, email: string, hashedPassword: string): Promise<User> {
  for (const [name, value] of checked({ email, hashedPassword })) mustBeStorable(name, value);
  const now = clock();
  try {
    const row = await db
      .insertInto("users")
      .values({ email, hashed_password: hashedPassword, created_at: now, updated_at: now })
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    return user(row);
  } catch (error) {
    throw told(engine, error);
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
          ? query.where("users.id", "in", live(store).select("user_id").where("session_id", "=", hashed))
          : query.where("reset_token", "=", hashed).where("reset_token_expires_at", ">", store.clock());
    } else if (column) {
      query = value === null ? query.where(column, "is", null) : query.where(column, "=", value);
    }
  }
  const row = await query.executeTakeFirst();
  if (!row) throw new NoResultFound(`no user has this ${Object.keys(attributes).join(" and ")}`);
  return user(row, attributes);
}

export async function updateUser(store: Store, id: number, changes: UserChanges): Promise<void> {
  const columns = changedColumns(store, changes);
  if (!isStorable("id", id)) throw new NoResultFound("no user has this id");
  const { sessionId } = changes;
  try {
    await atomically(store, async (transaction) => {
      const update = transaction.db.updateTable("users").set(columns).where("id", "=", id);
      const { numUpdatedRows } = await update.executeTakeFirst();
      if (numUpdatedRows === 0n) throw new NoResultFound("no user has this id");
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

/** Forgets reset tokens that have ended, at most `limit` of them; returns how many. */
export async function sweepResetTokens({ db, clock }: Store, limit: number): Promise<number> {
  const now = clock();
  const ended = db.selectFrom("users").select("id").where("reset_token_expires_at", "<=", now).limit(limit);
  const { numUpdatedRows } = await db
    .updateTable("users")
    .set({ reset_token: null, reset_token_expires_at: null })
    .where("id", "in", ended)
    .where("reset_token_expires_at", "<=", now)
    .executeTakeFirst();
  return Number(numUpdatedRows);
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
    } else if (column) {
      Object.assign(columns, { [column]: value });
    }
  }
  return columns;
}

type Row = Omit<User, "sessionId" | "resetToken">;

function user(row: Row, { sessionId = null, resetToken = null }: Partial<User> = {}): User {
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
