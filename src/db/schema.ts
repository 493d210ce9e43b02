import type { Generated } from "kysely";

/** Every table and its key, in an order in which no row comes before one that it refers to. */
export const tables = { users: "id", sessions: "session_id" } as const satisfies Record<keyof Schema, string>;

/** The tables, column by column. Times are milliseconds since 1970 (UTC); `null` is never 0. */
export interface Schema {
  users: UsersTable;
  sessions: SessionsTable;
}

export interface UsersTable {
  id: Generated<number>;
  email: string;
  hashed_password: string;
  /** SHA-256 of the token. */
  reset_token: string | null;
  reset_token_expires_at: number | null;
  email_verified_at: number | null;
  disabled_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface SessionsTable {
  /** SHA-256 of the session id. */
  session_id: string;
  user_id: number;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  ip: string | null;
  user_agent: string | null;
}
