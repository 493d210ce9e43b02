import type { DatabaseError } from "pg";
import { type DatabaseFault, DatabaseUnavailable, OpenError } from "../../errors.ts";

/** Thrown for a connection to a standby, which is read-only. */
export class StandbyError extends Error {
  override name = "StandbyError";
}

/**
 * Maps PostgreSQL error codes and classes of error codes to faults
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
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

export function sqlStateOf(error: unknown): string | undefined {
  const { cause } = error as { cause?: unknown };
  const code = ((error instanceof DatabaseUnavailable ? cause : error) as Partial<DatabaseError> | undefined)?.code;
  // Every PostgreSQL code has a digit; Node's EPIPE has none.
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code ?? "") ? code : undefined;
}

/**
 * Returns true if a connection must be closed after an error. Unless the error concerns only the statement, the state of the
 * connection is unknown.
 */
export function breaksConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || /^(08|57P|53|58|XX)|^25006$/.test(state);
}

/** Converts a fault of the database to `DatabaseUnavailable`. Returns any other error unchanged. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof OpenError || error instanceof DatabaseUnavailable) return error;
  const state = sqlStateOf(error);
  if (error instanceof StandbyError) return new DatabaseUnavailable("read-only", error);
  if (state === undefined) return new DatabaseUnavailable("unreachable", error);
  const fault = faults[state] ?? faults[state.slice(0, 2)];
  return fault === undefined ? error : new DatabaseUnavailable(fault, error);
}
