import type { FailedMail, OutboxMail } from "../../db/db.ts";
import { recordBulkOperation } from "../audit/audit.ts";
import type { Context } from "../context.ts";

/** Returns the waiting emails, oldest first. */
export function list({ db }: Context, limit: number): Promise<OutboxMail[]> {
  return db.outbox.list(limit);
}

/** Returns the number of waiting emails. */
export function count({ db }: Context): Promise<number> {
  return db.outbox.count();
}

/** Returns the emails that are no longer retried, newest first. */
export function listFailed({ db }: Context, limit: number): Promise<FailedMail[]> {
  return db.failedMails.list(limit);
}

/** Returns the number of emails that are no longer retried. */
export function countFailed({ db }: Context): Promise<number> {
  return db.failedMails.count();
}

/** Retries every waiting email now, for an operator. Returns their number. */
export async function retry(context: Context): Promise<number> {
  const retried = await context.db.outbox.makeAllDue();
  recordBulkOperation(context, "mails_retried", retried);
  return retried;
}

/** Queues every failed email again, for an operator. Returns their number. */
export async function retryFailed(context: Context): Promise<number> {
  let retried = 0;
  for (let count = -1; count !== 0; retried += count) count = await context.db.failedMails.requeue(500);
  recordBulkOperation(context, "mails_retried", retried);
  return retried;
}
