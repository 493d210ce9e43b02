import type { Auth } from "../auth/auth.ts";
import type { FailedMail, OutboxMail } from "../db/db.ts";
import { toIso } from "../values/iso.ts";
import { formatJson, formatTable, formatTime } from "./format.ts";

export interface ListMailOptions {
  readonly limit: number;
  readonly json?: true;
}

export interface RetryMailOptions {
  readonly failed?: true;
  readonly json?: true;
}

export async function listMails(auth: Auth, { limit, json }: ListMailOptions): Promise<void> {
  const mails = await auth.outbox.list(limit);
  const waiting = await auth.outbox.count();
  const failures = await auth.outbox.listFailed(limit);
  const failed = await auth.outbox.countFailed();
  if (json) {
    const document = { waiting, mails: mails.map(waitingToJson), failed, failed_mails: failures.map(failedToJson) };
    return console.log(formatJson(document));
  }
  if (mails.length === 0) console.log("no waiting emails");
  else printWaiting(mails, waiting);
  if (failures.length > 0) printFailed(failures, failed);
}

function waitingToJson({ id, kind, userId, createdAt, nextAttemptAt, attempts }: OutboxMail) {
  return {
    id,
    kind,
    user_id: userId,
    created_at: toIso(createdAt),
    next_try_at: toIso(nextAttemptAt),
    tries: attempts,
  };
}

function failedToJson({ id, kind, userId, createdAt, attempts, failedAt, reason }: FailedMail) {
  return {
    id,
    kind,
    user_id: userId,
    created_at: toIso(createdAt),
    tries: attempts,
    failed_at: toIso(failedAt),
    reason,
  };
}

function printWaiting(mails: readonly OutboxMail[], total: number): void {
  const rows = mails.map((mail) => ({ ...toRow(mail), "next attempt": formatTime(mail.nextAttemptAt) }));
  printRows(rows, total);
}

function printFailed(failures: readonly FailedMail[], total: number): void {
  console.log("\nfailed; retry with: bienvenue mail retry --failed");
  const rows = failures.map((mail) => ({ ...toRow(mail), failed: formatTime(mail.failedAt), reason: mail.reason }));
  printRows(rows, total);
}

function toRow({ id, kind, userId, createdAt, attempts }: OutboxMail | FailedMail) {
  return { id, kind, user: userId, created: formatTime(createdAt), attempts };
}

function printRows(rows: Parameters<typeof formatTable>[0], total: number): void {
  console.log(formatTable(rows));
  if (total > rows.length) console.log(`${total} in total`);
}

/** Makes waiting or failed emails due. The running service sends them. */
export async function retryMails(auth: Auth, { failed, json }: RetryMailOptions): Promise<void> {
  const retried = await (failed ? auth.outbox.retryFailed() : auth.outbox.retry());
  console.log(json ? formatJson({ retried }) : `retrying ${retried} ${retried === 1 ? "email" : "emails"} now`);
}
