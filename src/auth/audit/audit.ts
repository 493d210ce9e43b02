import type { DB, EventQuery, StoredEvent } from "../../db/db.ts";
import { type Caller, sanitizeCaller } from "../caller.ts";
import type { AuditTrail } from "./trail.ts";

/** What an operator does to many at once. */
export type BulkOperation = "accounts_adopted" | "accounts_exported" | "accounts_imported" | "mails_retried";

/** Marks operator actions in the audit trail. */
export const byOperator = "by an operator";

/** An operator's: the audit trail, oldest first. */
export async function list(
  { db, trail }: { readonly db: DB; readonly trail: AuditTrail },
  wanted: EventQuery,
): Promise<StoredEvent[]> {
  await trail.flush();
  return db.audit.list(wanted);
}

/** Records one operator action on several accounts or mails. */
export function recordBulkOperation(
  { trail }: { readonly trail: AuditTrail },
  operation: BulkOperation,
  count: number,
): void {
  trail.record(operation, { detail: `${byOperator}: ${count}` });
}

/** Records a request that was rejected before it reached `Auth`, and why. */
export function recordRejectedRequest({ trail }: { readonly trail: AuditTrail }, why: string, by: Caller): void {
  trail.record("request_refused", { caller: sanitizeCaller(by), detail: why });
}
