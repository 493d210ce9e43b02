import assert from "node:assert/strict";
import { test } from "node:test";
import { openDB } from "../../src/db/db.ts";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";

test("waiting emails are listed without their recipients, and retried on request", async () => {
  await using database = await createEmptyDatabase("sqlite");
  const clock = () => Date.UTC(2020, 0, 1);
  await using db = await openDB(database.url, { clock });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(["mail", ...args], { DATABASE_URL: database.url });
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout;
  };
  const list = (...args: string[]) => run("list", ...args);
  const retry = (...args: string[]) => run("retry", ...args);
  assert.equal(await list(), "no waiting emails\n");
  const { id } = await db.addUser("bob@example.com", "x");
  await db.outbox.add({ kind: "password_changed", language: "en", userId: id });
  await db.outbox.add({ kind: "reset", language: "en", email: "bob@example.com" });
  const years = 20 * 365 * 86_400_000;
  await db.outbox.claim(1, () => years);
  assert.equal(
    await list("--limit", "1"),
    [
      "id  kind              user  created               attempts  next attempt",
      "1   password_changed  1     2020-01-01T00:00:00Z  1         2039-12-27T00:00:00Z",
      "2 in total\n",
    ].join("\n"),
  );
  const { waiting, mails } = JSON.parse(await list("--json"));
  assert.equal(waiting, 2);
  assert.deepEqual(mails[1], {
    id: 2,
    kind: "reset",
    user_id: null,
    created_at: "2020-01-01T00:00:00.000Z",
    next_try_at: "2020-01-01T00:00:00.000Z",
    tries: 0,
  });
  assert.equal(await retry(), "retrying 1 email now\n");
  assert.equal(await retry("--json"), '{"retried":0}\n');
  await db.failedMails.add({ id: 1 }, { reason: "the mail server mail.example.com:465 rejects the recipient (550)" });
  await db.failedMails.add({ id: 2 }, { reason: undefined });
  assert.equal(
    await list("--limit", "1"),
    [
      "no waiting emails",
      "",
      "failed; retry with: bienvenue mail retry --failed",
      "id  kind   user  created               attempts  failed                reason",
      "2   reset  –     2020-01-01T00:00:00Z  0         2020-01-01T00:00:00Z  –",
      "2 in total\n",
    ].join("\n"),
  );
  const { failed, failed_mails } = JSON.parse(await list("--json"));
  assert.equal(failed, 2);
  assert.deepEqual(failed_mails[1], {
    id: 1,
    kind: "password_changed",
    user_id: 1,
    created_at: "2020-01-01T00:00:00.000Z",
    tries: 1,
    failed_at: "2020-01-01T00:00:00.000Z",
    reason: "the mail server mail.example.com:465 rejects the recipient (550)",
  });
  assert.equal(await retry("--failed"), "retrying 2 emails now\n");
  assert.equal(JSON.parse(await list("--json")).waiting, 2);
});
