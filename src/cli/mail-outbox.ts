import { parseArgs } from "node:util";
import type { Environment } from "../settings.ts";
import { operating, whole } from "./operator.ts";
import { iso, json, moment, table } from "./table.ts";

/** `mail list [--limit N] [--json]`: the mails that wait, the oldest first. */
export async function listMails(args: string[], environment: Environment): Promise<void> {
  const { values } = parseArgs({ args, options: { limit: { type: "string" }, json: { type: "boolean" } } });
  const limit = whole(values.limit, 50, 1, 10_000);
  await operating(environment, async (auth) => {
    const mails = await auth.listMails(limit);
    const waiting = await auth.countMails();
    if (values.json) {
      const shown = mails.map(({ id, kind, userId, createdAt, nextTryAt, tries }) => ({
        id,
        kind,
        user_id: userId,
        created_at: iso(createdAt),
        next_try_at: iso(nextTryAt),
        tries,
      }));
      return console.log(json({ waiting, mails: shown }));
    }
    if (mails.length === 0) return console.log("no mail waits");
    const rows = mails.map(({ id, kind, userId, createdAt, nextTryAt, tries }) => ({
      id,
      kind,
      user: userId,
      created: moment(createdAt),
      tries,
      "next try": moment(nextTryAt),
    }));
    console.log(table(rows));
    if (waiting > mails.length) console.log(`${waiting} in all`);
  });
}

/** `mail retry [--json]`: has every mail that waits tried now, by the service that runs. */
export async function retryMails(args: string[], environment: Environment): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  await operating(environment, async (auth) => {
    const retried = await auth.retryMails();
    console.log(
      values.json ? json({ retried }) : `${retried} ${retried === 1 ? "mail is" : "mails are"} tried again now`,
    );
  });
}
