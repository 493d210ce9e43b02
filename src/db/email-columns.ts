import { sql } from "kysely";
import { asciiWhitespace, emailKey } from "../values/email.ts";

/** Returns the values of an address's two columns: its key, and the address as given if that differs. */
export function toEmailColumns(address: string): { email: string; email_spelling: string | null } {
  const email = emailKey(address);
  return { email, email_spelling: address === email ? null : address };
}

/**
 * Selects an address as it was given. An older node that changes an address writes only its key, so `email_spelling` is used
 * only if its own key equals the row's.
 */
export function selectEmail(table: "users" | "verifications" | "former_emails" | "outbox") {
  const [key, spelling] = [sql.ref<string>(`${table}.email`), sql.ref<string>(`${table}.email_spelling`)];
  // Both engines lowercase only ASCII here: SQLite always does, PostgreSQL because of the column's collation.
  const hasSameKey = sql`lower(trim(${spelling}, ${sql.lit(asciiWhitespace)})) = ${key}`;
  return sql<string>`case when ${spelling} is not null and ${hasSameKey} then ${spelling} else ${key} end`.as("email");
}
