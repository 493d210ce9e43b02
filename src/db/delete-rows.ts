import { type Expression, type ExpressionBuilder, expressionBuilder, type SqlBool, sql } from "kysely";
import { type Schema, tables } from "./schema.ts";
import type { Store } from "./store.ts";

/**
 * Deletes at most `limit` rows that match a condition, except rows that another transaction has locked; returns the number of
 * deleted rows.
 */
export async function deleteRows<Table extends keyof Schema>(
  { db, engine }: Store,
  table: Table,
  condition: (row: ExpressionBuilder<Schema, Table>) => Expression<SqlBool>,
  limit: number,
): Promise<number> {
  const [rows, key] = [sql.table(table), sql.ref(tables[table])];
  const skipLocked = engine.locksRows ? sql`for update skip locked` : sql``;
  const isMatch = condition(expressionBuilder<Schema, Table>());
  const selected = sql`select ${key} from ${rows} where ${isMatch} limit ${limit} ${skipLocked}`;
  const { numAffectedRows } = await sql`delete from ${rows} where ${key} in (${selected})`.execute(db);
  return Number(numAffectedRows);
}
