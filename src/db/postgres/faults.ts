import type { DatabaseError } from "pg";
import { type DatabaseFault, DatabaseUnavailable, OpenError } from "../../errors.ts";

/** Thrown for a server that answers, and only reads: a standby, where all is read that was written. */
export class StandbyError extends Error {
  override name = "StandbyError";
}

/** PostgreSQL's error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), whole or their class. */
const faults: Readonly<Record<string, DatabaseFault>> = {
  "08": "unreachable",
  "25006": "read-only",
  "28": "unreachable",
  "3D": "unreachable",
  "40": "locked",
  "42501": "read-only",
  "53100": "full",
  "53300": "out of connections",
  "53": "unreachable",
  "55P03": "locked",
  "57014": "locked",
  "57": "unreachable",
  "58": "unreadable",
  XX: "corrupt",
};

export function sqlState(error: unknown): string | undefined {
  const { cause } = error as { cause?: unknown };
  const code = ((error instanceof DatabaseUnavailable ? cause : error) as Partial<DatabaseError> | undefined)?.code;
  // Every one of PostgreSQL's has a digit; Node's EPIPE has none.
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code ?? "") ? code : undefined;
}

/** After anything but an error of the statement itself, nobody knows what the connection will answer next. */
export function breaksConnection(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || /^(08|57P|53|58|XX)|^25006$/.test(state);
}

/** A fault of the database becomes `DatabaseUnavailable`; what is left is a mistake of ours. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof OpenError || error instanceof DatabaseUnavailable) return error;
  const state = sqlState(error);
  if (error instanceof StandbyError) return new DatabaseUnavailable("read-only", error);
  if (state === undefined) return new DatabaseUnavailable("unreachable", error);
  const fault = faults[state] ?? faults[state.slice(0, 2)];
  return fault === undefined ? error : new DatabaseUnavailable(fault, error);
}
