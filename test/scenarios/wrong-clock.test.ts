import assert from "node:assert/strict";
import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import type { Mail } from "../../src/mail/mailer.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { createStore, type Store } from "../support/engine-store.ts";
import { test } from "../support/engines.ts";
import { hashThreads } from "../support/hash-threads.ts";
import { RecordingMailer } from "../support/recording-mailer.ts";
import { Clock, createRecordingLog, day, hour, minute, productionEnvironment } from "../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";
const newPassword = "harbour-Violet-7-plough";
const year = 365 * day;

interface TestNode {
  readonly auth: Auth;
  readonly clock: Clock;
  readonly store: Store;
  readonly mails: Mail[];
  readonly logEntries: Record<string, unknown>[];
  /** Delivers the emails that are due, and returns the token of the newest one. */
  deliverToken(): Promise<string>;
}

/** @param clockOffset milliseconds by which the clock of the node is ahead */
async function createNode(
  resources: AsyncDisposableStack,
  environment = {},
  existingStore?: Store,
  clockOffset = 0,
): Promise<TestNode> {
  const store = existingStore ?? resources.use(await createStore());
  const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4", ...environment });
  const clock = new Clock();
  clock.advance(clockOffset);
  const logEntries: Record<string, unknown>[] = [];
  const mailer = new RecordingMailer();
  const db = resources.use(await openDB(store.url, { settings, clock: clock.now }));
  const auth = new Auth(db, { hashThreads, settings, mailer, clock: clock.now, log: createRecordingLog(logEntries) });
  resources.defer(() => auth.close());
  const deliverToken = async () => {
    await auth.outbox.deliver();
    return mailer.sent.at(-1)?.token ?? "";
  };
  return { auth, clock, store, mails: mailer.sent, logEntries, deliverToken };
}

/** Logs in with a wrong password. Returns the milliseconds to wait before a retry, or 0 if the password was checked. */
async function attemptLogin({ auth }: TestNode, address = email): Promise<number> {
  try {
    await auth.logIn({ email: address, password: "wrong" });
  } catch (error) {
    const { code, retryAfter } = error as { code: string; retryAfter?: number };
    assert.ok(code === "wrong_login" || code === "too_many_tries", code);
    return 1000 * (retryAfter ?? 0);
  }
  return assert.fail();
}

/** Milliseconds by which a wrong clock is ahead. */
const leaps = [2 * minute, hour, 2 * day, 3 * year];

// id: limit-ends
test("a limit that was reached while the clock was ahead lasts no longer than its window", async () => {
  for (const leap of leaps) {
    await using resources = new AsyncDisposableStack();
    const service = await createNode(resources, { LIMIT_LOGIN_ACCOUNT: "2/15m" });
    service.clock.advance(leap);
    for (let i = 0; i < 2; i++) assert.equal(await attemptLogin(service), 0);
    assert.equal(await attemptLogin(service), 15 * minute);
    service.clock.advance(-leap);
    assert.equal(await attemptLogin(service), 15 * minute, `${leap}`);
    service.clock.advance(14 * minute);
    assert.equal(await attemptLogin(service), minute, `${leap}`);
    service.clock.advance(minute);
    for (let i = 0; i < 2; i++) assert.equal(await attemptLogin(service), 0, `${leap}`);
    assert.equal(await attemptLogin(service), 15 * minute);
  }
});

test("attempts that were counted while the clock was ahead still count, and expire within one window", async () => {
  await using resources = new AsyncDisposableStack();
  const service = await createNode(resources, { LIMIT_LOGIN_ACCOUNT: "3/15m" });
  service.clock.advance(2 * day);
  for (let i = 0; i < 2; i++) assert.equal(await attemptLogin(service), 0);
  service.clock.advance(-2 * day);
  assert.equal(await attemptLogin(service), 0);
  service.clock.advance(10 * minute);
  assert.equal(await attemptLogin(service), 5 * minute);
});

test("a streak of wrong passwords that was counted while the clock was ahead ends within a year", async () => {
  await using resources = new AsyncDisposableStack();
  const service = await createNode(resources, { LIMIT_LOGIN_ACCOUNT: "100/1m", LIMIT_LOGIN_STREAK: "2" });
  service.clock.advance(3 * year);
  for (let i = 0; i < 2; i++) assert.equal(await attemptLogin(service), 0);
  service.clock.advance(-3 * year);
  assert.ok((await attemptLogin(service)) > 0);
  service.clock.advance(year);
  assert.equal(await attemptLogin(service), 0);
});

test("nodes whose clocks are a minute apart count each other's attempts", async () => {
  await using resources = new AsyncDisposableStack();
  const one = await createNode(resources, { LIMIT_LOGIN_ACCOUNT: "10/15m" });
  const ahead = await createNode(resources, { LIMIT_LOGIN_ACCOUNT: "10/15m" }, one.store, minute);
  for (let i = 0; i < 5; i++) for (const each of [one, ahead]) assert.equal(await attemptLogin(each), 0, `${i}`);
  for (const each of [one, ahead]) {
    const wait = await attemptLogin(each);
    assert.ok(wait > 13 * minute && wait <= 15 * minute, `${wait}`);
  }
});

test("an email that was requested while the clock was ahead is sent after the correction, and names no future time", async () => {
  for (const leap of leaps) {
    await using resources = new AsyncDisposableStack();
    const service = await createNode(resources);
    await service.auth.registerUser(email, password);
    service.clock.advance(leap);
    const sessionId = (await service.auth.createSession(email)) ?? "";
    await service.auth.account.changePassword(sessionId, { currentPassword: password, newPassword });
    await service.auth.resetPassword.request(email);
    await service.auth.resetPassword.request(email);
    service.clock.advance(-leap);
    await service.auth.outbox.deliver();
    service.clock.advance(65 * minute);
    await service.auth.outbox.deliver();
    const sent = service.mails.map(({ kind }) => kind).toSorted();
    assert.deepEqual(sent, ["password_changed", "reset_password"], `${leap}`);
    for (const { at } of service.mails) assert.ok(at <= service.clock.now());
    assert.equal(await service.auth.outbox.count(), 0);
  }
});

test("an email that failed while the clock was ahead is retried within an hour and given up within a day", async () => {
  await using resources = new AsyncDisposableStack();
  const service = await createNode(resources);
  await service.auth.registerUser(email, password);
  await service.auth.resetPassword.request(email);
  let failures = 0;
  const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4" });
  const mailer = {
    send: async () => {
      failures++;
      throw new Error("451");
    },
    close: async () => {},
  };
  const db = resources.use(await openDB(service.store.url, { settings, clock: service.clock.now }));
  const failingAuth = new Auth(db, { hashThreads, settings, mailer, clock: service.clock.now });
  resources.defer(() => failingAuth.close());
  service.clock.advance(3 * day);
  await service.auth.resetPassword.request("eve@example.com");
  await failingAuth.outbox.deliver();
  await service.auth.verifyEmail.request(email);
  await failingAuth.outbox.deliver();
  service.clock.advance(-3 * day);
  const before = failures;
  let waited = 0;
  for (; (await failingAuth.outbox.count()) > 0 && waited < 2 * day; waited += 10 * minute) {
    await failingAuth.outbox.deliver();
    if (waited <= hour) assert.ok(waited < hour || failures > before);
    service.clock.advance(10 * minute);
  }
  assert.ok(waited <= day + 2 * hour, `${waited / hour} hours`);
});

// id: link-invalid
test("a link that was created while the clock was ahead is invalid after the correction, and stays invalid", async () => {
  for (const leap of [hour, 2 * day, 3 * year]) {
    await using resources = new AsyncDisposableStack();
    const service = await createNode(resources);
    const { auth, clock, store } = service;
    await auth.registerUser(email, password);
    await auth.account.register("new@example.com", password);
    // Separately, because emails that are due together are sent in any order.
    await auth.outbox.deliver();
    clock.advance(leap);
    await auth.resetPassword.request(email);
    const emailedToken = await service.deliverToken();
    await auth.verifyEmail.request("new@example.com");
    const verifyToken = await service.deliverToken();
    await auth.registerUser("eve@example.com", password);
    const returnedToken = await auth.getResetPasswordToken("eve@example.com");
    assert.ok(
      (await auth.resetPassword.findEmail(emailedToken)) &&
        (await auth.verifyEmail.find(verifyToken)) &&
        (await auth.resetPassword.findEmail(returnedToken)),
    );
    clock.advance(-leap);
    const assertInvalid = async (when: string) => {
      assert.equal(await auth.resetPassword.findEmail(emailedToken), null, when);
      assert.equal(await auth.resetPassword.findEmail(returnedToken), null, when);
      assert.equal(await auth.verifyEmail.find(verifyToken), null, when);
      await assert.rejects(auth.updatePassword(emailedToken, newPassword), { code: "bad_reset_token" });
      await assert.rejects(auth.updatePassword(returnedToken, newPassword), { code: "bad_reset_token" });
      await assert.rejects(store.db.findUserBy({ resetToken: returnedToken }), { name: "NoResultFound" });
    };
    await assertInvalid("after the correction");
    await auth.admin.sweep();
    clock.advance(leap + minute);
    await assertInvalid("at the time that the wrong clock showed");
    clock.advance(-leap);
    // New links work immediately.
    await auth.resetPassword.request(email);
    assert.ok(await auth.resetPassword.findEmail(await service.deliverToken()));
    await auth.verifyEmail.request("new@example.com");
    assert.ok(await auth.verifyEmail.find(await service.deliverToken()));
    assert.ok(await auth.resetPassword.findEmail(await auth.getResetPasswordToken("eve@example.com")));
  }
});

test("a clock that is a minute ahead or behind invalidates no link, and a lifetime set by a program is kept", async () => {
  await using resources = new AsyncDisposableStack();
  const one = await createNode(resources);
  const ahead = await createNode(resources, {}, one.store, minute);
  await one.auth.registerUser(email, password);
  for (const each of [one, ahead]) {
    for (const kind of ["emailed", "returned"]) {
      if (kind === "emailed") await each.auth.resetPassword.request(email);
      const token = kind === "emailed" ? await each.deliverToken() : await each.auth.getResetPasswordToken(email);
      for (const other of [one, ahead]) assert.ok(await other.auth.resetPassword.findEmail(token), kind);
    }
  }
  const resetTokenExpiresAt = one.clock.now() + 30 * day;
  await one.store.db.updateUser(1, { resetToken: "a month", resetTokenExpiresAt });
  one.clock.advance(29 * day);
  assert.equal(await one.auth.resetPassword.findEmail("a month"), email);
});

const readSessionTimes = async ({ store, clock }: TestNode) =>
  (await store.run("select created_at, last_seen_at, expires_at, confirmed_at from sessions")).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, at]) => [name, at === null ? null : Number(at) - clock.now()])),
  );

for (const trigger of ["is used", "is swept"]) {
  // id: session-no-longer
  test(`a session that was opened while the clock was ahead lasts no longer than a new one once it ${trigger}`, async () => {
    for (const leap of [2 * hour, 2 * day, 3 * year]) {
      await using resources = new AsyncDisposableStack();
      const service = await createNode(resources);
      const { auth, clock } = service;
      await auth.registerUser(email, password);
      await auth.verifyEmail.request(email);
      await auth.verifyEmail.confirm({ token: await service.deliverToken(), password });
      clock.advance(leap);
      const { session } = await auth.logIn({ email, password });
      clock.advance(-leap);
      await assert.rejects(auth.account.exportData(session.sessionId), { code: "password_needed" });
      if (trigger === "is used") assert.ok(await auth.getUserFromSessionId(session.sessionId));
      else await auth.admin.sweep();
      await auth.flush();
      assert.deepEqual(await readSessionTimes(service), [
        { created_at: 0, last_seen_at: 0, expires_at: 30 * day, confirmed_at: null },
      ]);
      clock.advance(14 * day);
      assert.equal(await auth.getUserFromSessionId(session.sessionId), null, "expired unused");
    }
  });
}

test("using a session while the clock was ahead does not extend it beyond its idle time", async () => {
  await using resources = new AsyncDisposableStack();
  const service = await createNode(resources);
  const { auth, clock } = service;
  await auth.registerUser(email, password);
  const sessionId = (await auth.createSession(email)) ?? "";
  clock.advance(10 * day);
  assert.ok(await auth.getUserFromSessionId(sessionId));
  await auth.flush();
  clock.advance(-10 * day);
  assert.ok(await auth.getUserFromSessionId(sessionId));
  await auth.flush();
  clock.advance(14 * day);
  assert.equal(await auth.getUserFromSessionId(sessionId), null);
});

test("nodes whose clocks are a minute apart write the last use of a session no more often than one node", async () => {
  await using resources = new AsyncDisposableStack();
  const one = await createNode(resources);
  const ahead = await createNode(resources, {}, one.store, minute);
  await one.auth.registerUser(email, password);
  const sessionId = (await ahead.auth.createSession(email)) ?? "";
  const before = await readSessionTimes(one);
  for (let i = 0; i < 3; i++) {
    for (const each of [one, ahead]) {
      assert.ok(await each.auth.getUserFromSessionId(sessionId));
      await each.auth.flush();
    }
  }
  await one.auth.admin.sweep();
  assert.deepEqual(await readSessionTimes(one), before);
});

test("rows dated in the future are deleted as early as rows with the correct time", async () => {
  await using resources = new AsyncDisposableStack();
  const service = await createNode(resources, { EVENTS_KEEP: "2d" });
  const { auth, clock, store, logEntries } = service;
  await auth.registerUser(email, password);
  clock.advance(year);
  for (let i = 0; i < 3; i++) await auth.audit.recordRejectedRequest(`${i}`, {});
  await auth.account.register("new@example.com", password);
  // Delivered first: emails that are due together are sent in any order.
  await auth.outbox.deliver();
  await auth.verifyEmail.request(email);
  await auth.verifyEmail.confirm({ token: await service.deliverToken(), password });
  await auth.logIn({ email, password });
  await auth.flush();
  clock.advance(-year);
  await auth.admin.sweep();
  assert.ok(logEntries.some(({ event, level }) => event === "times_corrected" && level === "warn"));
  const countFutureTimes = async () => {
    let count = 0;
    for (const [table, columns] of Object.entries({
      events: ["at"],
      verifications: ["created_at"],
      outbox: ["created_at"],
      devices: ["created_at", "last_seen_at"],
    })) {
      for (const row of await store.readRows(table))
        count += columns.filter((column) => Number(row[column]) > clock.now()).length;
    }
    return count;
  };
  assert.equal(await countFutureTimes(), 0);
  clock.advance(2 * day + minute);
  const swept = await auth.admin.sweep();
  assert.ok(swept.events >= 5, `${swept.events}`);
  clock.advance(5 * day);
  assert.equal((await auth.admin.sweep()).verifications, 1);
  clock.advance(400 * day);
  assert.equal((await auth.admin.sweep()).devices, 1);
});
