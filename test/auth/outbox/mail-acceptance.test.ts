import assert from "node:assert/strict";
import type { SMTPServerDataStream } from "smtp-server";
import { Auth } from "../../../src/auth/auth.ts";
import { openDB } from "../../../src/db/db.ts";
import { createSmtpMailer } from "../../../src/mail/smtp.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { type MailServer, startMailServer } from "../../support/mail-server.ts";
import { createRecordingLog, hour, minute, productionEnvironment } from "../../support/world.ts";

const settings = readSettings({ ...productionEnvironment, BCRYPT_COST: "4", RATE_LIMIT: "off" });
const email = "bob@example.com";
const password = "plough-Violet-9-harbour";
const newPassword = "harbour-Violet-7-plough";

/** The response of a mail server to a complete email. */
type Reply =
  | "accepts"
  | "defers"
  | "rejects"
  | "accepts and hangs up"
  | "rejects the recipient"
  | (() => Promise<void>);

/** A mail server whose responses the test controls. */
class PostOffice implements AsyncDisposable {
  reply: Reply = "accepts";
  /** The tokens of all complete emails, in order. */
  readonly tokens: string[] = [];
  readonly #server: MailServer;

  private constructor(server: MailServer) {
    this.#server = server;
  }

  static async open(): Promise<PostOffice> {
    let office: PostOffice | undefined;
    const server = await startMailServer({
      onRcptTo: (_, __, done) => {
        const isRejected = office?.reply === "rejects the recipient";
        done(isRejected ? Object.assign(new Error("nobody"), { responseCode: 550 }) : null);
      },
      onData: (stream, _, done) => void office?.take(stream, done),
    });
    office = new PostOffice(server);
    return office;
  }

  get port(): number {
    return this.#server.port;
  }

  async take(stream: SMTPServerDataStream, done: (error?: Error | null) => void): Promise<void> {
    // An incomplete email is not delivered.
    const chunks: string[] = await stream
      .setEncoding("latin1")
      .toArray()
      .catch(() => []);
    if (chunks.length === 0) return;
    const text = chunks.join("").replaceAll("=\r\n", "");
    const [, token] = /token=3D([\w-]{43})/.exec(text) ?? /token=([\w-]{43})/.exec(text) ?? [];
    this.tokens.push(token ?? "");
    const { reply } = this;
    if (reply === "accepts and hangs up") return this.hangUp();
    if (typeof reply === "function") await reply();
    const codes: Record<string, number> = { defers: 451, rejects: 550 };
    const responseCode = typeof reply === "string" ? codes[reply] : undefined;
    done(responseCode === undefined ? null : Object.assign(new Error("no"), { responseCode }));
  }

  /** Delays the responses to the next emails until they are released. */
  hold(): { readonly arrived: Promise<void>; readonly release: () => void } {
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.reply = async () => {
      arrived.resolve();
      await released.promise;
    };
    return { arrived: arrived.promise, release: released.resolve };
  }

  hangUp(): void {
    this.#server.dropConnections();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

interface Node {
  readonly auth: Auth;
  readonly store: Store;
  readonly office: PostOffice;
  readonly logged: Record<string, unknown>[];
  addNode(): Promise<Node>;
  /** Delivers emails and returns the new tokens. */
  deliver(): Promise<string[]>;
  /** Returns true if the token is valid, without using it up. */
  canReset(token: string | undefined): Promise<boolean>;
  canConfirm(token: string | undefined): Promise<boolean>;
}

async function createService(
  resources: AsyncDisposableStack,
  shared?: { store: Store; office: PostOffice },
): Promise<Node> {
  const store = shared?.store ?? resources.use(await createStore(productionEnvironment));
  const office = shared?.office ?? resources.use(await PostOffice.open());
  const logged: Record<string, unknown>[] = [];
  const mailer = createSmtpMailer(`smtp://127.0.0.1:${office.port}`, settings);
  resources.defer(() => mailer.close());
  const db = resources.use(await openDB(store.url, { settings, clock: store.clock.now }));
  const auth = new Auth(db, { hashThreads, settings, mailer, log: createRecordingLog(logged), clock: store.clock.now });
  resources.defer(() => auth.close());
  return {
    auth,
    store,
    office,
    logged,
    addNode: () => createService(resources, { store, office }),
    async deliver() {
      const { length } = office.tokens;
      await auth.outbox.deliver();
      return office.tokens.slice(length);
    },
    canReset: async (token = "") => (await auth.resetPassword.findEmail(token)) === email,
    canConfirm: async (token = "") => (await auth.verifyEmail.find(token))?.email === email,
  };
}

/** Creates a service with an account whose owner has received a valid link. */
async function createNodeWithLink(resources: AsyncDisposableStack): Promise<{ node: Node; current: string }> {
  const node = await createService(resources);
  await node.auth.registerUser(email, password);
  await node.auth.resetPassword.request(email);
  const [current = ""] = await node.deliver();
  assert.ok(await node.canReset(current));
  node.store.clock.advance(minute);
  return { node, current };
}

const failures = ["defers", "accepts and hangs up"] as const;

for (const reply of failures) {
  // id: link-good-until-replaced
  test(`a link stays valid until its replacement is accepted: the mail server ${reply}`, async () => {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    node.office.reply = reply;
    const lost: string[] = [];
    for (let i = 0; i < 5; i++) {
      await node.auth.resetPassword.request(email);
      lost.push(...(await node.deliver()));
      assert.ok(await node.canReset(current), `after ${i + 1} requests`);
      node.store.clock.advance(3 * minute);
    }
    // If the response was lost, the email may be in the mailbox: its link must work.
    assert.ok(lost.length >= 5);
    for (const token of lost) assert.ok(await node.canReset(token));
    node.office.reply = "accepts";
    assert.deepEqual(await node.deliver(), [], "the email waits the usual time");
    node.store.clock.advance(30 * minute);
    const [newest, ...more] = await node.deliver();
    assert.deepEqual(more, [], "one email for all requests");
    assert.ok(await node.canReset(newest));
    for (const token of [current, ...lost]) assert.equal(await node.canReset(token), false, "replaced");
    await assert.rejects(node.auth.updatePassword(current, newPassword), { code: "bad_reset_token" });
    await node.auth.updatePassword(newest ?? "", newPassword, email);
    assert.equal(await node.canReset(newest), false);
  });
}

for (const reply of ["rejects", "rejects the recipient"] as const) {
  test(`a link stays valid if its replacement fails permanently, and the next email is sent: the mail server ${reply}`, async () => {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    node.office.reply = reply;
    await node.auth.resetPassword.request(email);
    const rejected = await node.deliver();
    assert.ok(await node.canReset(current));
    for (const token of rejected) assert.equal(await node.canReset(token), false, "it was not delivered");
    assert.equal(await node.auth.outbox.count(), 0);
    node.office.reply = "accepts";
    node.store.clock.advance(minute);
    await node.auth.resetPassword.request(email);
    const [newest, ...more] = await node.deliver();
    assert.deepEqual(more, []);
    assert.ok(await node.canReset(newest));
    assert.equal(await node.canReset(current), false, "replaced");
  });
}

test("either of two valid links resets the password once, and invalidates both", async () => {
  for (const first of [0, 1]) {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    node.office.reply = "accepts and hangs up";
    await node.auth.resetPassword.request(email);
    const [fresh = ""] = await node.deliver();
    const both = [current, fresh];
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        node.auth.updatePassword(both[(i + first) % 2] ?? "", `${newPassword} ${i}`),
      ),
    );
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const token of both) assert.equal(await node.canReset(token), false);
  }
});

test("an action while an email is being sent also invalidates its link, which stays invalid when the email is accepted", async () => {
  const acts: Record<string, (node: Node, current: string) => Promise<unknown>> = {
    "the old link is used": ({ auth }, current) => auth.updatePassword(current, newPassword),
    "the password is changed": async ({ auth }) => {
      const sessionId = (await auth.createSession(email)) ?? "";
      await auth.account.changePassword(sessionId, { currentPassword: password, newPassword });
    },
    "the account is disabled": async ({ auth }) => {
      await auth.admin.disableAccount(1);
      await auth.admin.enableAccount(1);
    },
    "a program sets a token": ({ store }) => store.db.updateUser(1, { resetToken: "a program's own" }),
    "a program revokes the token": ({ store }) => store.db.updateUser(1, { resetToken: null }),
    "a program gets a token": ({ auth }) => auth.getResetPasswordToken(email),
    "the account is deleted and created again": async ({ auth }) => {
      await auth.admin.deleteAccount(1);
      await auth.registerUser(email, password);
    },
  };
  for (const [name, act] of Object.entries(acts)) {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    const held = node.office.hold();
    await node.auth.resetPassword.request(email);
    const delivering = node.deliver();
    await held.arrived;
    const [fresh] = node.office.tokens.slice(-1);
    assert.ok((await node.canReset(current)) && (await node.canReset(fresh)), name);
    await act(node, current);
    assert.equal(await node.canReset(fresh), false, name);
    held.release();
    await delivering;
    for (const token of [current, fresh]) assert.equal(await node.canReset(token), false, name);
    if (name === "a program sets a token") assert.ok(await node.canReset("a program's own"));
  }
});

test("a request while an email is being sent causes no second email unless the first one fails", async () => {
  for (const fails of [false, true]) {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    const other = await node.addNode();
    const held = node.office.hold();
    await node.auth.resetPassword.request(email);
    const delivering = node.deliver();
    await held.arrived;
    node.store.clock.advance(1000);
    await node.auth.resetPassword.request(email);
    assert.deepEqual(await other.deliver(), [], "not while the first one is being sent");
    if (fails) node.office.reply = "accepts";
    if (fails) node.office.hangUp();
    else held.release();
    const [first] = await delivering;
    held.release();
    assert.equal(await node.auth.outbox.count(), fails ? 1 : 0);
    node.store.clock.advance(2 * minute);
    const retried = await other.deliver();
    assert.equal(retried.length, fails ? 1 : 0);
    const newest = retried[0] ?? first;
    assert.ok(await node.canReset(newest));
    for (const token of [current, first]) assert.equal(await node.canReset(token), token === newest);
  }
});

test("if a link is invalidated while its email is being sent, a later request gets another email", async () => {
  await using resources = new AsyncDisposableStack();
  const { node, current } = await createNodeWithLink(resources);
  const held = node.office.hold();
  await node.auth.resetPassword.request(email);
  const delivering = node.deliver();
  await held.arrived;
  await node.auth.updatePassword(current, newPassword);
  node.store.clock.advance(1000);
  await node.auth.resetPassword.request(email);
  held.release();
  await delivering;
  node.office.reply = "accepts";
  node.store.clock.advance(10 * minute);
  await node.deliver();
  assert.ok(await node.canReset(node.office.tokens.at(-1)));
});

test("if two nodes send two emails at the same time, the newer link is valid, whichever email is accepted last", async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    await using resources = new AsyncDisposableStack();
    const { node, current } = await createNodeWithLink(resources);
    const nodes = [node, await node.addNode()];
    const releases = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const delivering: Promise<unknown>[] = [];
    const fresh: string[] = [];
    for (const [i, each] of nodes.entries()) {
      const arrived = Promise.withResolvers<void>();
      node.office.reply = async () => {
        arrived.resolve();
        await releases[i]?.promise;
      };
      await each.auth.resetPassword.request(email);
      // Longer than the assumed maximum time to send an email.
      node.store.clock.advance(3 * minute);
      delivering.push(each.deliver());
      await arrived.promise;
      fresh.push(node.office.tokens.at(-1) ?? "");
    }
    for (const token of [current, ...fresh]) assert.ok(await node.canReset(token));
    for (const i of order) {
      releases[i]?.resolve();
      await delivering[i];
      assert.ok(await node.canReset(fresh[1]), `${order}: ${i}`);
    }
    for (const token of [current, fresh[0]]) assert.equal(await node.canReset(token), false, `${order}`);
    assert.equal(await node.auth.outbox.count(), 0);
  }
});

test("a crash before an accepted email is recorded leaves both links valid, until the next email", async () => {
  await using resources = new AsyncDisposableStack();
  const { node, current } = await createNodeWithLink(resources);
  await node.auth.resetPassword.request(email);
  // The database becomes unavailable after the email is accepted and before that is recorded.
  node.office.reply = async () => {
    await crashing.close();
  };
  const crashing = await openDB(node.store.url, { settings, clock: node.store.clock.now });
  const mailer = createSmtpMailer(`smtp://127.0.0.1:${node.office.port}`, settings);
  resources.defer(() => mailer.close());
  const auth = new Auth(crashing, { hashThreads, settings, mailer, clock: node.store.clock.now });
  await assert.rejects(auth.outbox.deliver(), { name: "DatabaseUnavailable" });
  const [delivered] = node.office.tokens.slice(-1);
  for (const token of [current, delivered]) assert.ok(await node.canReset(token));
  node.office.reply = "accepts";
  node.store.clock.advance(2 * minute);
  const [newest, ...more] = await node.deliver();
  assert.deepEqual(more, []);
  assert.ok(await node.canReset(newest));
  for (const token of [current, delivered]) assert.equal(await node.canReset(token), false);
});

test("a verification link stays valid until its replacement is accepted, and either link confirms the address once", async () => {
  for (const reply of failures) {
    for (const use of ["current", "newest"] as const) {
      await using resources = new AsyncDisposableStack();
      const node = await createService(resources);
      await node.auth.account.register(email, password);
      const [current = ""] = await node.deliver();
      node.store.clock.advance(minute);
      node.office.reply = reply;
      await node.auth.verifyEmail.request(email);
      const lost = await node.deliver();
      for (const token of [current, ...lost]) assert.ok(await node.canConfirm(token), reply);
      const wrong = { token: lost[0] ?? current, password: "another" };
      await assert.rejects(node.auth.verifyEmail.confirm(wrong), { code: "bad_verify_token" });
      if (use === "current") {
        const redemptions = [current, ...lost, current].map((token) =>
          node.auth.verifyEmail.confirm({ token, password, email }),
        );
        assert.equal((await Promise.allSettled(redemptions)).filter(({ status }) => status === "fulfilled").length, 1);
        for (const token of [current, ...lost]) assert.equal(await node.canConfirm(token), false);
        continue;
      }
      node.office.reply = "accepts";
      node.store.clock.advance(3 * minute);
      const [newest = ""] = await node.deliver();
      for (const token of [current, ...lost]) assert.equal(await node.canConfirm(token), false);
      assert.equal((await node.auth.verifyEmail.confirm({ token: newest, password })).user.email, email);
    }
  }
});

test("any link resets an unconfirmed address until the newest is accepted", async () => {
  await using resources = new AsyncDisposableStack();
  const node = await createService(resources);
  const mailed = async () => {
    await node.auth.resetPassword.request(email);
    return (await node.deliver())[0];
  };
  await node.auth.account.register(email, password);
  await node.deliver();
  const current = await mailed();
  assert.ok(await node.canReset(current));
  node.store.clock.advance(minute);
  // The newest link belongs to the newest registration, no matter which registration the previous link belonged to.
  await node.auth.account.register(email, `${password} 2`);
  await node.deliver();
  node.office.reply = "accepts and hangs up";
  const lost = await mailed();
  for (const token of [current, lost]) assert.ok(await node.canReset(token));
  node.office.reply = "accepts";
  node.store.clock.advance(3 * minute);
  const newest = await mailed();
  for (const token of [current, lost]) assert.equal(await node.canReset(token), false);
  await node.auth.updatePassword(newest ?? "", newPassword);
  assert.equal(await node.auth.validLogin(email, newPassword), true);
});

test("links in unaccepted emails expire, are swept, and are limited in number", async () => {
  await using resources = new AsyncDisposableStack();
  const { node, current } = await createNodeWithLink(resources);
  node.office.reply = "accepts and hangs up";
  const lost: string[] = [];
  for (let i = 0; i < 14; i++) {
    await node.auth.resetPassword.request(email);
    lost.push(...(await node.deliver()));
    node.store.clock.advance(2 * minute);
  }
  const good10 = lost.slice(-10);
  for (const token of [current, ...good10]) assert.ok(await node.canReset(token));
  assert.equal((await node.store.readRows("mailed_tokens")).length, 10);
  node.store.clock.advance(59 * minute);
  for (const token of [current, ...good10]) assert.equal(await node.canReset(token), false);
  assert.equal((await node.auth.admin.sweep()).resetTokens, 11);
  assert.deepEqual(await node.store.readRows("mailed_tokens"), []);
});

// id: one-mail-after-outage
test("repeated requests while the mail server is down cause one email when the server is back", async () => {
  await using resources = new AsyncDisposableStack();
  const node = await createService(resources);
  await node.auth.registerUser(email, password);
  await node.auth.admin.invite("mia@example.com");
  node.office.reply = "defers";
  for (let i = 0; i < 3; i++) {
    await node.auth.resetPassword.request(i === 1 ? " BOB@example.com" : email);
    await node.auth.verifyEmail.request(email);
    await node.auth.resetPassword.request("nobody@example.com");
    await node.auth.account.register("new@example.com", password);
    await node.auth.verifyEmail.request("new@example.com");
    await node.auth.verifyEmail.request("new@example.com");
    await node.deliver();
    node.store.clock.advance(30_000);
  }
  assert.ok((await node.auth.outbox.count()) <= 7, `${await node.auth.outbox.count()} emails are queued`);
  node.office.reply = "accepts";
  node.store.clock.advance(hour);
  await node.auth.outbox.deliver();
  const sent = node.logged.filter(({ event }) => event === "mail_sent").map(({ kind }) => kind);
  // Each registration has a separate link for its password. A repeated request sends the link of the newest registration,
  // which is sent anyway.
  assert.deepEqual(sent.toSorted(), [
    "confirm_email",
    "confirm_email",
    "confirm_email",
    "confirm_email",
    "invitation",
    "reset_password",
  ]);
  assert.equal(await node.auth.outbox.count(), 0);
});

test("several queued registrations send the owner one email, and several password changes another", async () => {
  await using resources = new AsyncDisposableStack();
  const node = await createService(resources);
  await node.auth.registerUser(email, password);
  await node.auth.verifyEmail.request(email);
  const [token = ""] = await node.deliver();
  await node.auth.verifyEmail.confirm({ token, password });
  node.office.reply = "defers";
  for (let i = 0; i < 3; i++) await node.auth.account.register(email, `${newPassword} ${i}`);
  let current = password;
  for (const nextPassword of [newPassword, password, newPassword]) {
    const sessionId = (await node.auth.createSession(email)) ?? "";
    await node.auth.account.changePassword(sessionId, { currentPassword: current, newPassword: nextPassword });
    current = nextPassword;
  }
  await node.auth.outbox.deliver();
  node.logged.length = 0;
  node.office.reply = "accepts";
  node.store.clock.advance(3 * minute);
  await node.auth.outbox.deliver();
  const sent = node.logged.filter(({ event }) => event === "mail_sent").map(({ kind }) => kind);
  assert.deepEqual(sent.toSorted(), ["already_registered", "password_changed"]);
});

test("a request just after its email was accepted sends no second email; a later request does", async () => {
  for (const [after, mails] of [
    [1, 0],
    [9999, 0],
    [10_000, 1],
    [minute, 1],
  ] as const) {
    await using resources = new AsyncDisposableStack();
    const node = await createService(resources);
    await node.auth.registerUser(email, password);
    const both = async () => {
      await node.auth.resetPassword.request(email);
      await node.auth.verifyEmail.request(email);
      return node.deliver();
    };
    const first = await both();
    assert.equal(first.length, 2);
    node.store.clock.advance(after);
    assert.equal((await both()).length, 2 * mails, `${after} ms`);
    assert.equal(await node.auth.outbox.count(), 0);
    assert.equal(await node.canReset(first[0]), mails === 0);
    assert.equal(await node.canConfirm(first[1]), mails === 0);
  }
});

test("a used link does not prevent a new one", async () => {
  await using resources = new AsyncDisposableStack();
  const { node } = await createNodeWithLink(resources);
  await node.auth.resetPassword.request(email);
  const [token = ""] = await node.deliver();
  node.store.clock.advance(1000);
  await node.auth.updatePassword(token, newPassword);
  await node.auth.resetPassword.request(email);
  await node.auth.outbox.deliver();
  assert.ok(await node.canReset(node.office.tokens.at(-1)));
});

test("repeated requests for an email neither speed it up nor postpone it forever", async () => {
  await using resources = new AsyncDisposableStack();
  const node = await createService(resources);
  await node.auth.registerUser(email, password);
  node.office.reply = "defers";
  const tries: number[] = [];
  const start = node.store.clock.now();
  for (let seconds = 0; seconds < 1800; seconds += 10) {
    await node.auth.resetPassword.request(email);
    const sent = await node.deliver();
    if (sent.length > 0) tries.push((node.store.clock.now() - start) / minute);
    assert.ok((await node.auth.outbox.count()) <= 1);
    node.store.clock.advance(10_000);
  }
  assert.deepEqual(
    tries,
    Array.from({ length: 15 }, (_, i) => 2 * i),
  );
  node.office.reply = "accepts";
  node.store.clock.advance(2 * minute);
  assert.equal((await node.deliver()).length, 1);
});
