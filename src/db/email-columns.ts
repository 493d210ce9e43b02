import { sql } from "kysely";
import { asciiWhitespace, emailKey } from "../values/email.ts";

/** Returns the values of the two columns of an address: its key, and the address as given if it differs from the key. */
export function toEmailColumns(address: string): { email: string; email_spelling: string | null } {
  const email = emailKey(address);
  return { email, email_spelling: address === email ? null : address };
}

/**
 * Selects an address as given. An older node that changes an address updates only the key, so `email_spelling` is used only if it
 * has the same key.
 */
export function selectEmail(table: "users" | "verifications" | "former_emails" | "outbox") {
  const [key, spelling] = [sql.ref<string>(`${table}.email`), sql.ref<string>(`${table}.email_spelling`)];
  // Both engines lowercase only ASCII here: SQLite always does so, and PostgreSQL does so because of the column's collation.
  const hasSameKey = sql`lower(trim(${spelling}, ${sql.lit(asciiWhitespace)})) = ${key}`;
  return sql<string>`case when ${spelling} is not null and ${hasSameKey} then ${spelling} else ${key} end`.as("email");
}
