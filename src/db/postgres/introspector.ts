import { type Kysely, PostgresIntrospector, sql, type TableMetadata } from "kysely";

/** Looks at our schema alone: Kysely's own looks at all, and fails when another one is dropped meanwhile. */
export class OwnSchemaIntrospector extends PostgresIntrospector {
  readonly #db: Kysely<unknown>;

  constructor(db: Kysely<unknown>) {
    super(db);
    this.#db = db;
  }

  override async getTables(): Promise<TableMetadata[]> {
    const { rows } = await sql<Column>`
      select t.table_schema as schema, t.table_name as table, t.table_type = 'VIEW' as view, c.column_name as column,
        c.data_type as type, c.is_nullable = 'YES' as nullable, c.column_default is not null as default
      from information_schema.tables t
      join information_schema.columns c on c.table_schema = t.table_schema and c.table_name = t.table_name
      where t.table_schema = current_schema()
      order by t.table_name, c.ordinal_position`.execute(this.#db);
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
