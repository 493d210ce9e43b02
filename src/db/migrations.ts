import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

/** Thrown when a database cannot be brought to this program's schema; the message says why and what to do. */
export class MigrationError extends Error {
  override name = "MigrationError";
}

const history = "kysely_migration";

/** Append-only: what has been released is never edited. Each adds only, within a minor version. */
function migrations({ keyedTable, serial }: Engine): Record<string, Migration> {
  return {
    "0001_users_and_sessions": {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable("users")
          .addColumn("id", serial, (id) => (serial === "integer" ? id.primaryKey().autoIncrement() : id.primaryKey()))
          .addColumn("email", "varchar(250)", (email) => email.notNull().unique())
          .addColumn("hashed_password", "varchar(250)", (hash) => hash.notNull())
          .addColumn("reset_token", "varchar(250)", (token) => token.unique())
          .addColumn("reset_token_expires_at", "bigint")
          .addColumn("email_verified_at", "bigint")
          .addColumn("disabled_at", "bigint")
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("updated_at", "bigint", (at) => at.notNull())
          .execute();
        await db.schema
          .createIndex("users_reset_token_expires_at")
          .on("users")
          .column("reset_token_expires_at")
          .where(sql.ref("reset_token_expires_at"), "is not", null)
          .execute();
        await db.schema
          .createTable("sessions")
          .addColumn("session_id", "varchar(250)", (id) => id.primaryKey().notNull())
          .addColumn("user_id", "integer", (id) => id.notNull().references("users.id").onDelete("cascade"))
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("last_seen_at", "bigint", (at) => at.notNull())
          .addColumn("expires_at", "bigint", (at) => at.notNull())
          .addColumn("ip", "varchar(250)")
          .addColumn("user_agent", "varchar(250)")
          .modifyEnd(sql.raw(keyedTable))
          .execute();
        await db.schema.createIndex("sessions_user_id").on("sessions").column("user_id").execute();
      },
    },
  };
}

/**
 * Brings the database to this program's schema, under a lock: of several programs that start at once one migrates, and the
 * others wait for it.
 *
 * @throws {MigrationError} for a database of a newer version, and for one that is not Bienvenue's
 */
export async function migrate(db: Kysely<Schema>, engine: Engine): Promise<void> {
  const known = migrations(engine);
  const tables = await engine.tables(db);
  if (tables.includes(history)) {
    await refuseNewer(db, Object.keys(known));
  } else if (tables.includes("users") || tables.includes("sessions")) {
    throw new MigrationError("it holds tables of another program; name an empty database");
  }
  await engine.adopt(db);
  const provider: MigrationProvider = { getMigrations: async () => known };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}

async function refuseNewer(db: Kysely<Schema>, known: string[]): Promise<void> {
  const applied = await sql<{ name: string }>`select name from ${sql.table(history)}`.execute(db);
  const newer = applied.rows.map((row) => row.name).filter((name) => !known.includes(name));
  if (newer.length > 0) {
    throw new MigrationError(
      `a newer version of Bienvenue has used it (${newer.join(", ")}); run that version or a later one`,
    );
  }
}
