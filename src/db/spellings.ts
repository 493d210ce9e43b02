import { sql } from "kysely";
import { asciiWhitespace, emailKey } from "../values/email.ts";

/** The columns of an address: its key, and its spelling if that differs. */
export function toEmailColumns(address: string): { email: string; email_spelling: string | null } {
  const email = emailKey(address);
  return { email, email_spelling: address === email ? null : address };
}

/**
 * Selects an address in its spelling. A spelling counts only with its own key: an older node that moves an account changes only
 * the key.
 */
export function selectEmail(table: "users" | "verifications" | "former_emails" | "outbox") {
  const [key, spelling] = [sql.ref<string>(`${table}.email`), sql.ref<string>(`${table}.email_spelling`)];
  // Both engines lowercase ASCII only: SQLite always, PostgreSQL because of the column's collation.
  const own = sql`lower(trim(${spelling}, ${sql.lit(asciiWhitespace)})) = ${key}`;
  return sql<string>`case when ${spelling} is not null and ${own} then ${spelling} else ${key} end`.as("email");
}
