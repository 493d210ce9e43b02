import { DatabaseSync } from "node:sqlite";
import { InvalidRequestError, OpenError } from "../errors.ts";
import { describeReadError } from "../files/faults.ts";
import { resolveExistingFile } from "../files/files.ts";
import type { User } from "../user.ts";
import { digest } from "./digest.ts";
import { toEmailColumns } from "./email-columns.ts";
import type { Store } from "./store.ts";
import { insertSession } from "./tables/sessions.ts";
import { isEmpty } from "./tables/users.ts";

/**
 * A row of the table `users` in the database of another server with the same API. A value may have any type, such as bytes
 * instead of text.
 */
export interface ContractUser {
  readonly id: number;
  readonly email: unknown;
  readonly hashedPassword: unknown;
  readonly sessionId: unknown;
  readonly resetToken: unknown;
}

/** A user to adopt. The session id and the reset token are in plain text. */
export type AdoptedUser = Pick<
  User,
  "id" | "email" | "hashedPassword" | "emailVerifiedAt" | "sessionId" | "resetToken"
>;

/** The SQLite file of another server with the same API, opened read-only. */
export class ContractFile implements Disposable {
  readonly #db: DatabaseSync;
  /** The number of users. */
  readonly total: number;

  /** @throws {OpenError} if the file does not exist, or is not an SQLite file with the columns of `ContractUser` */
  constructor(path: string) {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(resolveExistingFile(path).path, { readOnly: true, timeout: 2000 });
      db.exec("pragma trusted_schema = off; begin");
      const { total } = db
        .prepare(
          "select count(*) as total from (select id, email, hashed_password, session_id, reset_token from users)",
        )
        .get() as { total: number };
      this.total = total;
      this.#db = db;
    } catch (error) {
      db?.close();
      const columns = "a table users (id, email, hashed_password, session_id, reset_token)";
      throw new OpenError(
        `cannot adopt ${path}: it is not an SQLite file with ${columns} (${describeReadError(error)})`,
        {
          cause: error,
        },
      );
    }
  }

  /** Reads all users, ordered by id. */
  *users(): Generator<ContractUser> {
    const rows = this.#db.prepare(
      'select id, email, hashed_password as "hashedPassword", session_id as "sessionId", reset_token as "resetToken" from users order by id',
    );
    rows.setReadBigInts(true);
    for (const row of rows.iterate()) yield { ...(row as unknown as ContractUser), id: Number(row.id) };
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/**
 * Inserts users with their ids, sessions and reset tokens, in one transaction. The lifetimes of sessions and tokens begin now.
 *
 * @returns the number of users and sessions
 * @throws {InvalidRequestError} if the database already has users
 */
export async function adopt(store: Store, users: Iterable<AdoptedUser>): Promise<{ users: number; sessions: number }> {
  const { engine, clock, lifetimes } = store;
  const now = clock();
  const counts = { users: 0, sessions: 0 };
  const write = async (db: Store["db"]) => {
    const transaction = { ...store, db };
    if (!(await isEmpty(transaction)))
      throw new InvalidRequestError("the database already contains accounts; set DATABASE_URL to an empty one");
    for (const { id, email, hashedPassword, emailVerifiedAt, sessionId, resetToken } of users) {
      await db
        .insertInto("users")
        .values({
          id,
          ...toEmailColumns(email),
          hashed_password: hashedPassword,
          reset_token: resetToken === null ? null : digest(resetToken),
          reset_token_expires_at: resetToken === null ? null : now + lifetimes.RESET_TOKEN_LIFETIME,
          email_verified_at: emailVerifiedAt,
          created_at: now,
          updated_at: now,
        })
        .execute();
      counts.users++;
      if (sessionId === null) continue;
      await insertSession(transaction, { sessionId, userId: id });
      counts.sessions++;
    }
    await engine.updateSequences(db);
  };
  await engine.withoutTimeouts(() => store.db.transaction().execute(write));
  return counts;
}
