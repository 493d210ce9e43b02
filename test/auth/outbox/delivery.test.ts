import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import { openDB } from "../../../src/db/db.ts";
import { createSmtpMailer } from "../../../src/mail/smtp.ts";
import { Counters } from "../../../src/observe/metrics.ts";
import { type Environment, readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { type MailServer, startMailServer } from "../../support/mail-server.ts";
import { createRecordingLog, day, hour, minute, productionEnvironment } from "../../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";

interface Node {
  readonly auth: Auth;
  readonly metrics: Counters;
  readonly logged: Record<string, unknown>[];
}

/** A service whose mail server hangs for some recipients, and rejects others. */
interface Service extends AsyncDisposable {
  readonly store: Store;
  readonly server: MailServer;
  readonly node: Node;
  /** Starts another node on the same database and mail server. */
  addNode(): Promise<Node>;
  /** Resolves when the server hangs for this many recipients. */
  waitForHanging(count: number): Promise<void>;
  /** Lets the mail server respond for all recipients, including those for which it currently hangs. */
  release(): void;
  /** Returns the code of the server's immediate response for a recipient, or undefined if there is none. */
  getResponseCode: (address: string) => number | undefined;
  /** Returns true if the server hangs for a recipient. */
  hangs: (address: string) => boolean;
}

async function createService(environment: Environment = {}): Promise<Service> {
  const resources = new AsyncDisposableStack();
  const settings = readSettings({ ...productionEnvironment, RATE_LIMIT: "off", BCRYPT_COST: "4", ...environment });
  const store = resources.use(await createStore(productionEnvironment));
  const held: (() => void)[] = [];
  let isHeld = true;
  let watch = () => {};
  const server = resources.use(
    await startMailServer({
      onRcptTo({ address }, _, done) {
        const responseCode = service.getResponseCode(address);
        if (responseCode !== undefined) return done(Object.assign(new Error(`<${address}> no`), { responseCode }));
        if (!isHeld || !service.hangs(address)) return done();
        held.push(done);
        watch();
      },
    }),
  );
  const node = async (db = store.db): Promise<Node> => {
    const logged: Record<string, unknown>[] = [];
    const mailer = createSmtpMailer(`smtp://127.0.0.1:${server.port}`, settings);
    resources.defer(() => mailer.close());
    const metrics = new Counters();
    const auth = new Auth(db, {
      hashThreads,
      settings,
      mailer,
      metrics,
      log: createRecordingLog(logged),
      clock: store.clock.now,
    });
    resources.defer(() => auth.close());
    return { auth, metrics, logged };
  };
  const service: Service = {
    store,
    server,
    node: await node(),
    addNode: async () => node(resources.use(await openDB(store.url, { settings, clock: store.clock.now }))),
    waitForHanging: (count) =>
      new Promise((resolve) => {
        watch = () => held.length >= count && resolve();
        watch();
      }),
    release() {
      isHeld = false;
      for (const done of held.splice(0)) done();
    },
    getResponseCode: () => undefined,
    hangs: (address) => /@.*slow/.test(address),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  resources.defer(() => service.release());
  return service;
}

const createAddresses = (count: number, address: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => address(i));

for (const [name, slow] of [
  ["one", () => "eve@slow.example"],
  ["fifty in one domain", (i: number) => `${i}@slow.example`],
  ["fifty in fifty domains", (i: number) => `eve@slow${i}.example`],
] as const) {
  test(`slow recipients, ${name}, do not delay the resets of others`, async () => {
    await using service = await createService();
    const { auth } = service.node;
    await auth.registerUser(email, password);
    for (const address of new Set(createAddresses(50, slow))) await auth.account.register(address, password);
    const delivering = auth.outbox.deliver();
    await service.waitForHanging(1);
    await auth.resetPassword.request(email);
    const laterDelivery = auth.outbox.deliver();
    assert.deepEqual((await service.server.nextMail()).to, [email]);
    service.release();
    await Promise.all([delivering, laterDelivery]);
    await auth.outbox.deliver();
    assert.equal(await auth.outbox.count(), 0);
    const to = service.server.mails.flatMap((mail) => mail.to).toSorted();
    assert.deepEqual(to, [...new Set(createAddresses(50, slow)), email].toSorted());
  });
}

test("slow recipients in a domain do not delay the resets of others in that domain", async () => {
  await using service = await createService();
  const { auth } = service.node;
  const bob = "bob@one.example";
  await auth.registerUser(bob, password);
  for (const address of createAddresses(20, (i) => `${i}@one.example`)) await auth.account.register(address, password);
  service.hangs = (address) => address !== bob;
  const delivering = auth.outbox.deliver();
  await service.waitForHanging(2);
  await auth.resetPassword.request(bob);
  const laterDelivery = auth.outbox.deliver();
  assert.deepEqual((await service.server.nextMail()).to, [bob]);
  service.release();
  await Promise.all([delivering, laterDelivery]);
});

test("slow resets that attackers request for many accounts delay no notice, operator's email or known device", async () => {
  await using service = await createService();
  const { auth } = service.node;
  const slow = createAddresses(20, (i) => `eve@slow${i}.example`);
  for (const address of [...slow, email]) await auth.registerUser(address, password);
  for (const address of slow) await auth.resetPassword.request(address);
  const delivering = auth.outbox.deliver();
  await service.waitForHanging(7);
  assert.equal(await auth.admin.sendResetMail(21), true);
  const laterDelivery = auth.outbox.deliver();
  assert.deepEqual((await service.server.nextMail()).to, [email]);
  // The slow resets do not delay a reset that the owner requests from an unknown device a little later, either.
  await auth.registerUser("mia@example.com", password);
  await auth.resetPassword.request("mia@example.com");
  const last = auth.outbox.deliver();
  assert.deepEqual((await service.server.nextMail()).to, ["mia@example.com"]);
  service.release();
  await Promise.all([delivering, laterDelivery, last]);
});

test("one call of deliver sends emails that come due while the server hangs for a recipient, and two nodes send no email twice", async () => {
  await using service = await createService();
  const other = await service.addNode();
  const { auth } = service.node;
  const all = createAddresses(40, (i) => (i % 4 === 0 ? `${i}@slow.example` : `${i}@example.com`));
  for (const address of all) await auth.account.register(address, password);
  const calls = [auth, other.auth, auth, other.auth].map((each) => each.outbox.deliver());
  await service.waitForHanging(4);
  for (let i = 0; i < 30; i++) await service.server.nextMail();
  service.release();
  const sent = (await Promise.all(calls)).reduce((sum, some) => sum + some);
  assert.equal(sent, 40);
  assert.deepEqual(service.server.mails.flatMap((mail) => mail.to).toSorted(), all.toSorted());
  assert.equal(await auth.outbox.count(), 0);
});

test("an aborted delivery starts sending no more emails, and waits for those being sent", async () => {
  await using service = await createService();
  const { auth } = service.node;
  for (const address of createAddresses(9, (i) => `${i}@slow.example`)) await auth.account.register(address, password);
  const stopping = new AbortController();
  const delivering = auth.outbox.deliver(stopping.signal);
  await service.waitForHanging(2);
  stopping.abort();
  service.release();
  // A running claim is completed.
  const sent = await delivering;
  assert.ok(sent >= 2 && sent < 9, `${sent}`);
  assert.equal(await auth.outbox.count(), 9 - sent);
});

test("an email that the server rejects permanently is not retried, and is kept for an operator", async () => {
  await using service = await createService();
  const { node, store } = service;
  for (const code of [550, 551, 552, 553, 554, 571]) {
    service.getResponseCode = (address) => (address.startsWith("eve") ? code : undefined);
    await node.auth.account.register(`eve${code}@example.com`, password);
    await node.auth.account.register(`bob${code}@example.com`, password);
    assert.equal(await node.auth.outbox.deliver(), 1, `${code}`);
  }
  assert.equal(await node.auth.outbox.count(), 0);
  const failed = await node.auth.outbox.listFailed(10);
  assert.deepEqual(
    failed.map(({ kind, attempts, failedAt, reason }) => [kind, attempts, failedAt, reason?.replace(/^.*:\d+ /, "")]),
    [571, 554, 553, 552, 551, 550].map((code) => [
      "registration",
      1,
      store.clock.now(),
      `rejects the recipient (${code})`,
    ]),
  );
  assert.equal(node.metrics.mails.get("failed"), 6);
  assert.ok(!JSON.stringify([failed, node.logged]).includes("@"), "the log or the list contains an address");
  store.clock.advance(day);
  assert.equal(await node.auth.outbox.deliver(), 0);
  service.getResponseCode = () => undefined;
  assert.equal(await node.auth.outbox.retryFailed(), 6);
  assert.equal(await node.auth.outbox.countFailed(), 0);
  assert.equal(await node.auth.outbox.deliver(), 6);
});

test("emails stay in the outbox if the server rejects this service or temporarily rejects the emails", async () => {
  await using service = await createService();
  const { node, store } = service;
  await node.auth.account.register(email, password);
  for (const code of [421, 450, 451, 452, 530, 535]) {
    service.getResponseCode = () => code;
    assert.equal(await node.auth.outbox.deliver(), 0);
    assert.deepEqual([await node.auth.outbox.count(), await node.auth.outbox.countFailed()], [1, 0], `${code}`);
    store.clock.advance(hour);
  }
  const levels = node.logged.filter(({ event }) => event === "mail_delayed").map(({ level }) => level);
  assert.deepEqual(levels, ["warn", "warn", "warn", "warn", "error", "error"]);
  service.getResponseCode = () => undefined;
  assert.equal(await node.auth.outbox.deliver(), 1);
});

test("a rejected reset email invalidates only its own link, and the next requested email is sent", async () => {
  await using service = await createService();
  const { node, store } = service;
  await node.auth.registerUser(email, password);
  const request = async () => {
    await node.auth.resetPassword.request(email);
    store.clock.advance(minute);
    await node.auth.outbox.deliver();
  };
  await request();
  const tokens = async () => (await store.readRows("mailed_tokens")).length;
  const [link = ""] = /token=3D[\w-]{43}/.exec(service.server.mails[0]?.raw.replaceAll("=\r\n", "") ?? "") ?? [];
  assert.equal(await node.auth.resetPassword.findEmail(link.slice(8)), email);
  service.getResponseCode = () => 550;
  await request();
  assert.equal(await node.auth.outbox.countFailed(), 1);
  assert.equal(await tokens(), 1);
  assert.equal(await node.auth.resetPassword.findEmail(link.slice(8)), email);
  service.getResponseCode = () => undefined;
  await request();
  assert.equal(service.server.mails.length, 2);
  assert.equal(await node.auth.resetPassword.findEmail(link.slice(8)), null);
});

test("failed emails are deleted with their account, after a week, or if there are over ten thousand", async () => {
  await using service = await createService();
  const { node, store } = service;
  service.getResponseCode = () => 550;
  await node.auth.registerUser(email, password);
  await node.auth.resetPassword.request(email);
  await node.auth.admin.invite("mia@example.com");
  await node.auth.outbox.deliver();
  assert.equal(await node.auth.outbox.countFailed(), 2);
  await node.auth.admin.deleteAccount(1);
  assert.equal(await node.auth.outbox.countFailed(), 1);
  store.clock.advance(7 * day);
  assert.equal((await node.auth.admin.sweep()).failedMails, 0);
  store.clock.advance(1);
  assert.equal((await node.auth.admin.sweep()).failedMails, 1);
  const now = store.clock.now();
  await store.run(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 10300)
     insert into failed_mails (kind, language, times, created_at, tries, failed_at) select 'reset', 'en', 1, ${now}, 1, ${now} from n`,
  );
  assert.equal((await node.auth.admin.sweep()).failedMails, 300);
  assert.equal(await node.auth.outbox.countFailed(), 10_000);
});

test("a failed email about a deletion keeps no address, and cannot be retried", async () => {
  await using service = await createService();
  const { node, store } = service;
  service.getResponseCode = () => 550;
  const { id } = await node.auth.registerUser(email, password);
  await node.auth.admin.deleteAccount(id);
  await node.auth.outbox.deliver();
  const [row] = await store.readRows("failed_mails");
  assert.deepEqual(
    [row?.kind, row?.email, row?.email_spelling, row?.domain],
    ["deleted_by_operator", null, null, null],
  );
  assert.equal(await node.auth.outbox.retryFailed(), 0);
  assert.deepEqual([await node.auth.outbox.count(), await node.auth.outbox.countFailed()], [0, 1]);
  assert.ok(!JSON.stringify(await store.readRows("outbox")).includes("bob"));
});
