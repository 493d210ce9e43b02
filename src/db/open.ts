import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Kysely, sql } from "kysely";
import { DatabaseUnavailable, OpenError } from "../errors.ts";
import { type Log, silent } from "../observe/log.ts";
import { describeDatabaseUrlError, redactDatabaseUrl, sqliteFileOf } from "../settings/database-url.ts";
import { readSettings, type Settings } from "../settings/settings.ts";
import { describeFileNameError } from "../settings/sqlite-path.ts";
import type { Engine } from "./engine.ts";
import { type MigrationState, migrate, readStates } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { warnOfExposure } from "./sqlite/exposure.ts";
import type { LifetimeSettings, Store } from "./store.ts";

export interface DBOptions {
  /** Defaults to the result of `readSettings()`. */
  readonly settings?: LifetimeSettings & Partial<Pick<Settings, "DATABASE_POOL" | "AUTO_MIGRATE" | "NODE_ENV">>;
  /** Receives messages about a new database, unsafe file permissions, and the wait for another node's migration. */
  readonly log?: Log;
  /** Aborts the wait for another node's migration; `openDB` then throws an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Returns the time in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** Opens a database, and applies pending migrations unless `AUTO_MIGRATE` is off. */
export async function open(url: string, options: DBOptions): Promise<Store> {
  const { settings = readSettings(), clock = Date.now, log = silent, signal } = options;
  if (settings.AUTO_MIGRATE === "off") requireFile(url);
  return withDatabase(url, settings, async (db, engine) => {
    signal?.throwIfAborted();
    if (settings.AUTO_MIGRATE === "off") await requireMigrated(db, engine);
    else if (await migrate(db, engine, { log, signal })) logCreated(url, settings.NODE_ENV, log);
    // Fails now, instead of at the first request, if the database is read-only.
    await db.transaction().execute((transaction) => sql`delete from users where id < 0`.execute(transaction));
    const file = sqliteFileOf(url);
    if (file !== undefined) warnOfExposure(file, log);
    return { db, engine, lifetimes: settings, clock };
  });
}

/** Logs that a database was created. In production, this is a warning, because a wrong URL is more likely than a first start. */
function logCreated(url: string, mode: Settings["NODE_ENV"] | undefined, log: Log): void {
  if (url === "sqlite::memory:") return;
  const file = sqliteFileOf(url);
  const fields = { database: redactDatabaseUrl(url), ...(file !== undefined && { file: resolve(file) }) };
  const message = "created a new, empty database; if it should contain accounts, check DATABASE_URL";
  if (mode === "production") log.warn({ event: "database_created", ...fields }, message);
  else log.info({ event: "database_created", ...fields }, message);
}

/**
 * Reads the state of every migration, without changing the database.
 *
 * @throws {OpenError} if the database cannot be used
 */
export async function readMigrationStates(url: string): Promise<MigrationState[]> {
  requireFile(url);
  return withDatabase(url, {}, async (db, engine) => {
    const states = await readStates(db, engine);
    await db.destroy();
    return states;
  });
}

/** @throws {OpenError} if the SQLite file of the URL does not exist, because opening the file would create it */
function requireFile(url: string): void {
  const file = sqliteFileOf(url);
  if (file !== undefined && !existsSync(file))
    throw new OpenError(`cannot use ${redactDatabaseUrl(url)}: the file does not exist`);
}

async function requireMigrated(db: Kysely<Schema>, engine: Engine): Promise<void> {
  const pending = (await readStates(db, engine)).filter(({ state }) => state === "pending");
  if (pending.length > 0) throw new OpenError("its schema is older than this version; run: bienvenue migrate");
  await engine.initialize(db);
}

/**
 * Opens a database and passes it to `use`. Closes the database if `use` throws.
 *
 * @throws {OpenError} if the database cannot be used; the message says why
 */
async function withDatabase<T>(
  url: string,
  { DATABASE_POOL = 10 }: { readonly DATABASE_POOL?: number },
  use: (db: Kysely<Schema>, engine: Engine) => Promise<T>,
): Promise<T> {
  const cannot = (why: string, cause: unknown) =>
    new OpenError(`cannot use ${redactDatabaseUrl(url)}: ${why}`, { cause });
  let engine: Engine;
  try {
    engine = await loadEngine(url, DATABASE_POOL);
  } catch (error) {
    throw error instanceof OpenError ? cannot(error.message, error) : error;
  }
  const db = new Kysely<Schema>({ dialect: engine.dialect });
  try {
    return await use(db, engine);
  } catch (error) {
    await db.destroy();
    if (error instanceof OpenError) throw cannot(error.message, error);
    if (error instanceof DatabaseUnavailable) throw cannot(`it is ${error.fault}; ${engine.remedy(error)}`, error);
    throw error;
  }
}

/** Loads only the driver that the URL needs. */
async function loadEngine(url: string, pool: number): Promise<Engine> {
  const path = /^sqlite:(.*)$/s.exec(url)?.[1];
  const reason = path === undefined ? describeDatabaseUrlError(url) : describeFileNameError(path);
  if (reason !== undefined) throw new OpenError(reason);
  if (path !== undefined) return (await import("./sqlite/sqlite.ts")).createSqliteEngine(path);
  return (await import("./postgres/postgres.ts")).createPostgresEngine(url, pool);
}
