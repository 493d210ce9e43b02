import { parseArgs } from "node:util";
import type { FailedMail, WaitingMail } from "../db/db.ts";
import type { Environment } from "../settings/settings.ts";
import { toIso } from "../values/iso.ts";
import { operating, whole } from "./operator.ts";
import { json, moment, table } from "./table.ts";

/** `mail list [--limit N] [--json]`: the mails that wait, the oldest first, and those that have failed, the newest first. */
export async function listMails(args: string[], environment: Environment): Promise<void> {
  const { values } = parseArgs({ args, options: { limit: { type: "string" }, json: { type: "boolean" } } });
  const limit = whole(values.limit, 50, 1, 10_000);
  await operating(environment, async (auth) => {
    const mails = await auth.outbox.list(limit);
    const waiting = await auth.outbox.count();
    const failures = await auth.outbox.listFailed(limit);
    const failed = await auth.outbox.countFailed();
    if (values.json) {
      const shown = mails.map(({ id, kind, userId, createdAt, nextTryAt, tries }) => ({
        id,
        kind,
        user_id: userId,
        created_at: toIso(createdAt),
        next_try_at: toIso(nextTryAt),
        tries,
      }));
      const failed_mails = failures.map(({ id, kind, userId, createdAt, tries, failedAt, reason }) => ({
        id,
        kind,
        user_id: userId,
        created_at: toIso(createdAt),
        tries,
        failed_at: toIso(failedAt),
        reason,
      }));
      return console.log(json({ waiting, mails: shown, failed, failed_mails }));
    }
    if (mails.length === 0) console.log("no mail waits");
    else printWaiting(mails, waiting);
    if (failures.length > 0) printFailed(failures, failed);
  });
}

function printWaiting(mails: readonly WaitingMail[], waiting: number): void {
  print(
    mails.map((mail) => ({ ...row(mail), "next try": moment(mail.nextTryAt) })),
    waiting,
  );
}

function printFailed(failures: readonly FailedMail[], failed: number): void {
  console.log("\nfailed, and not tried again (mail retry --failed tries them once more):");
  print(
    failures.map((mail) => ({ ...row(mail), failed: moment(mail.failedAt), reason: mail.reason })),
    failed,
  );
}

function row({ id, kind, userId, createdAt, tries }: WaitingMail | FailedMail) {
  return { id, kind, user: userId, created: moment(createdAt), tries };
}

function print(rows: Parameters<typeof table>[0], inAll: number): void {
  console.log(table(rows));
  if (inAll > rows.length) console.log(`${inAll} in all`);
}

/** `mail retry [--failed] [--json]`: has every mail that waits, or has failed, tried now, by the service that runs. */
export async function retryMails(args: string[], environment: Environment): Promise<void> {
  const { values } = parseArgs({ args, options: { failed: { type: "boolean" }, json: { type: "boolean" } } });
  await operating(environment, async (auth) => {
    const retried = await (values.failed ? auth.outbox.retryFailed() : auth.outbox.retry());
    console.log(
      values.json ? json({ retried }) : `${retried} ${retried === 1 ? "mail is" : "mails are"} tried again now`,
    );
  });
}
