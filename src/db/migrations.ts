import { type ColumnDefinitionBuilder, type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { OpenError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { Engine } from "./engine.ts";
import type { Schema } from "./schema.ts";

const historyTable = "kysely_migration";

/** Append-only: a released migration is never edited. Within a minor version, migrations only add to the schema. */
function migrations(engine: Engine): Record<string, Migration> {
  const { ddl } = engine;
  return {
    "0001_v0.1_users_and_sessions": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .createTable("users")
          .addColumn("id", sql`${sql.raw(ddl.serial)}`)
          .addColumn("email", text, (email) => email.notNull().unique())
          .addColumn("hashed_password", text, (hash) => hash.notNull())
          .addColumn("reset_token", text, (token) => token.unique())
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
          .addColumn("session_id", text, (id) => id.primaryKey().notNull())
          .addColumn("user_id", "integer", (id) => id.notNull().references("users.id").onDelete("cascade"))
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("last_seen_at", "bigint", (at) => at.notNull())
          .addColumn("expires_at", "bigint", (at) => at.notNull())
          .addColumn("ip", text)
          .addColumn("user_agent", text)
          .modifyEnd(sql.raw(ddl.keyedTable))
          .execute();
        await db.schema.createIndex("sessions_user_id").on("sessions").column("user_id").execute();
      },
    },
    "0002_v0.1_mail_limits_and_events": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        const serial = sql`${sql.raw(ddl.serial)}`;
        await db.schema.alterTable("sessions").addColumn("confirmed_at", "bigint").execute();
        await db.schema
          .createTable("devices")
          .addColumn("device_id", text, (id) => id.primaryKey().notNull())
          .addColumn("user_id", "integer", (id) => id.notNull().references("users.id").onDelete("cascade"))
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("last_seen_at", "bigint", (at) => at.notNull())
          .modifyEnd(sql.raw(ddl.keyedTable))
          .execute();
        await db.schema.createIndex("devices_user_id").on("devices").column("user_id").execute();
        await db.schema
          .createTable("verifications")
          .addColumn("id", serial)
          .addColumn("email", text, (email) => email.notNull())
          .addColumn("hashed_password", text)
          .addColumn("user_id", "integer", (id) => id.references("users.id").onDelete("cascade"))
          .addColumn("token", text, (token) => token.unique())
          .addColumn("token_expires_at", "bigint")
          .addColumn("reset_token", text, (token) => token.unique())
          .addColumn("reset_token_expires_at", "bigint")
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .execute();
        await db.schema.createIndex("verifications_email").on("verifications").columns(["email", "id"]).execute();
        await db.schema.createIndex("verifications_user_id").on("verifications").column("user_id").execute();
        await db.schema.createIndex("verifications_created_at").on("verifications").column("created_at").execute();
        await db.schema
          .createTable("outbox")
          .addColumn("id", serial)
          .addColumn("kind", text, (kind) => kind.notNull())
          .addColumn("user_id", "integer", (id) => id.references("users.id").onDelete("cascade"))
          .addColumn("verification_id", "integer", (id) => id.references("verifications.id").onDelete("cascade"))
          .addColumn("email", text)
          .addColumn("language", text, (language) => language.notNull())
          .addColumn("device", text)
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("next_try_at", "bigint", (at) => at.notNull())
          .addColumn("tries", "integer", (tries) => tries.notNull())
          .execute();
        await db.schema.createIndex("outbox_next_try_at").on("outbox").column("next_try_at").execute();
        await db.schema.createIndex("outbox_user_id").on("outbox").column("user_id").execute();
        await db.schema.createIndex("outbox_verification_id").on("outbox").column("verification_id").execute();
        await db.schema
          .createTable("attempts")
          .addColumn("key", text, (key) => key.primaryKey().notNull())
          .addColumn("count", "integer", (count) => count.notNull())
          .addColumn("ends_at", "bigint", (at) => at.notNull())
          .modifyEnd(sql.raw(ddl.keyedTable))
          .execute();
        await db.schema.createIndex("attempts_ends_at").on("attempts").column("ends_at").execute();
        await db.schema
          .createTable("events")
          .addColumn("id", serial)
          .addColumn("at", "bigint", (at) => at.notNull())
          .addColumn("event", text, (event) => event.notNull())
          .addColumn("user_id", "integer")
          .addColumn("ip", text)
          .addColumn("user_agent", text)
          .addColumn("detail", text)
          .execute();
        await db.schema.createIndex("events_at").on("events").column("at").execute();
        await db.schema.createIndex("events_user_id").on("events").column("user_id").execute();
      },
    },
    "0003_v0.1_email_spellings": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        for (const table of ["users", "verifications", "outbox"]) {
          await db.schema.alterTable(table).addColumn("email_spelling", text).execute();
        }
      },
    },
    "0004_v0.1_session_renewals": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema.alterTable("sessions").addColumn("previous_id", text).execute();
        await db.schema.alterTable("sessions").addColumn("renewed_at", "bigint").execute();
        await db.schema.alterTable("sessions").addColumn("renewal_nonce", text).execute();
        await db.schema
          .createIndex("sessions_previous_id")
          .on("sessions")
          .column("previous_id")
          .where(sql.ref("previous_id"), "is not", null)
          .execute();
      },
    },
    "0005_v0.1_mailed_tokens": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .createTable("mailed_tokens")
          .addColumn("id", sql`${sql.raw(ddl.serial)}`)
          .addColumn("token", text, (token) => token.notNull().unique())
          .addColumn("purpose", text, (purpose) => purpose.notNull())
          .addColumn("user_id", "integer", (id) => id.references("users.id").onDelete("cascade"))
          .addColumn("verification_id", "integer", (id) => id.references("verifications.id").onDelete("cascade"))
          .addColumn("expires_at", "bigint", (at) => at.notNull())
          .addColumn("accepted_at", "bigint")
          .execute();
        for (const column of ["user_id", "verification_id", "expires_at"]) {
          await db.schema.createIndex(`mailed_tokens_${column}`).on("mailed_tokens").column(column).execute();
        }
        await db.schema.createIndex("outbox_email").on("outbox").columns(["email", "id"]).execute();
      },
    },
    "0006_v0.1_acts": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .createTable("acts")
          .addColumn("name", text, (name) => name.primaryKey().notNull())
          .addColumn("user_id", "integer", (id) => id.references("users.id").onDelete("cascade"))
          .addColumn("verification_id", "integer", (id) => id.references("verifications.id").onDelete("cascade"))
          .addColumn("nonce", text)
          .addColumn("at", "bigint", (at) => at.notNull())
          .modifyEnd(sql.raw(ddl.keyedTable))
          .execute();
        await db.schema.createIndex("acts_user_id").on("acts").column("user_id").execute();
        await db.schema.createIndex("acts_verification_id").on("acts").column("verification_id").execute();
        await db.schema.createIndex("acts_at").on("acts").column("at").execute();
      },
    },
    // This migration updates no rows: an existing session gets its handle when it is first listed. Operators can create the
    // indexes beforehand (docs/scaling.md), because building them blocks writes.
    "0007_v0.1_session_handles": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        // The index that takes longest comes first, because reads can continue until the table is altered.
        await db.schema
          .createIndex("sessions_user_id_created_at")
          .ifNotExists()
          .on("sessions")
          .columns(["user_id", "created_at", "session_id"])
          .execute();
        const { sessions = [] } = Object.fromEntries(await findTables(db as Kysely<Schema>, engine));
        if (!sessions.includes("handle")) {
          await db.schema.alterTable("sessions").addColumn("handle", text).execute();
        }
        await db.schema
          .createIndex("sessions_handle")
          .ifNotExists()
          .unique()
          .on("sessions")
          .column("handle")
          .where(sql.ref("handle"), "is not", null)
          .execute();
        // `sessions_user_id_created_at` replaces this index.
        await db.schema.dropIndex("sessions_user_id").ifExists().execute();
      },
    },
    "0008_v0.1_delivery": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .alterTable("outbox")
          .addColumn("times", "integer", (times) => times.notNull().defaultTo(1))
          .execute();
        await db.schema.alterTable("outbox").addColumn("domain", text).execute();
        await db.schema.alterTable("outbox").addColumn("network", text).execute();
        await db.schema
          .createIndex("outbox_requested")
          .on("outbox")
          .column("next_try_at")
          .where(sql.ref("network"), "is not", null)
          .execute();
        await db.schema
          .createTable("failed_mails")
          .addColumn("id", sql`${sql.raw(ddl.serial)}`)
          .addColumn("kind", text, (kind) => kind.notNull())
          .addColumn("user_id", "integer", (id) => id.references("users.id").onDelete("cascade"))
          .addColumn("verification_id", "integer", (id) => id.references("verifications.id").onDelete("cascade"))
          .addColumn("email", text)
          .addColumn("email_spelling", text)
          .addColumn("language", text, (language) => language.notNull())
          .addColumn("device", text)
          .addColumn("times", "integer", (times) => times.notNull())
          .addColumn("domain", text)
          .addColumn("network", text)
          .addColumn("created_at", "bigint", (at) => at.notNull())
          .addColumn("tries", "integer", (tries) => tries.notNull())
          .addColumn("failed_at", "bigint", (at) => at.notNull())
          .addColumn("reason", text)
          .execute();
        for (const column of ["user_id", "verification_id", "email", "failed_at"]) {
          await db.schema.createIndex(`failed_mails_${column}`).on("failed_mails").column(column).execute();
        }
      },
    },
    "0009_v0.1_notices": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .createTable("former_emails")
          .addColumn("id", sql`${sql.raw(ddl.serial)}`)
          .addColumn("user_id", "integer", (id) => id.notNull().references("users.id").onDelete("cascade"))
          .addColumn("email", text, (email) => email.notNull())
          .addColumn("email_spelling", text)
          .addColumn("device", text)
          .addColumn("left_at", "bigint", (at) => at.notNull())
          .execute();
        for (const column of ["user_id", "email", "left_at"]) {
          await db.schema.createIndex(`former_emails_${column}`).on("former_emails").column(column).execute();
        }
        await db.schema
          .alterTable("mailed_tokens")
          .addColumn("former_email_id", "integer", (id) => id.references("former_emails.id").onDelete("cascade"))
          .execute();
        await db.schema
          .createIndex("mailed_tokens_former_email_id")
          .on("mailed_tokens")
          .column("former_email_id")
          .execute();
        await db.schema.alterTable("users").addColumn("known_since", "bigint").execute();
      },
    },
    "0010_v0.1_redeemers": {
      async up(db: Kysely<unknown>) {
        const loggedIn = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(1);
        await db.schema.alterTable("devices").addColumn("logged_in", "integer", loggedIn).execute();
        await db.schema.alterTable("devices").addColumn("known_until", "bigint").execute();
      },
    },
    "0011_v0.1_queue": {
      async up(db: Kysely<unknown>) {
        await db.schema
          .alterTable("devices")
          .addColumn("cookie_id", sql<string>`${sql.raw(ddl.text)}`)
          .execute();
        await db.schema.createIndex("devices_cookie_id").on("devices").column("cookie_id").execute();
      },
    },
    "0012_v0.1_leases": {
      async up(db: Kysely<unknown>) {
        const text = sql<string>`${sql.raw(ddl.text)}`;
        await db.schema
          .createTable("leases")
          .addColumn("name", text, (name) => name.primaryKey().notNull())
          .addColumn("holder", text)
          .addColumn("ends_at", "bigint", (at) => at.notNull())
          .addColumn("done_at", "bigint")
          .modifyEnd(sql.raw(ddl.keyedTable))
          .execute();
      },
    },
  };
}

/** The state of a migration in a database. A `newer` migration was applied by a later version of the program. */
export interface MigrationState {
  readonly name: string;
  readonly state: "applied" | "pending" | "newer";
}

export interface MigrateOptions {
  readonly log: Log;
  /** Aborts the wait for another program's migration. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies pending migrations under a lock: if several nodes start at the same time, one migrates and the others wait.
 *
 * @returns whether the database was empty before
 * @throws {OpenError} if the database belongs to a much newer version or to another program
 */
export async function migrate(db: Kysely<Schema>, engine: Engine, { log, signal }: MigrateOptions): Promise<boolean> {
  const isPending = (await readStates(db, engine)).some(({ state }) => state === "pending");
  await engine.initialize(db);
  let wasEmpty = false;
  const work = async (transaction: Kysely<Schema>) => {
    const states = await readStates(transaction, engine);
    if (!states.some(({ state }) => state === "pending")) return;
    const provider: MigrationProvider = { getMigrations: async () => migrations(engine) };
    const schema = await engine.schemaName(transaction);
    const location = schema === undefined ? {} : { migrationTableSchema: schema };
    const { error } = await new Migrator({ db: transaction, provider, ...location }).migrateToLatest();
    if (error) throw error;
    wasEmpty = states.every(({ state }) => state === "pending");
  };
  const onWait = () => log.warn({ event: "migration_waiting" }, "waiting for another node to migrate the database");
  await engine.withoutTimeouts(() => engine.migrateExclusively(db, work, { signal, isPending, onWait }));
  return wasEmpty;
}

/**
 * Returns the state of every migration that this program knows or that was applied to the database.
 *
 * @throws {OpenError} if the database belongs to a much newer version or to another program
 */
export async function readStates(db: Kysely<Schema>, engine: Engine): Promise<MigrationState[]> {
  const known = Object.keys(migrations(engine));
  const tables = await findTables(db, engine);
  if (!tables.has(historyTable)) {
    if (!tables.has("users") && !tables.has("sessions")) return known.map((name) => ({ name, state: "pending" }));
    throw new OpenError("it contains tables of another program; use an empty database");
  }
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(historyTable)} order by name`.execute(db);
  const applied = rows.map((row) => row.name);
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length > 0) requireCompatible(newer, known);
  const pending = known.filter((name) => !applied.includes(name));
  return [
    ...known.map((name) => ({ name, state: pending.includes(name) ? ("pending" as const) : ("applied" as const) })),
    ...newer.map((name) => ({ name, state: "newer" as const })),
  ];
}

/**
 * Throws if the database is more than one minor version newer than this program. Each minor version only adds to the schema, so
 * the previous version can still use it during a rolling update or after a downgrade.
 */
function requireCompatible(newer: readonly string[], known: readonly string[]): void {
  const minor = (name: string) => Number(/_v0\.(\d+)_/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
  if (Math.max(...newer.map(minor)) <= Math.max(...known.map(minor)) + 1) return;
  throw new OpenError(
    `a newer version of Bienvenue has migrated it (${newer.join(", ")}); run that version or a later one`,
  );
}

/** Returns the columns of every table in the database's schema, including tables of other programs. */
export async function findTables(db: Kysely<Schema>, engine: Engine): Promise<Map<string, string[]>> {
  const schema = await engine.schemaName(db);
  const found = await db.introspection.getTables({ withInternalKyselyTables: true });
  const own = found.filter((table) => !table.isView && table.schema === schema);
  return new Map(own.map(({ name, columns }) => [name, columns.map((column) => column.name)]));
}
