import { randomBytes } from "node:crypto";
import pg from "pg";
import { openDB } from "../../src/db/db.ts";

/** The schema of one test, in the PostgreSQL server of all tests. */
export interface TestSchema extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
}

export interface MigratedSchema extends TestSchema {
  /** Deletes all rows. Returns false if the schema cannot be reused, because more than its rows has changed. */
  empty(): Promise<boolean>;
}

/** Creates an empty schema, which is dropped after the test. */
export async function createEmptySchema(): Promise<TestSchema> {
  const name = createName();
  await query(`create schema ${name}`);
  return { name, url: getSchemaUrl(name), [Symbol.asyncDispose]: () => drop(name) };
}

/**
 * Returns a schema with all tables and no rows. A migration takes a tenth of a second, so an unchanged schema is emptied after
 * its test and reused. It gets a new name, so that a connection of the previous test cannot reach it.
 */
export async function createMigratedSchema(): Promise<MigratedSchema> {
  const name = (await takeReusableSchema()) ?? (await createMigrated());
  return {
    name,
    url: getSchemaUrl(name),
    empty: async () => isSchemaReuseEnabled() && (await tryReuse("empty_schema", name)),
    async [Symbol.asyncDispose]() {
      if (!(isSchemaReuseEnabled() && (await tryReuse("keep_schema", name, createName())))) await drop(name);
    },
  };
}

/** Creates the database functions that empty schemas and keep them for reuse. */
export async function enableSchemaReuse(server: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(reuseFunctions);
  await client.end();
  process.env.TEST_SCHEMAS = "kept";
}

function isSchemaReuseEnabled(): boolean {
  return process.env.TEST_SCHEMAS === "kept";
}

async function takeReusableSchema(): Promise<string | undefined> {
  if (!isSchemaReuseEnabled()) return undefined;
  const [schema] = await query<{ name: string }>(`
    delete from reusable_schemas where name = (select name from reusable_schemas limit 1 for update skip locked) returning name`);
  return schema?.name;
}

async function createMigrated(): Promise<string> {
  const name = createName();
  await query(`create schema ${name}`);
  await (await openDB(getSchemaUrl(name))).close();
  if (isSchemaReuseEnabled()) await query(`select record_shape('${name}')`);
  return name;
}

/** Empties or keeps a schema for the next test. Returns false if it cannot be reused. */
async function tryReuse(step: "empty_schema" | "keep_schema", ...names: string[]): Promise<boolean> {
  const [row] = await query<{ is_reusable: boolean }>(
    `select ${step}(${names.map((name) => `'${name}'`)}) as is_reusable`,
  );
  return row?.is_reusable === true;
}

async function drop(name: string): Promise<void> {
  await query(`drop schema ${name} cascade`);
}

function createName(): string {
  return `test_${randomBytes(8).toString("hex")}`;
}

function getServerUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error("no PostgreSQL: run the tests with npm test, or name one in TEST_DATABASE_URL");
  return url;
}

function getSchemaUrl(schema: string): string {
  const url = new URL(getServerUrl());
  url.searchParams.set("options", `-c search_path=${schema}`);
  return url.href.replaceAll("+", "%20");
}

/** The published types lack `ref` and `unref`. */
type Client = pg.Client & { ref(): void; unref(): void };

let connection: Promise<Client> | undefined;
let pendingQueries = 0;

/** Runs a query on one connection for all tests of a process. An idle connection does not keep the process running. */
async function query<T>(sql: string): Promise<T[]> {
  connection ??= connect();
  const client = await connection;
  if (pendingQueries++ === 0) client.ref();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    if (--pendingQueries === 0) client.unref();
  }
}

async function connect(): Promise<Client> {
  const client = new pg.Client(getServerUrl());
  await client.connect();
  return client as Client;
}

/**
 * The size of a table or index, in bytes, above which it is truncated. Truncation is slower than deletion, but deletion does
 * not free the space.
 */
const maxDeletedSize = 512 * 1024;

const reuseFunctions = `
  create table reusable_schemas (name text primary key);
  create table schema_shapes (oid oid primary key, shape text not null);

  -- Hashes the catalog rows of a schema. Every change of a row gives it a new xmin.
  create function shape_of(schema oid) returns text stable language sql as $$
    with relations as (select oid, xmin from pg_class where relnamespace = schema)
    select md5(string_agg(part, ' ' order by part)) from (
      select concat_ws('.', 'r', oid, xmin) from relations
      union all select concat_ws('.', 'a', attrelid, attnum, a.xmin) from pg_attribute a, relations r where attrelid = r.oid
      union all select concat_ws('.', 'i', indexrelid, i.xmin) from pg_index i, relations r where indrelid = r.oid
      union all select concat_ws('.', 't', t.oid, t.xmin) from pg_trigger t, relations r where tgrelid = r.oid
      union all select concat_ws('.', 'c', oid, xmin) from pg_constraint where connamespace = schema
      union all select concat_ws('.', 'f', oid, xmin) from pg_proc where pronamespace = schema
    ) parts(part)
  $$;

  create function record_shape(name text) returns void language sql as $$
    insert into schema_shapes select name::regnamespace, shape_of(name::regnamespace)
  $$;

  -- Empties a schema, unless it was changed or analyzed, or is in use.
  create function empty_schema(name text) returns boolean language plpgsql as $$
    declare
      schema oid := name::regnamespace;
      relation record;
    begin
      if exists (select from pg_locks l join pg_class c on c.oid = l.relation
            where relnamespace = schema and pid <> pg_backend_pid())
        or exists (select from pg_class where relnamespace = schema and relkind = 'r' and reltuples >= 0)
        or shape_of(schema) is distinct from (select shape from schema_shapes where oid = schema) then
        return false;
      end if;
      if exists (select from pg_class where relnamespace = schema and pg_relation_size(oid) > ${maxDeletedSize}) then
        execute (select 'truncate ' || string_agg(oid::regclass::text, ', ') || ' restart identity' from pg_class
          where relnamespace = schema and relkind = 'r' and relname not like 'kysely%');
        update schema_shapes set shape = shape_of(schema) where oid = schema;
        return true;
      end if;
      for relation in select oid::regclass as name, relkind from pg_class
          where relnamespace = schema and relname not like 'kysely%' loop
        if relation.relkind = 'r' then
          execute 'delete from ' || relation.name;
        elsif relation.relkind = 'S' then
          perform setval(relation.name, 1, false);
        end if;
      end loop;
      return true;
    end
  $$;

  -- Empties a schema and keeps it under a new name.
  create function keep_schema(name text, new_name text) returns boolean language plpgsql as $$
    begin
      if not empty_schema(name) then
        return false;
      end if;
      execute format('alter schema %I rename to %I', name, new_name);
      insert into reusable_schemas values (new_name);
      return true;
    end
  $$;`;
