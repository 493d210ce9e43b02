import type { User } from "../user.ts";
import { emailKey } from "../values/email.ts";
import { isIn, jsonTable } from "./lists.ts";
import { toEmailColumns } from "./spellings.ts";
import type { Store } from "./store.ts";

/** An account that comes from elsewhere, or goes there. Times are milliseconds since 1970 (UTC). */
export type Account = Pick<User, "email" | "hashedPassword" | "emailVerifiedAt" | "disabledAt" | "createdAt">;

const [text, number] = ["text", "bigint"] as const;
const columns = {
  place: number,
  email: text,
  email_spelling: text,
  hashed_password: text,
  email_verified_at: number,
  disabled_at: number,
  created_at: number,
  updated_at: number,
};

/** Which of these addresses belong to users, in any spelling. */
export async function emailsTaken({ db, engine }: Store, emails: readonly string[]): Promise<Set<string>> {
  if (emails.length === 0) return new Set();
  const isOne = isIn(engine, "email", emails.map(emailKey));
  const rows = await db.selectFrom("users").select("email").where(isOne).execute();
  const stored = new Set(rows.map(({ email }) => email));
  return new Set(emails.filter((email) => stored.has(emailKey(email))));
}

/**
 * Adds accounts of another system, some hundreds at a time, in one statement. Their addresses must differ in more than
 * spelling; existing users stay as they are.
 *
 * @returns the addresses that belonged to a user already
 */
export async function add(store: Store, accounts: readonly Account[]): Promise<Set<string>> {
  const emails = accounts.map(({ email }) => email);
  const taken = await emailsTaken(store, emails);
  const now = store.clock();
  const rows = accounts
    .filter(({ email }) => !taken.has(email))
    .map((account, place) => ({
      place,
      ...toEmailColumns(account.email),
      hashed_password: account.hashedPassword,
      email_verified_at: account.emailVerifiedAt,
      disabled_at: account.disabledAt,
      created_at: account.createdAt,
      updated_at: now,
    }));
  if (rows.length === 0) return taken;
  // Looking first saves the ids that a conflict would use up; the constraint decides.
  const { place: _, ...stored } = columns;
  const names = Object.keys(stored) as (keyof typeof stored)[];
  const list = jsonTable(store.engine, columns, rows).as("list");
  const added = await store.db
    .insertInto("users")
    .columns(names)
    .expression((eb) => eb.selectFrom(list).select(names).orderBy("place"))
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning("email")
    .execute();
  const own = new Set(added.map(({ email }) => email));
  return new Set(emails.filter((email) => !own.has(emailKey(email))));
}
