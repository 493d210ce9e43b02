import { existsSync } from "node:fs";
import { Kysely, sql } from "kysely";
import { databaseUrlMistake, redacted } from "../database-url.ts";
import { DatabaseUnavailable, OpenError } from "../errors.ts";
import { readSettings } from "../settings.ts";
import { fileNameMistake } from "../sqlite-path.ts";
import { embeddedFile } from "./embedded-file.ts";
import type { Engine } from "./engine.ts";
import { type MigrationState, migrate, migrationStates } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import type { Lifetimes, Store } from "./store.ts";

export interface DBOptions {
  /** How long sessions and reset tokens live, and how PostgreSQL is used; `readSettings` has the defaults. */
  readonly settings?: Lifetimes & { readonly DATABASE_POOL?: number; readonly AUTO_MIGRATE?: "on" | "off" };
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** Opens a database, and brings it to this program's schema unless `AUTO_MIGRATE` is off. */
export async function open(url: string, { settings = readSettings(), clock = Date.now }: DBOptions): Promise<Store> {
  if (settings.AUTO_MIGRATE === "off") requireFile(url);
  return using(url, settings, async (db, engine) => {
    if (settings.AUTO_MIGRATE !== "off") await migrate(db, engine);
    else await requireMigrated(db, engine);
    // A database that can be read and not written would fail the first person instead.
    await db.transaction().execute((transaction) => sql`delete from users where id < 0`.execute(transaction));
    return { db, engine, lifetimes: settings, clock };
  });
}

/** Tells how far a database's schema is, and changes nothing. */
export async function statesOf(url: string): Promise<MigrationState[]> {
  requireFile(url);
  return using(url, {}, async (db, engine) => {
    const states = await migrationStates(db, engine);
    await db.destroy();
    return states;
  });
}

/** Opening an embedded database creates it; whoever only wants to look is told that it is not there. */
function requireFile(url: string): void {
  const file = embeddedFile(url);
  if (file !== undefined && !existsSync(file))
    throw new OpenError(`cannot use ${redacted(url)}: there is no such file`);
}

async function requireMigrated(db: Kysely<Schema>, engine: Engine): Promise<void> {
  const pending = (await migrationStates(db, engine)).filter(({ state }) => state === "pending");
  if (pending.length > 0) throw new OpenError("its schema is older than this version's; run: bienvenue migrate");
  await engine.adopt(db);
}

/** Hands a new connection on; when that fails it is closed, and the error says which database, why and the mend. */
async function using<T>(
  url: string,
  { DATABASE_POOL = 10 }: { readonly DATABASE_POOL?: number },
  use: (db: Kysely<Schema>, engine: Engine) => Promise<T>,
): Promise<T> {
  const cannot = (why: string, cause: unknown) => new OpenError(`cannot use ${redacted(url)}: ${why}`, { cause });
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
    if (error instanceof DatabaseUnavailable) throw cannot(`it is ${error.fault}; ${engine.mend(error)}`, error);
    throw error;
  }
}

/** Each engine's driver is loaded only where it is used. */
async function engineFor(url: string, pool: number): Promise<Engine> {
  const path = /^sqlite:(.*)$/s.exec(url)?.[1];
  // A program may know its file by any name; people who write ? or # there mean something else (DATABASE_URL).
  const mistake = path === undefined ? databaseUrlMistake(url) : fileNameMistake(path);
  if (mistake !== undefined) throw new OpenError(mistake);
  if (path !== undefined) return (await import("./sqlite.ts")).sqlite(path);
  return (await import("./postgres.ts")).postgres(url, pool);
}
