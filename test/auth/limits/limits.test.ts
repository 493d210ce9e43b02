import assert from "node:assert/strict";
import { Auth, type Caller } from "../../../src/auth/auth.ts";
import { AuthError, DatabaseUnavailable } from "../../../src/errors.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { day, hour, minute } from "../../support/world.ts";

const owner = { email: "bob@example.com", password: "plough-Violet-9-harbour" };

/** Creates a service whose database the test can read. */
async function createService(environment: Record<string, string> = {}) {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore());
  const settings = readSettings({ RATE_LIMIT: "on", BCRYPT_COST: "4", ...environment });
  const auth = new Auth(store.db, { hashThreads, settings, clock: store.clock.now });
  resources.defer(() => auth.close());
  return { auth, store, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Returns the error code of a login, and the seconds until a retry. */
async function getOutcome(work: Promise<unknown>): Promise<[code: string, retryAfter?: number]> {
  try {
    await work;
    return ["ok"];
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    return error.retryAfter === undefined ? [error.code] : [error.code, error.retryAfter];
  }
}

/** Returns the counts of attempts: setting, count, and milliseconds until it expires. */
async function readCounts({ clock, readRows }: Store): Promise<[string, number, number][]> {
  const all = (await readRows("attempts")).map(({ key, count, ends_at }): [string, number, number] => [
    `${key}`.split(":")[0] as string,
    Number(count),
    Number(ends_at) - clock.now(),
  ]);
  return all.filter(([name]) => name.startsWith("LIMIT_")).toSorted();
}

const callerFrom = (ip: string): Caller => ({ ip });

// id: rows-expire
test("a wrong password leaves rows that are gone after a day, whether or not there is an account", async () => {
  await using service = await createService();
  const { auth, store } = service;
  await auth.registerUser(owner.email, owner.password);
  await auth.admin.sweep();
  for (const email of [owner.email, "invented@example.com", "not an address"]) {
    store.clock.advance(2 * day);
    await auth.admin.sweep();
    assert.deepEqual(await readCounts(store), []);
    const login = () => getOutcome(auth.logIn({ email, password: "wrong" }, callerFrom("192.0.2.1")));
    assert.deepEqual(await login(), ["wrong_login"]);
    assert.deepEqual(await readCounts(store), [
      ["LIMIT_LOGIN_ACCOUNT", 1, 15 * minute],
      ["LIMIT_LOGIN_NETWORK", 1, 15 * minute],
      ["LIMIT_LOGIN_STREAK", 1, day],
    ]);
    for (let i = 0; i < 9; i++) await login();
    store.clock.advance(day - 1);
    for (let i = 0; i < 2; i++) assert.deepEqual(await login(), ["wrong_login"]);
    const [, , streak] = await readCounts(store);
    assert.deepEqual(
      streak,
      ["LIMIT_LOGIN_STREAK", 12, 364 * day + 1],
      "after ten failures, the streak is stored for a year from the first",
    );
    await store.run("delete from attempts");
  }
});

// id: success-leaves-no-row
test("a correct password or a busy service leaves no row", async () => {
  await using service = await createService();
  const { auth, store } = service;
  const network = callerFrom("2001:db8:1:2::3");
  const failures = [["LIMIT_LOGIN_ACCOUNT"], ["LIMIT_LOGIN_NETWORK"], ["LIMIT_LOGIN_NETWORK"], ["LIMIT_LOGIN_NETWORK"]];
  await auth.registerUser(owner.email, owner.password, network);
  await store.run("delete from attempts");
  await auth.logIn(owner, network);
  assert.deepEqual(await readCounts(store), []);
  await getOutcome(auth.logIn({ ...owner, password: "wrong" }, network));
  await auth.logIn(owner, network);
  assert.deepEqual(
    (await readCounts(store)).map(([name, count]) => [name, count]),
    failures.map(([name]) => [name, 1]),
    "a success ends the streak, and no other count",
  );
  await store.run("delete from attempts");
  await auth.close();
  for (let i = 0; i < 300; i++) {
    const ip = i % 2 ? `192.0.2.${i % 256}` : `2001:db8:1:${i.toString(16)}::1`;
    const [code] = await getOutcome(auth.logIn({ email: `${i}@example.com`, password: "wrong" }, callerFrom(ip)));
    assert.equal(code, "busy");
    await getOutcome(auth.registerUser(`${i}@example.com`, owner.password, callerFrom(ip)));
  }
  assert.deepEqual(await readCounts(store), []);
});

// id: ipv6-networks
test("an IPv6 network has a limit by /64, by /56 with four times the attempts and by /48 with sixteen times", async () => {
  const limit = "3/1h";
  await using service = await createService({
    LIMIT_LOGIN_NETWORK: limit,
    LIMIT_REGISTRATION_NETWORK: limit,
    LIMIT_MAIL_NETWORK: limit,
    LIMIT_REDEMPTION_NETWORK: limit,
  });
  const { auth, store } = service;
  let invented = 0;
  const email = () => `${++invented}@example.com`;
  const attempts: Record<string, (caller: Caller) => Promise<unknown>> = {
    login: (caller) => auth.logIn({ email: email(), password: "wrong" }, caller),
    registration: (caller) => auth.account.register(email(), owner.password, caller),
    reset: (caller) => auth.resetPassword.request(email(), caller),
    verification: (caller) => auth.verifyEmail.request(email(), caller),
    redemption: (caller) => auth.updatePassword(`${++invented}`, owner.password, undefined, caller),
    proof: (caller) => auth.verifyEmail.confirm({ token: `${++invented}`, password: "wrong" }, caller),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    store.clock.advance(hour);
    const passes = async (ip: string) => (await getOutcome(attempt(callerFrom(ip))))[0] !== "too_many_tries";
    const countAllowed = async (ips: readonly string[]) => {
      let count = 0;
      for (const ip of ips) if (await passes(ip)) count++;
      return count;
    };
    const subnets = (start: number, count: number, each: number) =>
      Array.from({ length: count * each }, (_, i) => {
        const subnet = (start + Math.floor(i / each)).toString(16);
        return `2001:db8:1:${subnet}:${i}::${i}`;
      });
    assert.equal(await countAllowed(subnets(0x100, 1, 5)), 3, `${name}: a /64`);
    assert.equal(await countAllowed(subnets(0x101, 30, 1)), 9, `${name}: 30 /64s of its /56`);
    assert.equal(await countAllowed(subnets(0x1ff, 1, 1)), 0, `${name}: any other /64 of the /56`);
    store.clock.advance(10 * minute);
    const others = Array.from({ length: 100 }, (_, i) => `2001:db8:1:${(0x1000 + 0x100 * i).toString(16)}::1`);
    assert.equal(await countAllowed(others), 36, `${name}: 100 /56s of their /48`);
    assert.deepEqual(await getOutcome(attempt(callerFrom("2001:db8:1:ffff::1"))), ["too_many_tries", 50 * 60], name);
    assert.equal(await passes("2001:db8:2:100::1"), true, `${name}: the next /48`);
    assert.equal(await passes("192.0.2.1"), true, name);
  }
});

test("an attempt rejected by the limit of a wider network reports the wait of that limit, and counts toward no limit", async () => {
  await using service = await createService({ LIMIT_LOGIN_NETWORK: "1/1h" });
  const { auth, store } = service;
  const login = (subnet: number) =>
    getOutcome(
      auth.logIn({ email: `${subnet}@example.com`, password: "wrong" }, callerFrom(`2001:db8:1:${subnet}::1`)),
    );
  for (let i = 0; i < 4; i++) {
    assert.deepEqual(await login(i), ["wrong_login"]);
    store.clock.advance(minute);
  }
  const before = await store.readRows("attempts");
  assert.deepEqual(await login(0), ["too_many_tries", 56 * 60]);
  for (let i = 4; i < 60; i++) assert.deepEqual(await login(i), ["too_many_tries", 56 * 60]);
  assert.deepEqual(await store.readRows("attempts"), before);
});

test("an attempt that cannot be refunded counts, and the login succeeds", async () => {
  await using service = await createService();
  const { auth, store } = service;
  await auth.registerUser(owner.email, owner.password);
  store.db.limits.refund = () => Promise.reject(new DatabaseUnavailable("locked"));
  await auth.logIn(owner, callerFrom("192.0.2.1"));
  assert.equal((await readCounts(store)).find(([name]) => name === "LIMIT_LOGIN_STREAK")?.[1], 1);
});

// id: unforeseen-errors-count
test("a registration and an email request count even if they end in an unexpected error", async () => {
  await using service = await createService({ CONCEAL_ACCOUNTS: "off" });
  const { auth, store } = service;
  await auth.registerUser(owner.email, owner.password);
  const { session } = await auth.logIn(owner);
  const attempts: [string, number, () => Promise<unknown>][] = [
    ["LIMIT_MAIL_ACCOUNT", 1, () => auth.resetPassword.request("carol@example.com")],
    ["LIMIT_MAIL_ACCOUNT", 1, () => auth.verifyEmail.request("carol@example.com")],
    ["LIMIT_MAIL_ACCOUNT", 2, () => auth.account.changeEmail(session.sessionId, "carol@example.com")],
    ["LIMIT_REGISTRATION_ACCOUNT", 1, () => auth.registerUser("carol@example.com", owner.password)],
  ];
  for (const [name, keys, attempt] of attempts) {
    await store.run("delete from attempts");
    const table = name === "LIMIT_REGISTRATION_ACCOUNT" ? "users" : "outbox";
    await store.run(`alter table ${table} rename to lost`);
    const error = await attempt().catch((error: unknown) => error);
    await store.run(`alter table lost rename to ${table}`);
    assert.ok(error instanceof Error && !(error instanceof AuthError || error instanceof DatabaseUnavailable));
    assert.deepEqual(
      (await readCounts(store)).map(([readCounts, count]) => [readCounts, count]),
      Array.from({ length: keys }, () => [name, 1]),
    );
  }
});
