import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { startNode } from "../../support/node.ts";
import { RecordingMailer } from "../../support/recording-mailer.ts";
import { hour, minute, productionEnvironment } from "../../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";

/** Nodes on one database that collect their emails in one list. */
interface World extends AsyncDisposable {
  readonly store: Store;
  readonly auth: Auth;
  readonly mailer: RecordingMailer;
  /** Creates an account and returns a session id. */
  openSession(address: string): Promise<string>;
  /** Starts another node on the same database. */
  addNode(): Promise<Auth>;
  /** Sends the emails that are due, and returns the contents of all emails since the last call. */
  deliver(): Promise<[kind: string, to: string, times: number | undefined][]>;
}

async function createWorld(): Promise<World> {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore(productionEnvironment));
  const settings = readSettings({ ...productionEnvironment, RATE_LIMIT: "off", BCRYPT_COST: "4" });
  const mailer = new RecordingMailer();
  const auth = new Auth(store.db, { hashThreads, settings, mailer, clock: store.clock.now });
  resources.defer(() => auth.close());
  const world: World = {
    store,
    auth,
    mailer,
    async openSession(address) {
      const { id } = await auth.registerUser(address, password);
      await store.db.updateUser(id, { emailVerifiedAt: 1 });
      const { session } = await auth.logIn({ email: address, password });
      return session.sessionId;
    },
    addNode: () => startNode(resources, store, { settings, mailer }),
    async deliver() {
      await auth.outbox.deliver();
      return mailer.sent.splice(0).map(({ kind, to, times }) => [kind, to, times]);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return world;
}

/** Changes the password several times, and returns the session id. */
async function changePassword(auth: Auth, sessionId: string, times: number, first = 0): Promise<string> {
  let id = sessionId;
  for (let i = first; i < first + times; i++) {
    const current = i === 0 ? password : `${password}${i}`;
    id = (await auth.account.changePassword(id, { currentPassword: current, newPassword: `${password}${i + 1}` }))
      .session.sessionId;
  }
  return id;
}

test("the first of 60 password changes is mailed immediately, and all others in one email an hour later", async () => {
  await using world = await createWorld();
  let session = await changePassword(world.auth, await world.openSession(email), 1);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 1]]);
  for (let i = 1; i < 60; i++) {
    world.store.clock.advance(minute / 2);
    session = await changePassword(world.auth, session, 1, i);
    assert.deepEqual(await world.deliver(), []);
  }
  world.store.clock.advance(minute * 30.5 - 1);
  assert.deepEqual(await world.deliver(), []);
  world.store.clock.advance(1);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 59]]);
  // The hour starts with that email. Changes within that hour are mailed when it ends.
  session = await changePassword(world.auth, session, 2, 60);
  assert.deepEqual(await world.deliver(), []);
  world.store.clock.advance(hour);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 2]]);
  world.store.clock.advance(2 * hour);
  await changePassword(world.auth, session, 1, 62);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 1]]);
});

test("changes on several nodes before an email is sent are merged into one email about the last change", async () => {
  await using world = await createWorld();
  const other = await world.addNode();
  let session = await world.openSession(email);
  for (let i = 0; i < 10; i++) {
    world.store.clock.advance(minute);
    session = await changePassword(i % 2 === 0 ? world.auth : other, session, 1, i);
  }
  const last = world.store.clock.now();
  const [row, ...more] = await world.store.readRows("outbox");
  assert.deepEqual([Number(row?.times), Number(row?.created_at), more.length], [10, last, 0]);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 10]]);
});

test("a change while a notice is being sent is in the next notice", async () => {
  await using world = await createWorld();
  let session = await changePassword(world.auth, await world.openSession(email), 1);
  const beingSent = Promise.withResolvers<void>();
  const accepted = Promise.withResolvers<void>();
  world.mailer.beforeSend = () => {
    beingSent.resolve();
    return accepted.promise;
  };
  const delivering = world.deliver();
  await beingSent.promise;
  session = await changePassword(world.auth, session, 3, 1);
  accepted.resolve();
  assert.deepEqual(await delivering, [["password_changed", email, 1]]);
  world.store.clock.advance(minute);
  await changePassword(world.auth, session, 1, 4);
  assert.deepEqual(await world.deliver(), []);
  world.store.clock.advance(hour);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 4]]);
  assert.equal(await world.auth.outbox.count(), 0);
});

test("a notice that could not be sent is merged with later changes", async () => {
  await using world = await createWorld();
  let session = await changePassword(world.auth, await world.openSession(email), 1);
  world.mailer.beforeSend = async () => {
    throw new Error("the mail server is down");
  };
  // Longer than the time for which an email is retried: adding a change to a notice restarts its retries.
  for (let i = 1; i < 30; i++) {
    assert.deepEqual(await world.deliver(), []);
    world.store.clock.advance(hour);
    session = await changePassword(world.auth, session, 1, i);
  }
  world.mailer.beforeSend = async () => {};
  world.store.clock.advance(hour);
  assert.deepEqual(await world.deliver(), [["password_changed", email, 30]]);
});

test("notices are separate by kind, account and address", async () => {
  await using world = await createWorld();
  const eve = "eve@example.com";
  const sessions = { bob: await world.openSession(email), eve: await world.openSession(eve) };
  for (let i = 0; i < 8; i++) await world.auth.account.changeEmail(sessions.bob, `${i}@example.com`);
  await changePassword(world.auth, sessions.bob, 2);
  await changePassword(world.auth, sessions.eve, 3);
  const deliveredNotices = async () => (await world.deliver()).filter(([kind]) => kind !== "confirm_new_email").sort();
  // The first five email changes get separate notices, and further ones are added to the last.
  assert.deepEqual(await deliveredNotices(), [
    ...Array(4).fill(["email_changing", email, 1]),
    ["email_changing", email, 4],
    ["password_changed", email, 2],
    ["password_changed", eve, 3],
  ]);
  const again = (await world.auth.logIn({ email, password: `${password}2` })).session.sessionId;
  for (const address of ["x@example.com", "y@example.com"]) await world.auth.account.changeEmail(again, address);
  assert.deepEqual(await deliveredNotices(), []);
  world.store.clock.advance(hour);
  assert.deepEqual(await deliveredNotices(), [["email_changing", email, 2]]);
});

test("a deleted account leaves only the notice of its deletion", async () => {
  await using world = await createWorld();
  const session = await world.openSession(email);
  await changePassword(world.auth, session, 1);
  assert.equal((await world.store.readRows("attempts")).length, 1);
  const user = await world.auth.admin.findAccount(email);
  await world.auth.admin.deleteAccount(user?.id ?? 0);
  assert.deepEqual(await world.store.readRows("attempts"), []);
  assert.deepEqual(
    (await world.store.readRows("outbox")).map(({ kind }) => kind),
    ["deleted_by_operator"],
  );
});
