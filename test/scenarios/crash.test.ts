import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Service, startService, temporaryFolder } from "../support/service.ts";

const crashes = 10;
const clients = 6;

/** What the acknowledged requests say about an account. */
interface Account {
  readonly email: string;
  registered: boolean;
  /** The valid password; two possible ones while a reset is not acknowledged. */
  passwords: string[];
  /** A session opened with the first password. */
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

/** Registers one account after another and resets its password, until the service stops responding. */
async function registerAndReset(
  service: Service,
  name: string,
  accounts: Account[],
  acknowledge: () => void,
): Promise<void> {
  for (let i = 0; ; i++) {
    const account: Account = {
      email: `${name}.${i}@example.com`,
      registered: false,
      passwords: ["first"],
      cookie: undefined,
    };
    const { email } = account;
    accounts.push(account);
    assert.equal((await send(service, "POST", "/users", { email, password: "first" })).status, 200);
    account.registered = true;
    acknowledge();
    account.cookie = (await send(service, "POST", "/sessions", { email, password: "first" })).cookie;
    const { reset_token } = JSON.parse((await send(service, "POST", "/reset_password", { email })).text);
    account.passwords = ["first", "second"];
    const reset = { email, reset_token, new_password: "second" };
    assert.equal((await send(service, "PUT", "/reset_password", reset)).status, 200);
    account.passwords = ["second"];
    acknowledge();
  }
}

/** Asserts that everything acknowledged is stored, and everything else completely or not at all. */
async function assertStored(service: Service, account: Account): Promise<void> {
  const { email, passwords, cookie } = account;
  const profile = await send(service, "GET", "/profile", undefined, cookie);
  const good: string[] = [];
  for (const password of passwords) {
    const { status } = await send(service, "POST", "/sessions", { email, password });
    if (status === 200) good.push(password);
    else assert.equal(status, 401);
  }
  if (good.length === 0 && !account.registered) {
    assert.equal((await send(service, "POST", "/users", { email, password: "first" })).status, 200, email);
    good.push("first");
  }
  assert.equal(good.length, 1, `${email} has one password of ${passwords}`);
  if (cookie) assert.equal(profile.status, good[0] === "first" ? 200 : 403, `${email}: only a reset ends the session`);
  Object.assign(account, { registered: true, passwords: good });
}

/**
 * Returns settings with which the service kills itself during a reset: in reset number `reset`, `statements` statements after
 * the one that sets the password. A signal from outside rarely arrives between them.
 */
function killWithinReset(reset: number, statements: number): Record<string, string> {
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
  await using folder = await temporaryFolder();
  const path = join(folder.path, "accounts.db");
  const start = (environment = {}) => startService({ DATABASE_URL: `sqlite:${path}`, ...environment });
  const all: Account[] = [];
  let unsettled: Account[] = [];
  for (let crash = 0; crash < crashes; crash++) {
    const killsItself = crash % 2 === 1;
    await using service = await start(killsItself ? killWithinReset(crash, (crash - 1) / 2) : {});
    await Promise.all(unsettled.map((account) => assertStored(service, account)));
    unsettled = [];
    let left = killsItself ? Number.POSITIVE_INFINITY : 1 + ((crash * 7) % 30);
    const acknowledge = () => {
      if (--left === 0) void service.end("SIGKILL");
    };
    const names = Array.from({ length: clients }, (_, client) => `crash${crash}.client${client}`);
    const ends = await Promise.allSettled(names.map((name) => registerAndReset(service, name, unsettled, acknowledge)));
    for (const end of ends) {
      assert.equal(end.status, "rejected");
      assert.ok(end.reason instanceof TypeError, `only a broken connection ends it: ${end.reason}`);
    }
    await service.end("SIGKILL");
    assert.equal(service.process.signalCode, "SIGKILL");
    all.push(...unsettled);
  }
  await using service = await start();
  using raw = new DatabaseSync(path);
  assert.equal(raw.prepare("pragma integrity_check").get()?.integrity_check, "ok");
  await Promise.all(unsettled.map((account) => assertStored(service, account)));
  for (const account of all) await assertStored(service, { ...account, cookie: undefined });
  assert.equal(raw.prepare("select count(*) as users from users").get()?.users, all.length);
});
