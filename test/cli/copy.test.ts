import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { startService } from "../support/service.ts";
import { createStoredSession } from "../support/stored-session.ts";

const email = "bob@example.com";

test("copy moves a service from SQLite to PostgreSQL and back, and prints what it copied", async () => {
  await using file = await createEmptyDatabase("sqlite");
  await using server = await createEmptyDatabase("postgres");
  await using back = await createEmptyDatabase("sqlite");
  const sessionId = await createStoredSession(file.url, email);
  for (const [from, to] of [
    [file.url, server.url],
    [server.url, back.url],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(["copy", "--from", from, "--to", to]);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.match(stdout, /^copied 1 users, 1 sessions, [1-9] events from \S+ to \S+; checksums match\n$/);
    assert.ok(!stdout.includes("w%3Ard"), "prints a password");
  }
  await using service = await startService({ DATABASE_URL: back.url });
  const profile = await fetch(`${service.url}/profile`, { headers: { Cookie: `session_id=${sessionId}` } });
  assert.deepEqual(await profile.json(), { email });
});

test("copy rejects a target with accounts and a missing source, in one line", async () => {
  await using file = await createEmptyDatabase("sqlite");
  await using server = await createEmptyDatabase("postgres");
  await createStoredSession(file.url, email);
  await createStoredSession(server.url, email);
  for (const [expected, ...args] of [
    [1, "--from", file.url, "--to", server.url],
    [1, "--from", "sqlite:/nowhere/at/all.db", "--to", server.url],
    [1, "--from", file.url.replace("sqlite:", ""), "--to", server.url],
    [1, "--from", file.url, "--to", "other.db"],
    [2, "--from", file.url],
    [2, "--from", file.url, "--to", file.url],
    [2, "--form", file.url],
  ] as const) {
    const { code, stderr } = await runCommand(["copy", ...args]);
    assert.equal(code, expected, args.join(" "));
    assert.match(
      stderr,
      expected === 2 ? /^bienvenue: .+\nSee bienvenue copy --help\n$/ : /^bienvenue: .+\n(?: {2}.+\n)?$/,
    );
  }
});
