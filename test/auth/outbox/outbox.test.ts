import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import { openDB } from "../../../src/db/db.ts";
import type { Mail } from "../../../src/mail/mailer.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { RecordingMailer } from "../../support/recording-mailer.ts";
import { createRecordingLog, hour, minute, productionEnvironment } from "../../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";

interface Node extends AsyncDisposable {
  readonly store: Store;
  readonly auth: Auth;
  readonly mailer: RecordingMailer;
  readonly logged: Record<string, unknown>[];
  /** Starts another node on the same database. */
  addNode(): Promise<Node>;
}

async function createNode(shared?: Store): Promise<Node> {
  const store = shared ?? (await createStore(productionEnvironment));
  const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4" });
  const logged: Record<string, unknown>[] = [];
  const log = createRecordingLog(logged);
  const mailer = new RecordingMailer();
  const db = shared ? await openDB(store.url, { settings, clock: store.clock.now }) : store.db;
  const auth = new Auth(db, { hashThreads, settings, log, mailer, clock: store.clock.now });
  return {
    store,
    auth,
    mailer,
    logged,
    addNode: () => createNode(store),
    async [Symbol.asyncDispose]() {
      await auth.close();
      if (shared) await db.close();
      else await store[Symbol.asyncDispose]();
    },
  };
}

/** Returns all rows of all tables as one string. */
async function readAllTables({ store }: Node): Promise<string> {
  const tables = ["users", "sessions", "devices", "verifications", "outbox", "attempts"];
  return JSON.stringify(await Promise.all(tables.map((table) => store.readRows(table))));
}

const reject = async () => {
  throw new Error("mail.example.com rejects the recipient (550)");
};

// id: no-token-waits
test("a queued email has no token; each attempt to send it generates a token, and the last token is valid", async () => {
  await using world = await createNode();
  world.mailer.beforeSend = reject;
  await world.auth.account.register(email, password);
  const [row] = await world.store.readRows("verifications");
  assert.deepEqual([row?.token, row?.reset_token], [null, null]);
  assert.ok(!/[\w-]{43}/.test(JSON.stringify(await world.store.readRows("outbox"))));
  let tried: Mail | undefined;
  const send = world.mailer.send.bind(world.mailer);
  world.mailer.send = (mail) => {
    tried = mail;
    return send(mail);
  };
  assert.equal(await world.auth.outbox.deliver(), 0);
  const lost = tried?.token ?? "";
  world.mailer.beforeSend = async () => {};
  world.store.clock.advance(2 * minute);
  assert.equal(await world.auth.outbox.deliver(), 1);
  const { token = "" } = world.mailer.sent[0] ?? {};
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(token, lost);
  for (const secret of [token, lost]) assert.ok(!(await readAllTables(world)).includes(secret));
  await assert.rejects(world.auth.verifyEmail.confirm({ email, token: lost, password }), { code: "bad_verify_token" });
  assert.equal((await world.auth.verifyEmail.confirm({ email, token, password })).user.email, email);
});

test("the link of an invitation sets the password and confirms the address, and a later reset replaces it", async () => {
  await using world = await createNode();
  await world.auth.admin.invite(email, "fr");
  world.mailer.beforeSend = reject;
  assert.equal(await world.auth.outbox.deliver(), 0);
  world.mailer.beforeSend = async () => {};
  world.store.clock.advance(2 * minute);
  const mailed = async () => {
    await world.auth.outbox.deliver();
    const { kind, to, language, token = "" } = world.mailer.sent.at(-1) ?? {};
    return { content: [kind, to, language], token };
  };
  const invitation = await mailed();
  assert.deepEqual(invitation.content, ["invitation", email, "fr"]);
  await world.auth.resetPassword.request(email);
  const reset = await mailed();
  assert.deepEqual(reset.content, ["reset_password", email, "en"]);
  await assert.rejects(world.auth.updatePassword(invitation.token, password), { code: "bad_reset_token" });
  assert.ok((await world.auth.updatePassword(reset.token, password)).emailVerifiedAt);

  await world.auth.admin.invite("eve@example.com");
  const { token } = await mailed();
  world.store.clock.advance(hour - 1);
  await world.auth.updatePassword(token, password);
  await world.auth.logIn({ email: "eve@example.com", password });
  await world.auth.admin.invite("mia@example.com");
  const late = await mailed();
  world.store.clock.advance(hour);
  await assert.rejects(world.auth.updatePassword(late.token, password), { code: "bad_reset_token" });
});

test("an email is retried after 2, 4, 8 … 60 minutes, and dropped after a day with an error in the log", async () => {
  await using world = await createNode();
  world.mailer.beforeSend = reject;
  await world.auth.account.register(email, password);
  const delays: number[] = [];
  let last = world.store.clock.now();
  const start = last;
  for (let seen = 0; (await world.auth.outbox.count()) > 0; world.store.clock.advance(minute / 2)) {
    await world.auth.outbox.deliver();
    const tries = world.logged.filter(({ event }) => event === "mail_delayed" || event === "mail_given_up").length;
    if (tries > seen) {
      delays.push((world.store.clock.now() - last) / minute);
      last = world.store.clock.now();
    }
    seen = tries;
  }
  assert.deepEqual(delays.slice(0, 9), [0, 2, 4, 8, 16, 32, 60, 60, 60]);
  assert.ok(last - start >= 24 * hour && last - start < 25 * hour);
  const dropped = world.logged.filter(({ event }) => event === "mail_given_up");
  assert.deepEqual(
    dropped.map(({ level, kind, reason }) => [level, kind, reason]),
    [["error", "registration", "mail.example.com rejects the recipient (550)"]],
  );
  const delayed = world.logged.filter(({ event }) => event === "mail_delayed");
  assert.equal(delayed.length, delays.length - 1);
  assert.deepEqual([...new Set(delayed.map(({ level }) => level))], ["warn"]);
  assert.ok(!JSON.stringify(world.logged).includes("@"), "an address is in the log");
});

test("a mailer that does not respond delays only the email, not the request", async () => {
  await using world = await createNode();
  const away = Promise.withResolvers<void>();
  world.mailer.beforeSend = () => away.promise;
  await world.auth.account.register(email, password);
  const delivering = world.auth.outbox.deliver();
  await world.auth.account.register("eve@example.com", password);
  await assert.rejects(world.auth.logIn({ email, password }), { code: "wrong_login" });
  await world.auth.resetPassword.request(email);
  assert.deepEqual(world.mailer.sent, []);
  away.resolve();
  await delivering;
  await world.auth.outbox.deliver();
  assert.equal(world.mailer.sent.length, 3);
});

test("a node that crashes before it sends a claimed email delays it; no other node sends it in the meantime", async () => {
  await using world = await createNode();
  await using other = await world.addNode();
  await world.auth.account.register(email, password);
  const claimed = Promise.withResolvers<void>();
  world.mailer.beforeSend = () => {
    claimed.resolve();
    return new Promise(() => {});
  };
  void world.auth.outbox.deliver();
  await claimed.promise;
  assert.equal(await other.auth.outbox.deliver(), 0);
  world.store.clock.advance(2 * minute - 1);
  assert.equal(await other.auth.outbox.deliver(), 0);
  world.store.clock.advance(1);
  assert.equal(await other.auth.outbox.deliver(), 1);
  assert.equal(await other.auth.outbox.count(), 0);
});

test("each email is sent by one of two nodes that deliver at the same time", async () => {
  await using world = await createNode();
  await using other = await world.addNode();
  for (let i = 0; i < 30; i++) await world.auth.account.register(`${i}@example.com`, password);
  const counts = await Promise.all([world, other, world, other].map(({ auth }) => auth.outbox.deliver()));
  assert.equal(
    counts.reduce((all, some) => all + some),
    30,
  );
  const sent = [...world.mailer.sent, ...other.mailer.sent].map(({ to }) => to);
  assert.deepEqual([sent.length, new Set(sent).size], [30, 30]);
  assert.equal(await world.auth.outbox.count(), 0);
});

test("an email of a kind that only a newer node knows stays in the outbox", async () => {
  await using world = await createNode();
  await world.store.db.outbox.add({ kind: "postcard" as "reset", language: "en", email });
  assert.equal(await world.auth.outbox.deliver(), 0);
  assert.equal(await world.auth.outbox.count(), 1);
});

test("deleting an account deletes its queued emails, except the notice of the deletion, and no other account's emails", async () => {
  await using world = await createNode();
  for (const address of [email, "eve@example.com"]) {
    await world.auth.admin.invite(address);
    await world.auth.verifyEmail.request(address);
  }
  await world.auth.admin.deleteAccount(1);
  await world.auth.outbox.deliver();
  const others = world.mailer.sent.filter(({ to }) => to !== "eve@example.com");
  assert.deepEqual(
    others.map(({ kind, to }) => [kind, to]),
    [["account_removed", email]],
  );
  assert.ok(world.mailer.sent.length > others.length);
  assert.equal(await world.auth.outbox.count(), 0);
});

test("an operator can retry queued emails immediately; emails that were never sent are swept", async () => {
  await using world = await createNode();
  world.mailer.beforeSend = reject;
  await world.auth.account.register(email, password);
  await world.auth.outbox.deliver();
  world.mailer.beforeSend = async () => {};
  assert.equal(await world.auth.outbox.deliver(), 0);
  assert.equal(await world.auth.outbox.retry(), 1);
  assert.equal(await world.auth.outbox.retry(), 0);
  assert.equal(await world.auth.outbox.deliver(), 1);
  await world.auth.account.register("eve@example.com", password);
  world.store.clock.advance(26 * hour);
  assert.equal((await world.auth.admin.sweep()).mails, 0);
  world.store.clock.advance(1);
  assert.equal((await world.auth.admin.sweep()).mails, 1);
});
