import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Kysely, sql } from "kysely";
import { DatabaseUnavailable, OpenError } from "../errors.ts";
import { type Log, silent } from "../observe/log.ts";
import { describeDatabaseUrlError, redactDatabaseUrl, sqliteFileOf } from "../settings/database-url.ts";
import { readSettings, type Settings } from "../settings/settings.ts";
import { describeFileNameError } from "../settings/sqlite-path.ts";
import type { Engine } from "./engine.ts";
import { type MigrationState, migrate, migrationStates } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { warnOfExposure } from "./sqlite/exposure.ts";
import type { LifetimeSettings, Store } from "./store.ts";

export interface DBOptions {
  /** How long sessions and reset tokens live, and how PostgreSQL is used; `readSettings` has the defaults. */
  readonly settings?: LifetimeSettings & Partial<Pick<Settings, "DATABASE_POOL" | "AUTO_MIGRATE" | "NODE_ENV">>;
  /** Where opening logs a new database, one that others can read, and the wait for another node's migration. */
  readonly log?: Log;
  /** Ends the wait for another node's migration; `openDB` then throws an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Opens a database, and brings it to this program's schema unless `AUTO_MIGRATE` is off. */
export async function open(url: string, options: DBOptions): Promise<Store> {
  const { settings = readSettings(), clock = Date.now, log = silent, signal } = options;
  if (settings.AUTO_MIGRATE === "off") requireFile(url);
  return using(url, settings, async (db, engine) => {
    signal?.throwIfAborted();
    if (settings.AUTO_MIGRATE === "off") await requireMigrated(db, engine);
    else if (await migrate(db, engine, { log, signal })) sayCreated(url, settings.NODE_ENV, log);
    // A database that can be read and not written would fail the first person instead.
    await db.transaction().execute((transaction) => sql`delete from users where id < 0`.execute(transaction));
    const file = sqliteFileOf(url);
    if (file !== undefined) warnOfExposure(file, log);
    return { db, engine, lifetimes: settings, clock };
  });
}

/** In production, a database that did not exist is more often a mistake than a first start. */
function sayCreated(url: string, mode: Settings["NODE_ENV"] | undefined, log: Log): void {
  if (url === "sqlite::memory:") return;
  const file = sqliteFileOf(url);
  const fields = { database: redactDatabaseUrl(url), ...(file !== undefined && { file: resolve(file) }) };
  const message = "created a new database without accounts; if there should be some, look at DATABASE_URL";
  if (mode === "production") log.warn({ event: "database_created", ...fields }, message);
  else log.info({ event: "database_created", ...fields }, message);
}

/**
 * Tells how far a database's schema is, and changes nothing.
 *
 * @throws {OpenError} when it cannot be used
 */
export async function readMigrationStates(url: string): Promise<MigrationState[]> {
  requireFile(url);
  return using(url, {}, async (db, engine) => {
    const states = await migrationStates(db, engine);
    await db.destroy();
    return states;
  });
}

/** Opening an embedded database creates it; whoever only wants to look is told that it is not there. */
function requireFile(url: string): void {
  const file = sqliteFileOf(url);
  if (file !== undefined && !existsSync(file))
    throw new OpenError(`cannot use ${redactDatabaseUrl(url)}: there is no such file`);
}

async function requireMigrated(db: Kysely<Schema>, engine: Engine): Promise<void> {
  const pending = (await migrationStates(db, engine)).filter(({ state }) => state === "pending");
  if (pending.length > 0) throw new OpenError("its schema is older than this version's; run: bienvenue migrate");
  await engine.initialize(db);
}

/** Hands a new connection on; when that fails it is closed, and the error says which database, why and the mend. */
async function using<T>(
  url: string,
  { DATABASE_POOL = 10 }: { readonly DATABASE_POOL?: number },
  use: (db: Kysely<Schema>, engine: Engine) => Promise<T>,
): Promise<T> {
  const cannot = (why: string, cause: unknown) =>
    new OpenError(`cannot use ${redactDatabaseUrl(url)}: ${why}`, { cause });
  let engine: Engine;
  try {
    engine = await engineFor(url, DATABASE_POOL);
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

/** Each engine's driver is loaded only where it is used. */
async function engineFor(url: string, pool: number): Promise<Engine> {
  const path = /^sqlite:(.*)$/s.exec(url)?.[1];
  // A program may use any file name; a person who writes ? or # in DATABASE_URL means something else.
  const mistake = path === undefined ? describeDatabaseUrlError(url) : describeFileNameError(path);
  if (mistake !== undefined) throw new OpenError(mistake);
  if (path !== undefined) return (await import("./sqlite/sqlite.ts")).sqlite(path);
  return (await import("./postgres/postgres.ts")).postgres(url, pool);
}
