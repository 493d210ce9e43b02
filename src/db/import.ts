import type { User } from "../user.ts";
import { emailKey } from "../values/email.ts";
import { toEmailColumns } from "./email-columns.ts";
import { isIn, jsonTable } from "./lists.ts";
import type { Store } from "./store.ts";

/** An account to import or export. Times are in milliseconds since the epoch. */
export type AccountRecord = Pick<User, "email" | "hashedPassword" | "emailVerifiedAt" | "disabledAt" | "createdAt">;

const [text, number] = ["text", "bigint"] as const;
const columns = {
  position: number,
  email: text,
  email_spelling: text,
  hashed_password: text,
  email_verified_at: number,
  disabled_at: number,
  created_at: number,
  updated_at: number,
};

/** Returns the addresses that belong to existing users. */
export async function findTakenEmails({ db, engine }: Store, emails: readonly string[]): Promise<Set<string>> {
  if (emails.length === 0) return new Set();
  const isGiven = isIn(engine, "email", emails.map(emailKey));
  const rows = await db.selectFrom("users").select("email").where(isGiven).execute();
  const stored = new Set(rows.map(({ email }) => email));
  return new Set(emails.filter((email) => stored.has(emailKey(email))));
}

/**
 * Adds accounts from another system in one statement; callers pass at most a few hundred. Their addresses must have different
 * keys. Existing users stay unchanged.
 *
 * @returns the addresses that belong to existing users
 */
export async function add(store: Store, accounts: readonly AccountRecord[]): Promise<Set<string>> {
  const emails = accounts.map(({ email }) => email);
  const takenEmails = await findTakenEmails(store, emails);
  const now = store.clock();
  const rows = accounts
    .filter(({ email }) => !takenEmails.has(email))
    .map((account, position) => ({
      position,
      ...toEmailColumns(account.email),
      hashed_password: account.hashedPassword,
      email_verified_at: account.emailVerifiedAt,
      disabled_at: account.disabledAt,
      created_at: account.createdAt,
      updated_at: now,
    }));
  if (rows.length === 0) return takenEmails;
  // Taken addresses were filtered out, because a conflict uses up an id. An address may have been taken since.
  const { position: _, ...stored } = columns;
  const names = Object.keys(stored) as (keyof typeof stored)[];
  const list = jsonTable(store.engine, columns, rows).as("list");
  const added = await store.db
    .insertInto("users")
    .columns(names)
    .expression((eb) => eb.selectFrom(list).select(names).orderBy("position"))
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning("email")
    .execute();
  const addedKeys = new Set(added.map(({ email }) => email));
  return new Set(emails.filter((email) => !addedKeys.has(emailKey(email))));
}
