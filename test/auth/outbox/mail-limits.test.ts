import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import type { Mail } from "../../../src/mail/mailer.ts";
import { type Environment, readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { startNode } from "../../support/node.ts";
import { RecordingMailer } from "../../support/recording-mailer.ts";
import { createRecordingLog, day, hour, minute, productionEnvironment } from "../../support/world.ts";

const email = "bob@example.com";
const password = "plough-Violet-9-harbour";
/** Limits of requests so high that only the limits of emails apply. */
const highLimits = { LIMIT_MAIL_ACCOUNT: "999/1h", LIMIT_MAIL_NETWORK: "999/1h", LIMIT_REGISTRATION_NETWORK: "999/1h" };

interface Service extends AsyncDisposable {
  readonly store: Store;
  readonly auth: Auth;
  readonly logged: Record<string, unknown>[];
  readonly mailer: RecordingMailer;
  /** Starts another node on the same database. */
  addNode(): Promise<Auth>;
  /** Sends the emails that are due, and returns those sent since the last call. */
  deliver(): Promise<Mail[]>;
}

async function createService(environment: Environment): Promise<Service> {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore(productionEnvironment));
  const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4", ...highLimits, ...environment });
  const mailer = new RecordingMailer();
  const logged: Record<string, unknown>[] = [];
  const auth = new Auth(store.db, {
    hashThreads,
    settings,
    mailer,
    log: createRecordingLog(logged),
    clock: store.clock.now,
  });
  resources.defer(() => auth.close());
  const service: Service = {
    store,
    auth,
    logged,
    mailer,
    addNode: () => startNode(resources, store, { settings, mailer }),
    async deliver() {
      await auth.outbox.deliver();
      return mailer.sent.splice(0);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return service;
}

/** Returns a caller in a separate network: an IPv4 address, or an IPv6 /64 of many /48s. */
function callerInNetwork(i: number) {
  return { ip: i % 2 === 0 ? `192.0.${2 + Math.floor(i / 250)}.${i % 250}` : `2001:db8:${i.toString(16)}::1` };
}

const listRecipients = (mails: readonly Mail[]) => mails.map(({ to }) => to).toSorted();

test("a flood that uses up the global limit delays requested emails, and no notice, operator's email or known device", async () => {
  await using service = await createService({ LIMIT_MAIL_ALL: "3/1h" });
  const { auth, store } = service;
  const { id } = await auth.registerUser(email, password);
  await store.db.updateUser(id, { emailVerifiedAt: 1 });
  for (const device of ["laptop", "phone"]) {
    await auth.logIn({ email, password }, { deviceSecrets: device, ip: "198.51.100.7" });
  }
  assert.deepEqual(
    (await service.deliver()).map(({ kind }) => kind),
    ["new_device"],
  );
  for (let i = 0; i < 8; i++) await auth.account.register(`${i}@example.net`, password, callerInNetwork(i));
  // Requests for unknown addresses do not count.
  for (let i = 0; i < 20; i++) await auth.resetPassword.request(`nobody${i}@example.net`, callerInNetwork(100 + i));
  const first = listRecipients(await service.deliver());
  assert.equal(first.length, 3);
  assert.equal(await auth.outbox.count(), 5);
  assert.equal((await store.readRows("mailed_tokens")).length, 3);
  assert.equal(service.logged.filter(({ event }) => event === "mail_capped").length, 1);
  // A request by an attacker does not delay one from the owner's device, in either order.
  await auth.resetPassword.request(email, callerInNetwork(200));
  assert.deepEqual(await service.deliver(), []);
  store.clock.advance(minute);
  await auth.resetPassword.request(email, { deviceSecrets: "laptop", ip: "198.51.100.7" });
  await auth.resetPassword.request(email, callerInNetwork(201));
  const [reset, ...more] = await service.deliver();
  assert.deepEqual([reset?.kind, reset?.to, more], ["reset_password", email, []]);
  store.clock.advance(minute);
  assert.equal(await auth.admin.sendResetMail(id), true);
  const [operators] = await service.deliver();
  assert.deepEqual([operators?.kind, operators?.to], ["reset_password", email]);
  await auth.admin.invite("mia@example.com");
  await auth.updatePassword(operators?.token ?? "", `${password}!`);
  assert.deepEqual((await service.deliver()).map(({ kind }) => kind).toSorted(), ["invitation", "password_changed"]);
  // The other emails wait for the next hours.
  store.clock.advance(hour);
  const second = listRecipients(await service.deliver());
  assert.equal(second.length, 3);
  store.clock.advance(hour);
  const third = listRecipients(await service.deliver());
  const all = Array.from({ length: 8 }, (_, i) => `${i}@example.net`);
  assert.deepEqual([...first, ...second, ...third].toSorted(), all);
  assert.equal(await auth.outbox.count(), 0);
});

test("requested emails to a mailbox are limited per day, in any spelling, and others are not affected", async () => {
  await using service = await createService({ LIMIT_MAIL_ADDRESS: "2/1d", LIMIT_REGISTRATION_ACCOUNT: "999/1h" });
  const { auth, store } = service;
  const register = async (address: string) => {
    store.clock.advance(minute);
    await auth.account.register(address, password, callerInNetwork(store.clock.now() % 999));
    return listRecipients(await service.deliver());
  };
  assert.deepEqual(await register(email), [email]);
  assert.deepEqual(await register("bob+news@example.com"), ["bob+news@example.com"]);
  assert.deepEqual(await register("bob+1@example.com"), []);
  assert.deepEqual(await register("eve@example.com"), ["eve@example.com"]);
  assert.equal(await auth.outbox.count(), 1);
  store.clock.advance(day - 4 * minute);
  assert.deepEqual(await service.deliver(), []);
  store.clock.advance(4 * minute);
  assert.deepEqual(listRecipients(await service.deliver()), ["bob+1@example.com"]);
});

for (const [attackers, floods] of Object.entries({
  "attackers who request resets": [
    async (auth: Auth, i: number) => auth.resetPassword.request(email, callerInNetwork(i)),
  ],
  "attackers who register other spellings and request resets of those": [
    (auth: Auth, i: number) => auth.account.register(`bob+${i}@example.com`, password, callerInNetwork(i)),
    (auth: Auth, i: number) => auth.resetPassword.request(`bob+${i}@example.com`, callerInNetwork(i)),
  ],
})) {
  test(`${attackers} delay the reset of an owner without a known device by an hour at most`, async () => {
    await using service = await createService({ LIMIT_REGISTRATION_ACCOUNT: "999/1h" });
    const { auth, store } = service;
    const { id } = await auth.registerUser(email, password);
    await store.db.updateUser(id, { emailVerifiedAt: 1 });
    let mailed = 0;
    for (let i = 0; i < 40; i++) {
      for (const flood of floods) await flood(auth, i);
      mailed += (await service.deliver()).length;
      store.clock.advance(minute + 1);
    }
    assert.equal(mailed, 20);
    for (let passed = 0; passed < 8; passed++) {
      await auth.resetPassword.request(email, { ip: "198.51.100.7" });
      const mails: Mail[] = [];
      for (let i = 0; i < 6; i++) {
        for (const flood of floods) await flood(auth, 100 * passed + i);
        const some = await service.deliver();
        for (const { to, token = "" } of some) assert.equal(await auth.resetPassword.findEmail(token), to);
        mails.push(...some);
        store.clock.advance(10 * minute);
      }
      assert.equal(mails.filter(({ to, kind }) => to === email && kind === "reset_password").length, 1);
      assert.ok(mails.length <= 2, `${mails.length}`);
    }
  });
}

test("a redeemed reset clears the count of its address", async () => {
  await using service = await createService({ LIMIT_MAIL_ADDRESS: "2/1d" });
  const { auth, store } = service;
  await auth.registerUser(email, password);
  const request = async () => {
    store.clock.advance(2 * minute);
    await auth.resetPassword.request(email, callerInNetwork(store.clock.now() % 999));
    return service.deliver();
  };
  await request();
  const [mail] = await request();
  assert.deepEqual(await request(), []);
  await auth.updatePassword(mail?.token ?? "", `${password}!`, email);
  assert.deepEqual(
    (await service.deliver()).map(({ kind }) => kind),
    ["password_changed"],
  );
  assert.equal((await request()).length, 1);
  assert.equal((await request()).length, 1);
  assert.equal((await request()).length, 0);
});

test("two nodes together send exactly as many emails as the limit, and an email that fails is refunded", async () => {
  await using service = await createService({ LIMIT_MAIL_ALL: "7/1h" });
  const { auth, store } = service;
  const other = await service.addNode();
  for (let i = 0; i < 20; i++) await auth.account.register(`${i}@d${i}.example`, password, callerInNetwork(i));
  const counts = await Promise.all([auth, other].map((each) => each.outbox.deliver()));
  assert.equal(
    counts.reduce((sum, some) => sum + some),
    7,
  );
  assert.equal((await service.deliver()).length, 7);
  store.clock.advance(hour);
  service.mailer.beforeSend = async () => {
    throw new Error("the mail server is down");
  };
  assert.equal(await auth.outbox.deliver(), 0);
  service.mailer.beforeSend = async () => {};
  await auth.outbox.retry();
  assert.equal((await service.deliver()).length, 7);
});

test("the queue holds at most the emails of one day: the network with the most queued emails loses its newest", async () => {
  await using service = await createService({ LIMIT_MAIL_ALL: "1/1h" });
  const { auth } = service;
  const flood = (i: number) => ({ ip: `2001:db8:1:${i.toString(16)}::1` });
  for (let i = 0; i < 60; i++) await auth.account.register(`${i}@example.net`, password, flood(i));
  assert.equal((await service.deliver()).length, 1);
  const waiting = await auth.outbox.count();
  assert.ok(waiting >= 22 && waiting <= 34, `${waiting}`);
  assert.equal(await auth.outbox.countFailed(), 59 - waiting);
  // An email of another network replaces one of the flood.
  await auth.account.register(email, password, callerInNetwork(2));
  assert.deepEqual(await service.deliver(), []);
  assert.equal(await auth.outbox.count(), waiting);
  const rows = await service.store.readRows("outbox");
  assert.equal(rows.filter(({ network }) => network === "192.0.2.2").length, 1);
});
