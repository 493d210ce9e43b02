import { emailKey } from "../email.ts";
import type { User } from "../user.ts";
import { emailColumns } from "./spellings.ts";
import type { Store } from "./store.ts";

/** An account that comes from elsewhere, or goes there. Times are milliseconds since 1970 (UTC). */
export type Account = Pick<User, "email" | "hashedPassword" | "emailVerifiedAt" | "disabledAt" | "createdAt">;

export async function emailsTaken({ db }: Store, emails: readonly string[]): Promise<Set<string>> {
  if (emails.length === 0) return new Set();
  const rows = await db.selectFrom("users").select("email").where("email", "in", emails.map(emailKey)).execute();
  const stored = new Set(rows.map(({ email }) => email));
  return new Set(emails.filter((email) => stored.has(emailKey(email))));
}

export async function addAccounts(store: Store, accounts: readonly Account[]): Promise<Set<string>> {
  const emails = accounts.map(({ email }) => email);
  const taken = await emailsTaken(store, emails);
  const now = store.clock();
  const rows = accounts
    .filter(({ email }) => !taken.has(email))
    .map((account) => ({
      ...emailColumns(account.email),
      hashed_password: account.hashedPassword,
      email_verified_at: account.emailVerifiedAt,
      disabled_at: account.disabledAt,
      created_at: account.createdAt,
      updated_at: now,
    }));
  if (rows.length === 0) return taken;
  // Looking first saves the ids that a conflict would use up; the constraint decides.
  const added = await store.db
    .insertInto("users")
    .values(rows)
    .onConflict((conflict) => conflict.column("email").doNothing())
    .returning("email")
    .execute();
  const stored = new Set(added.map(({ email }) => email));
  return new Set(emails.filter((email) => !stored.has(emailKey(email))));
}
