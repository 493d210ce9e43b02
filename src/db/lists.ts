import { type RawBuilder, sql } from "kysely";
import type { Engine } from "./engine.ts";

/** The type of a column in a list. */
export type ListColumn = "text" | "bigint";

/**
 * A list of rows as a table of SQL, passed as one JSON parameter: the statement's text is the same however long the list is, so
 * that the database prepares it once.
 */
export function jsonTable<Row extends Readonly<Record<string, string | number | null>>>(
  engine: Pick<Engine, "jsonTable">,
  columns: Readonly<Record<keyof Row & string, ListColumn>>,
  rows: readonly Row[],
): RawBuilder<Row> {
  return sql<Row>`(${engine.jsonTable(columns, JSON.stringify(rows))})`;
}

/** Whether a column has one of these values. */
export function isIn(
  engine: Pick<Engine, "jsonTable">,
  column: string,
  values: readonly string[] | readonly number[],
): RawBuilder<boolean> {
  const type = typeof values[0] === "number" ? "bigint" : "text";
  const list = jsonTable(
    engine,
    { value: type },
    values.map((value) => ({ value })),
  );
  return sql<boolean>`${sql.ref(column)} in ${list}`;
}
