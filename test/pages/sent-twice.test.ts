import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, deliverMails, deliverToken, owner, strongPassword } from "../support/production.ts";
import { assertRejected, bob, redeemToken, register } from "../support/steps.ts";
import { createVisitor, findForms, logIn, type PageResponse, sent, type Visitor } from "../support/visitor.ts";
import { createWorld, form, minute, type World } from "../support/world.ts";

const chosen = "another-Good-password-7";
const next = "new@example.com";

/** A form, and what must exist after it was done once. */
interface Act {
  /** Leads a browser to the form; returns its page. */
  open(world: World, who: Visitor): Promise<PageResponse>;
  readonly fields?: Record<string, string>;
  readonly action?: string;
  /** Where the response redirects to; undefined for a file. */
  readonly to?: string;
  /** What the page there says. */
  readonly told?: RegExp;
  /** The mails that it brings. */
  readonly mails?: readonly string[];
  /** How many sessions the account has then. */
  readonly sessions: number;
  /** Whether this browser is logged in then. */
  readonly isIn: boolean;
  readonly isConcealed?: boolean;
}

async function member(world: World, who: Visitor): Promise<void> {
  await world.auth.registerUser(owner.email, owner.password);
  await logIn(who, owner);
  await deliverMails(world);
}

async function openAt(world: World, who: Visitor, path: string): Promise<PageResponse> {
  await member(world, who);
  return who.open(path);
}

async function openReset(world: World, who: Visitor): Promise<PageResponse> {
  await world.auth.registerUser(owner.email, owner.password);
  await world.auth.resetPassword.request(owner.email);
  return who.open(`/reset?token=${await deliverToken(world)}`);
}

async function openMove(world: World, who: Visitor): Promise<PageResponse> {
  await member(world, who);
  await who.fill(await who.open("/account/email"), { email: next, password: strongPassword });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  return who.open(`/verify?token=${token}`);
}

async function openVerify(world: World, who: Visitor): Promise<PageResponse> {
  await world.auth.account.register(owner.email, owner.password);
  return who.open(`/verify?token=${await deliverToken(world)}`);
}

const acts: Record<string, Act> = {
  "a new password by a mailed link": {
    open: openReset,
    fields: { new_password: chosen },
    to: "/login",
    told: /Log in with your new password/,
    mails: ["password_changed"],
    sessions: 0,
    isIn: false,
  },
  "a new address by a mailed link": {
    open: openMove,
    fields: { password: strongPassword },
    to: "/account",
    told: /email address has been changed/,
    mails: ["email_changed"],
    sessions: 1,
    isIn: true,
  },
  "a move that is undone by a mailed link": {
    async open(world, who) {
      sent(await who.fill(await openMove(world, who), { password: strongPassword }), "/account");
      const token = (await deliverMails(world)).find(({ kind }) => kind === "email_changed")?.token;
      return who.open(`/undo-email-change?token=${token}`);
    },
    to: "/mailbox",
    mails: ["email_change_undone", "reset_password"],
    sessions: 0,
    isIn: false,
  },
  "a registration by a mailed link": {
    open: openVerify,
    fields: { password: strongPassword },
    to: "/account",
    sessions: 1,
    isIn: true,
    isConcealed: true,
  },
  "a change of password": {
    open: (world, who) => openAt(world, who, "/account/password"),
    fields: { password: strongPassword, new_password: chosen },
    to: "/account",
    told: /password has been changed/,
    mails: ["password_changed"],
    sessions: 1,
    isIn: true,
  },
  "a change of address": {
    open: (world, who) => openAt(world, who, "/account/email"),
    fields: { email: next, password: strongPassword },
    to: "/mailbox",
    mails: ["confirm_new_email", "email_changing"],
    sessions: 1,
    isIn: true,
  },
  "a change of address without the password": {
    open: (world, who) => openAt(world, who, "/account/email"),
    fields: { email: ` ${next} ` },
    to: "/mailbox",
    mails: ["confirm_new_email", "email_changing"],
    sessions: 1,
    isIn: true,
  },
  "an export": {
    open: (world, who) => openAt(world, who, "/account/export"),
    fields: { password: strongPassword },
    sessions: 1,
    isIn: true,
  },
  "the end of the account": {
    open: (world, who) => openAt(world, who, "/account/delete"),
    fields: { password: strongPassword },
    to: "/login",
    told: /account has been deleted/,
    mails: ["account_deleted"],
    sessions: 0,
    isIn: false,
  },
  "the end of a device": {
    async open(world, who) {
      await member(world, who);
      await world.request("/sessions", form(owner));
      await deliverMails(world);
      return who.open("/account");
    },
    action: "/account/devices",
    to: "/account",
    told: /device has been logged out/,
    sessions: 1,
    isIn: true,
  },
  "a logout": {
    open: (world, who) => openAt(world, who, "/logout"),
    to: "/login",
    told: /You have been logged out/,
    sessions: 0,
    isIn: false,
  },
  "a registration": {
    open: (_, who) => who.open("/register"),
    fields: { email: owner.email, new_password: strongPassword },
    to: "/login",
    told: /account has been created/,
    sessions: 0,
    isIn: false,
  },
  "a registration where accounts are concealed": {
    open: (_, who) => who.open("/register"),
    fields: { email: owner.email, new_password: strongPassword },
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isIn: false,
    isConcealed: true,
  },
  "a login": {
    async open(world, who) {
      await world.auth.registerUser(owner.email, owner.password);
      return who.open("/login");
    },
    fields: owner,
    to: "/account",
    sessions: 1,
    isIn: true,
  },
  "a login on one more device": {
    async open(world, who) {
      await world.auth.registerUser(owner.email, owner.password);
      await logIn(createVisitor(world), owner);
      await deliverMails(world);
      return who.open("/login");
    },
    fields: owner,
    to: "/account",
    mails: ["new_device"],
    sessions: 2,
    isIn: true,
  },
};

const mails: Record<string, Act> = {
  "a reset mail that is asked for": {
    async open(world, who) {
      await world.auth.registerUser(owner.email, owner.password);
      return who.open("/forgot");
    },
    fields: { email: owner.email },
    to: "/mailbox",
    mails: ["reset_password"],
    sessions: 0,
    isIn: false,
  },
  "a confirmation that is asked for": {
    async open(world, who) {
      await world.auth.account.register(owner.email, owner.password);
      await deliverMails(world);
      return who.open("/verify");
    },
    fields: { email: owner.email },
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isIn: false,
    isConcealed: true,
  },
  "a confirmation that is asked for after a login": {
    async open(world, who) {
      await world.auth.account.register(owner.email, owner.password);
      await deliverMails(world);
      return who.fill(await who.open("/login"), owner, "/login");
    },
    action: "/verify",
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isIn: false,
    isConcealed: true,
  },
  "a confirmation that is asked for from the account": {
    open: (world, who) => openAt(world, who, "/account"),
    action: "/verify",
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 1,
    isIn: true,
  },
};

/** Sends a form twice, in each way that this happens; returns both responses. */
const ways: Record<string, (world: World, who: Visitor, send: () => Promise<PageResponse>) => Promise<PageResponse[]>> =
  {
    "by a double click": async (_, __, send) => Promise.all([send(), send()]),
    "after the answer": async (world, _, send) => {
      const first = await send();
      world.clock.advance(5000);
      return [first, await send()];
    },
    "after the answer was lost": async (world, who, send) => {
      const before = [...who.cookies];
      const first = await send();
      who.cookies.clear();
      for (const [name, value] of before) who.cookies.set(name, value);
      world.clock.advance(5000);
      return [first, await send()];
    },
  };

for (const [what, act] of Object.entries({ ...acts, ...mails })) {
  for (const [way, twice] of Object.entries(ways)) {
    // id: done-once
    test(`${what} that is sent twice, ${way}, is done once and answered as done`, async () => {
      const limits = { RATE_LIMIT: "on", LIMIT_REDEMPTION_NETWORK: "2/15m", LIMIT_LOGIN_ACCOUNT: "2/15m" };
      const conceal = { REQUIRE_VERIFIED_EMAIL: "on", CONCEAL_ACCOUNTS: "on", RESET_DELIVERY: "email" };
      await using world = await createWorld({ ...limits, ...(act.isConcealed && conceal) });
      const who = createVisitor(world);
      const page = await act.open(world, who);
      const { length } = world.mails;
      const answers = await twice(world, who, async () => {
        const answer = await who.fill(page, act.fields ?? {}, act.action);
        // Mails may go out in between.
        await world.auth.outbox.deliver();
        return answer;
      });
      for (const answer of answers) {
        if (act.to === undefined) assert.match(answer.headers.get("Content-Disposition") ?? "", /account\.json/);
        else sent(answer, act.to);
      }
      const kinds = world.mails.slice(length).map(({ kind }) => kind);
      assert.deepEqual(kinds.toSorted(), (act.mails ?? []).toSorted());
      const user = (await world.auth.admin.find(owner.email)) ?? (await world.auth.admin.find(next));
      assert.equal((await world.auth.admin.sessions(user?.id ?? 0)).length, act.sessions);
      if (act.told) assert.match((await who.open(act.to ?? "")).banner, act.told);
      // Longer than the id before a renewal leads on.
      world.clock.advance(minute / 2);
      assert.equal((await who.open("/account")).status === 200, act.isIn);
    });
  }
}

test("a form that is sent many times is one entry of the audit trail, and uses up no try", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_REDEMPTION_NETWORK: "1/15m" });
  const who = createVisitor(world);
  const page = await openReset(world, who);
  for (let i = 0; i < 5; i++) sent(await who.fill(page, { new_password: chosen }), "/login");
  await world.auth.flush();
  const events = (await world.auth.audit.list({ limit: 100 })).map(({ event }) => event);
  assert.equal(events.filter((event) => event === "password_reset").length, 1);
  assert.ok(!events.includes("reset_refused"));
});

// id: used-link-leads-on
test("a link that this browser just used leads on, and is dead to every other, to another password, and after a minute", async () => {
  await using world = await createWorld();
  const [who, other] = [createVisitor(world), createVisitor(world)];
  const page = await openReset(world, who);
  const hidden = findForms(page.html)[0]?.hidden ?? {};
  const link = `/reset?token=${hidden.token}`;
  await other.open("/login");
  sent(await who.fill(page, { new_password: chosen }), "/login");
  await who.open("/login");
  sent(await who.open(link), "/login");
  assert.match((await who.open("/login")).banner, /Log in with your new password/);
  const form_token = other.cookies.get("form") ?? "";
  for (const seen of [
    await other.open(link),
    await createVisitor(world).open(link),
    await who.open(`${link}x`),
    await who.fill(page, { new_password: `${chosen}!` }),
    await other.send("/reset", { ...hidden, form_token, new_password: chosen }),
  ]) {
    assert.equal(seen.status, 403);
    assert.match(seen.title, /^Error: This link no longer works/);
  }
  world.clock.advance(minute);
  for (const seen of [await who.open(link), await who.fill(page, { new_password: chosen })])
    assert.equal(seen.status, 403);
});

test("the API refuses a token that was used, whoever used it", async () => {
  await using world = await createWorld();
  const eve = { ...bob, email: "eve@example.com" };
  await register(world, eve);
  const token = await world.auth.getResetPasswordToken(eve.email);
  const fields = { email: eve.email, reset_token: token, new_password: chosen };
  assert.equal((await redeemToken(world, fields)).status, 200);
  await assertRejected(redeemToken(world, fields), 403);
  const who = createVisitor(world);
  const page = await openMove(world, who);
  const used = findForms(page.html)[0]?.hidden.token ?? "";
  sent(await who.fill(page, { password: strongPassword }), "/account");
  const headers = { Cookie: [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  const verification = { email: next, token: used, password: strongPassword };
  await assertRejected(world.request("/email_verification", form(verification, { method: "PUT", headers })), 403);
});

test("a link of a registration that was used leads who is logged in to the account, and who is not to the login", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  const page = await openVerify(world, who);
  const link = `/verify?token=${findForms(page.html)[0]?.hidden.token}`;
  sent(await who.fill(page, { password: strongPassword }), "/account");
  sent(await who.open(link), "/account");
  who.cookies.delete("__Host-session_id");
  sent(await who.open(link), "/login");
  assert.match((await who.open("/login")).banner, /address has been verified/);
  assert.equal((await createVisitor(world).open(link)).status, 403);
});

test("if its effect was undone since, the same form does its work again", async () => {
  await using world = await createWorld();
  const who = createVisitor(world);
  await member(world, who);
  const change = await who.open("/account/password");
  const there = { password: strongPassword, new_password: chosen };
  sent(await who.fill(change, there), "/account");
  sent(
    await who.fill(await who.open("/account/password"), { password: chosen, new_password: strongPassword }),
    "/account",
  );
  sent(await who.fill(change, there), "/account");
  assert.ok(await world.auth.validLogin(owner.email, chosen));
  const email = await who.open("/account/email");
  for (const address of [next, "other@example.com", next]) {
    sent(await who.fill(email, { email: address }), "/mailbox");
    assert.equal(await world.db.changeEmail.findNewEmail(1), address);
  }
  // A session that was logged out is not the one that the same form opens.
  sent(await who.fill(await who.open("/logout"), {}), "/login");
  const login = await who.open("/login");
  sent(await who.fill(login, { ...owner, password: chosen }), "/account");
  const first = who.cookies.get("session_id");
  sent(await who.fill(await who.open("/logout"), {}), "/login");
  sent(await who.fill(login, { ...owner, password: chosen }), "/account");
  assert.notEqual(who.cookies.get("session_id"), first);
});

// id: every-wrong-one-counts
test("a password is guessed by no form that is sent again: every wrong one is a try", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_DEVICE: "2/15m" });
  const who = createVisitor(world);
  const page = await openAt(world, who, "/account/password");
  sent(await who.fill(page, { password: strongPassword, new_password: chosen }), "/account");
  for (const [password, status] of [
    ["wrong-1", 403],
    ["wrong-2", 403],
    ["wrong-3", 429],
    [chosen, 429],
  ] as const) {
    assert.equal((await who.fill(page, { password, new_password: chosen })).status, status, password);
  }
});

test("a program that sends a change of password twice gets the same new session, and its owner one mail", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(owner.email, owner.password);
  const { session } = await world.auth.logIn(owner);
  const headers = { Cookie: `session_id=${session.sessionId}` };
  const change = () =>
    world.request(
      "/profile/password",
      form({ password: strongPassword, new_password: chosen }, { method: "PUT", headers }),
    );
  const answers = [...(await Promise.all([change(), change()])), await change()];
  for (const { status } of answers) assert.equal(status, 200);
  assert.equal(new Set(answers.map((answer) => answer.headers.get("Set-Cookie"))).size, 1);
  assert.equal((await deliverMails(world)).filter(({ kind }) => kind === "password_changed").length, 1);
  const other = form({ password: strongPassword, new_password: `${chosen}!` }, { method: "PUT", headers });
  await assertRejected(world.request("/profile/password", other), 403, /^wrong password$/);
});

test("registering again, by a form that is shown anew, brings another mail", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  for (let i = 0; i < 2; i++) {
    sent(await who.fill(await who.open("/register"), { email: owner.email, new_password: strongPassword }), "/mailbox");
    assert.equal((await deliverMails(world)).length, 1);
  }
});

test("a mail that is asked for again, from the mailbox, is sent each time", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  await who.fill(await who.open("/forgot"), { email: bob.email });
  const mailbox = await who.open("/mailbox");
  assert.equal((await deliverMails(world)).length, 1);
  for (let i = 0; i < 2; i++) {
    sent(await who.fill(mailbox, {}), "/mailbox");
    assert.equal((await deliverMails(world)).length, 1);
  }
});

test("the records of forms are swept", async () => {
  await using world = await createWorld();
  const who = createVisitor(world);
  const page = await openAt(world, who, "/account/delete");
  sent(await who.fill(page, { password: strongPassword }), "/login");
  world.clock.advance(2 * minute);
  assert.equal((await world.auth.admin.sweep()).acts, 0);
  world.clock.advance(1);
  assert.equal((await world.auth.admin.sweep()).acts, 1);
});
