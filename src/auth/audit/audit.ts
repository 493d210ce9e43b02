import type { DB, EventQuery, StoredEvent } from "../../db/db.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { AuditTrail } from "./trail.ts";

/** Operator actions on several accounts or emails. */
export type BulkOperation = "accounts_adopted" | "accounts_exported" | "accounts_imported" | "mails_retried";

/** Marks operator actions in the audit trail. */
export const byOperator = "by an operator";

/** Returns audit events for an operator, oldest first. */
export async function list(
  { db, trail }: { readonly db: DB; readonly trail: AuditTrail },
  query: EventQuery,
): Promise<StoredEvent[]> {
  await trail.flush();
  return db.audit.list(query);
}

/** Records one operator action on several accounts or emails. */
export function recordBulkOperation(
  { trail }: { readonly trail: AuditTrail },
  operation: BulkOperation,
  count: number,
): void {
  trail.record(operation, { detail: `${byOperator}: ${count}` });
}

/** Adds an audit event for a request that was rejected before it reached `Auth`. */
export function recordRejectedRequest({ trail }: { readonly trail: AuditTrail }, reason: string, caller: Caller): void {
  trail.record("request_refused", { caller: sanitizeCaller(caller), detail: reason });
}
