import { type RawBuilder, sql } from "kysely";
import type { Engine } from "./engine.ts";

type ColumnType = "text" | "bigint";

/**
 * Builds a table from rows that are passed as a single JSON parameter. The SQL is the same for any number of rows, so the
 * database prepares the statement only once.
 */
export function jsonTable<Row extends Readonly<Record<string, string | number | null>>>(
  engine: Pick<Engine, "jsonTable">,
  columns: Readonly<Record<keyof Row & string, ColumnType>>,
  rows: readonly Row[],
): RawBuilder<Row> {
  return sql<Row>`(${engine.jsonTable(columns, JSON.stringify(rows))})`;
}

/** Builds a condition that is true if a column has one of these values. */
export function isIn(
  engine: Pick<Engine, "jsonTable">,
  column: string,
  values: readonly string[] | readonly number[],
): RawBuilder<boolean> {
  const type = typeof values[0] === "number" ? "bigint" : "text";
  const table = jsonTable(
    engine,
    { value: type },
    values.map((value) => ({ value })),
  );
  return sql<boolean>`${sql.ref(column)} in ${table}`;
}
