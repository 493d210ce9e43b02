import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkPassword } from "../../../src/auth/passwords/password-policy.ts";
import type { Log } from "../../../src/observe/log.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { type BreachServer, respondWithCounts, sha1, startBreachServer } from "../../support/breach-server.ts";

const breached = "correct horse battery staple";
const fresh = "never seen before";

/** Checks a password, and returns the log entries. */
async function check(password: string, { url }: BreachServer): Promise<Record<string, unknown>[]> {
  const logged: Record<string, unknown>[] = [];
  const record = (fields: object, message: string) => void logged.push({ ...fields, message });
  const log: Log = { info: record, warn: record, error: record };
  await checkPassword({ settings: readSettings({ PASSWORD_BREACH_CHECK: url }), log }, password, "bob@example.com");
  return logged;
}

// id: known-breach-refused
test("a password from a data breach is rejected, and any other is accepted", async () => {
  await using server = await startBreachServer(respondWithCounts({ [breached]: 216, été: 1, [fresh]: 0 }));
  await assert.rejects(check(breached, server), { code: "password_breached" });
  await assert.rejects(check("été", server), { code: "password_breached" });
  assert.deepEqual(await check("something else", server), []);
});

test("an entry whose count is 0 is padding", async () => {
  await using server = await startBreachServer(respondWithCounts({ [fresh]: 0 }));
  assert.deepEqual(await check(fresh, server), []);
  assert.equal(server.requests.length, 1);
});

// id: five-characters-sent
test("the API receives 5 characters of the hash and a request for padding, and nothing else", async () => {
  await using server = await startBreachServer(respondWithCounts({}));
  await check(fresh, server);
  const [{ method, url, headers } = assert.fail()] = server.requests;
  assert.equal(`${method} ${url}`, `GET /range/${sha1(fresh).slice(0, 5)}`);
  assert.equal(headers["add-padding"], "true");
  const sent = JSON.stringify(headers);
  for (const secret of [sha1(fresh).slice(5), fresh, "bob"]) assert.ok(!sent.includes(secret));
});

test("the API is not called for a password that is rejected anyway", async () => {
  await using server = await startBreachServer(respondWithCounts({}));
  const settings = readSettings({
    PASSWORD_BREACH_CHECK: server.url,
    PASSWORD_BLOCKLIST: "on",
    PASSWORD_MIN_LENGTH: "8",
  });
  const log: Log = { info() {}, warn() {}, error() {} };
  for (const password of ["", "short", "password1", "example2024"]) {
    await assert.rejects(checkPassword({ settings, log }, password, "bob@example.com"));
  }
  assert.equal(server.requests.length, 0);
});

// id: no-answer-passes
describe("if the check fails, the password is accepted and the log has the reason, without the hash:", () => {
  const inRange = `${sha1(breached).slice(5)}:216`;
  const responses: Record<string, { answer: Parameters<typeof startBreachServer>[0]; reason: RegExp }> = {
    "an error": { answer: (_, response) => response.writeHead(500).end(inRange), reason: /^status 500$/ },
    "a wrong address": { answer: (_, response) => response.writeHead(404).end(inRange), reason: /^status 404$/ },
    "a redirect": {
      answer: ({ url }, response) =>
        url === "/there" ? response.end(inRange) : response.writeHead(302, { Location: "/there" }).end(),
      reason: /^TypeError$/,
    },
    "a page": { answer: (_, response) => response.end(`<html>\n${inRange}\n</html>`), reason: /^no range$/ },
    "an empty response": { answer: (_, response) => response.end(), reason: /^no range$/ },
    "a huge response": {
      answer: (_, response) => response.end(`${`${"0".repeat(35)}:1\r\n`.repeat(7000)}${inRange}`),
      reason: /^too large$/,
    },
    "an endless response": {
      answer: (_, response) => {
        const more = () => response.write(`${"0".repeat(35)}:1\r\n`.repeat(100), () => setImmediate(more));
        more();
      },
      reason: /^too large$/,
    },
    "a truncated response": {
      answer: (_, response) => {
        response.writeHead(200, { "Content-Length": "1000" }).write(inRange);
        setImmediate(() => response.destroy());
      },
      reason: /^UND_ERR_SOCKET$/,
    },
    "no response": { answer: () => {}, reason: /^TimeoutError$/ },
    "a response that stalls": { answer: (_, response) => void response.write(inRange), reason: /^TimeoutError$/ },
  };
  for (const [name, { answer, reason }] of Object.entries(responses)) {
    test(name, async () => {
      await using server = await startBreachServer(answer);
      const logged = await check(breached, server);
      assertFailed(logged, reason);
    });
  }

  test("no server", async () => {
    await using server = await startBreachServer(respondWithCounts({ [breached]: 216 }));
    await server.close();
    assertFailed(await check(breached, server), /^ECONNREFUSED$/);
  });

  function assertFailed(logged: Record<string, unknown>[], reason: RegExp): void {
    assert.deepEqual(
      logged.map(({ event }) => event),
      ["breach_check_failed"],
    );
    assert.match(String(logged[0]?.reason), reason);
    assert.ok(!JSON.stringify(logged).includes(sha1(breached).slice(0, 5)));
    assert.ok(!JSON.stringify(logged).includes(breached));
  }
});
