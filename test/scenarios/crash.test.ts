import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createTemporaryFolder, type Service, startService } from "../support/service.ts";

const crashes = 10;
const clients = 6;

/** The state of an account according to the responses so far. */
interface Account {
  readonly email: string;
  registered: boolean;
  /** The current password, or both passwords until the response to a reset. */
  possiblePasswords: string[];
  /** The cookie of a session that was opened with the first password. */
  cookie: string | undefined;
}

async function send({ url }: Service, method: string, path: string, fields?: Record<string, string>, cookie = "") {
  const body = fields ? { body: new URLSearchParams(fields) } : {};
  const response = await fetch(url + path, { method, headers: { Cookie: cookie }, ...body });
  return {
    status: response.status,
    cookie: response.headers.get("Set-Cookie")?.split(";")[0],
    text: await response.text(),
  };
}

/** Registers one account after another and resets its password, until the service crashes. */
async function useUntilCrash(
  service: Service,
  name: string,
  accounts: Account[],
  acknowledge: () => void,
): Promise<void> {
  for (let i = 0; ; i++) {
    const account: Account = {
      email: `${name}.${i}@example.com`,
      registered: false,
      possiblePasswords: ["first"],
      cookie: undefined,
    };
    const { email } = account;
    accounts.push(account);
    assert.equal((await send(service, "POST", "/users", { email, password: "first" })).status, 200);
    account.registered = true;
    acknowledge();
    account.cookie = (await send(service, "POST", "/sessions", { email, password: "first" })).cookie;
    const { reset_token } = JSON.parse((await send(service, "POST", "/reset_password", { email })).text);
    account.possiblePasswords = ["first", "second"];
    const reset = { email, reset_token, new_password: "second" };
    assert.equal((await send(service, "PUT", "/reset_password", reset)).status, 200);
    account.possiblePasswords = ["second"];
    acknowledge();
  }
}

/** Asserts that acknowledged writes are stored, and that other writes are stored completely or not at all. */
async function assertStored(service: Service, account: Account): Promise<void> {
  const { email, possiblePasswords, cookie } = account;
  const profile = await send(service, "GET", "/profile", undefined, cookie);
  const validPasswords: string[] = [];
  for (const password of possiblePasswords) {
    const { status } = await send(service, "POST", "/sessions", { email, password });
    if (status === 200) validPasswords.push(password);
    else assert.equal(status, 401);
  }
  if (validPasswords.length === 0 && !account.registered) {
    assert.equal((await send(service, "POST", "/users", { email, password: "first" })).status, 200, email);
    validPasswords.push("first");
  }
  assert.equal(validPasswords.length, 1, `${email}: exactly one of ${possiblePasswords} is valid`);
  if (cookie)
    assert.equal(profile.status, validPasswords[0] === "first" ? 200 : 403, `${email}: only a reset ends the session`);
  Object.assign(account, { registered: true, possiblePasswords: validPasswords });
}

/**
 * Returns settings with which the service kills itself during a password reset. A signal from outside rarely arrives
 * between two statements.
 *
 * @param reset the number of the reset
 * @param statements the number of statements to run after the one that sets the password
 */
function killDuringReset(reset: number, statements: number): Record<string, string> {
  const hook = `import { StatementSync } from "node:sqlite";
    let resets = 0;
    let since = 0;
    for (const name of ["run", "all"]) {
      const original = StatementSync.prototype[name];
      StatementSync.prototype[name] = function (...values) {
        const result = original.apply(this, values);
        if (/^update "users" set "hashed_password"/.test(this.sourceSQL)) resets++;
        if (resets === ${reset} && since++ === ${statements}) process.kill(process.pid, "SIGKILL");
        return result;
      };
    }`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
}

// id: kill-minus-nine
test("after a kill -9 everything acknowledged is stored, and nothing is stored in part", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  const start = (environment = {}) => startService({ DATABASE_URL: `sqlite:${path}`, ...environment });
  const accounts: Account[] = [];
  let unchecked: Account[] = [];
  for (let crash = 0; crash < crashes; crash++) {
    const killsItself = crash % 2 === 1;
    await using service = await start(killsItself ? killDuringReset(crash, (crash - 1) / 2) : {});
    await Promise.all(unchecked.map((account) => assertStored(service, account)));
    unchecked = [];
    let remaining = killsItself ? Number.POSITIVE_INFINITY : 1 + ((crash * 7) % 30);
    const acknowledge = () => {
      if (--remaining === 0) void service.stop("SIGKILL");
    };
    const names = Array.from({ length: clients }, (_, client) => `crash${crash}.client${client}`);
    const results = await Promise.allSettled(names.map((name) => useUntilCrash(service, name, unchecked, acknowledge)));
    for (const result of results) {
      assert.equal(result.status, "rejected");
      assert.ok(result.reason instanceof TypeError, `not a broken connection: ${result.reason}`);
    }
    await service.stop("SIGKILL");
    assert.equal(service.process.signalCode, "SIGKILL");
    accounts.push(...unchecked);
  }
  await using service = await start();
  using db = new DatabaseSync(path);
  assert.equal(db.prepare("pragma integrity_check").get()?.integrity_check, "ok");
  await Promise.all(unchecked.map((account) => assertStored(service, account)));
  for (const account of accounts) await assertStored(service, { ...account, cookie: undefined });
  assert.equal(db.prepare("select count(*) as users from users").get()?.users, accounts.length);
});
