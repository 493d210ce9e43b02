import type { FailedMail, OutboxMail } from "../../db/db.ts";
import { recordBulkOperation } from "../audit/audit.ts";
import type { Context } from "../context.ts";

/** The mails that wait, the oldest first. */
export function list({ db }: Context, limit: number): Promise<OutboxMail[]> {
  return db.outbox.list(limit);
}

/** How many mails wait. */
export function count({ db }: Context): Promise<number> {
  return db.outbox.count();
}

/** The mails that will not be tried again, the newest first. */
export function listFailed({ db }: Context, limit: number): Promise<FailedMail[]> {
  return db.failedMails.list(limit);
}

/** How many mails will not be tried again. */
export function countFailed({ db }: Context): Promise<number> {
  return db.failedMails.count();
}

/** An operator's: has every mail that waits tried now; returns how many. */
export async function retry(context: Context): Promise<number> {
  const retried = await context.db.outbox.retry();
  recordBulkOperation(context, "mails_retried", retried);
  return retried;
}

/** An operator's: has every failed mail tried once more; returns how many. */
export async function retryFailed(context: Context): Promise<number> {
  let retried = 0;
  for (let some = -1; some !== 0; retried += some) some = await context.db.failedMails.retry(500);
  recordBulkOperation(context, "mails_retried", retried);
  return retried;
}
