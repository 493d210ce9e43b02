import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, deliverMails, deliverToken, owner, strongPassword } from "../support/production.ts";
import { assertRejected, bob, redeemResetToken, register } from "../support/steps.ts";
import {
  assertRedirect,
  createVisitor,
  findForms,
  logInByPage,
  type PageResponse,
  type Visitor,
} from "../support/visitor.ts";
import { createWorld, form, minute, type World } from "../support/world.ts";

const newPassword = "another-Good-password-7";
const next = "new@example.com";

/** A form, and the expected result of submitting it once. */
interface FormCase {
  /** Opens the page of the form. */
  open(world: World, visitor: Visitor): Promise<PageResponse>;
  readonly fields?: Record<string, string>;
  readonly action?: string;
  /** Location of the response; undefined for a file. */
  readonly to?: string;
  /** The message on that page. */
  readonly message?: RegExp;
  /** Kinds of the emails that it sends. */
  readonly mails?: readonly string[];
  /** The number of sessions afterwards. */
  readonly sessions: number;
  /** True if this browser is logged in afterwards. */
  readonly isLoggedIn: boolean;
  readonly isConcealed?: boolean;
}

async function registerAndLogIn(world: World, visitor: Visitor): Promise<void> {
  await world.auth.registerUser(owner.email, owner.password);
  await logInByPage(visitor, owner);
  await deliverMails(world);
}

async function openAsMember(world: World, visitor: Visitor, path: string): Promise<PageResponse> {
  await registerAndLogIn(world, visitor);
  return visitor.open(path);
}

async function openReset(world: World, visitor: Visitor): Promise<PageResponse> {
  await world.auth.registerUser(owner.email, owner.password);
  await world.auth.resetPassword.request(owner.email);
  return visitor.open(`/reset?token=${await deliverToken(world)}`);
}

async function openEmailChange(world: World, visitor: Visitor): Promise<PageResponse> {
  await registerAndLogIn(world, visitor);
  await visitor.submit(await visitor.open("/account/email"), { email: next, password: strongPassword });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  return visitor.open(`/verify?token=${token}`);
}

async function openVerify(world: World, visitor: Visitor): Promise<PageResponse> {
  await world.auth.account.register(owner.email, owner.password);
  return visitor.open(`/verify?token=${await deliverToken(world)}`);
}

const actionForms: Record<string, FormCase> = {
  "a password reset": {
    open: openReset,
    fields: { new_password: newPassword },
    to: "/login",
    message: /Log in with your new password/,
    mails: ["password_changed"],
    sessions: 0,
    isLoggedIn: false,
  },
  "the verification of an email change": {
    open: openEmailChange,
    fields: { password: strongPassword },
    to: "/account",
    message: /email address has been changed/,
    mails: ["email_changed"],
    sessions: 1,
    isLoggedIn: true,
  },
  "the undo of an email change": {
    async open(world, visitor) {
      assertRedirect(
        await visitor.submit(await openEmailChange(world, visitor), { password: strongPassword }),
        "/account",
      );
      const token = (await deliverMails(world)).find(({ kind }) => kind === "email_changed")?.token;
      return visitor.open(`/undo-email-change?token=${token}`);
    },
    to: "/mailbox",
    mails: ["email_change_undone", "reset_password"],
    sessions: 0,
    isLoggedIn: false,
  },
  "the verification of a registration": {
    open: openVerify,
    fields: { password: strongPassword },
    to: "/account",
    sessions: 1,
    isLoggedIn: true,
    isConcealed: true,
  },
  "a password change": {
    open: (world, visitor) => openAsMember(world, visitor, "/account/password"),
    fields: { password: strongPassword, new_password: newPassword },
    to: "/account",
    message: /password has been changed/,
    mails: ["password_changed"],
    sessions: 1,
    isLoggedIn: true,
  },
  "an email change": {
    open: (world, visitor) => openAsMember(world, visitor, "/account/email"),
    fields: { email: next, password: strongPassword },
    to: "/mailbox",
    mails: ["confirm_new_email", "email_changing"],
    sessions: 1,
    isLoggedIn: true,
  },
  "an email change without the password": {
    open: (world, visitor) => openAsMember(world, visitor, "/account/email"),
    fields: { email: ` ${next} ` },
    to: "/mailbox",
    mails: ["confirm_new_email", "email_changing"],
    sessions: 1,
    isLoggedIn: true,
  },
  "an export": {
    open: (world, visitor) => openAsMember(world, visitor, "/account/export"),
    fields: { password: strongPassword },
    sessions: 1,
    isLoggedIn: true,
  },
  "the deletion of the account": {
    open: (world, visitor) => openAsMember(world, visitor, "/account/delete"),
    fields: { password: strongPassword },
    to: "/login",
    message: /account has been deleted/,
    mails: ["account_deleted"],
    sessions: 0,
    isLoggedIn: false,
  },
  "the logout of a device": {
    async open(world, visitor) {
      await registerAndLogIn(world, visitor);
      await world.request("/sessions", form(owner));
      await deliverMails(world);
      return visitor.open("/account");
    },
    action: "/account/devices",
    to: "/account",
    message: /device has been logged out/,
    sessions: 1,
    isLoggedIn: true,
  },
  "a logout": {
    open: (world, visitor) => openAsMember(world, visitor, "/logout"),
    to: "/login",
    message: /You have been logged out/,
    sessions: 0,
    isLoggedIn: false,
  },
  "a registration": {
    open: (_, visitor) => visitor.open("/register"),
    fields: { email: owner.email, new_password: strongPassword },
    to: "/login",
    message: /account has been created/,
    sessions: 0,
    isLoggedIn: false,
  },
  "a registration with CONCEAL_ACCOUNTS": {
    open: (_, visitor) => visitor.open("/register"),
    fields: { email: owner.email, new_password: strongPassword },
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isLoggedIn: false,
    isConcealed: true,
  },
  "a login": {
    async open(world, visitor) {
      await world.auth.registerUser(owner.email, owner.password);
      return visitor.open("/login");
    },
    fields: owner,
    to: "/account",
    sessions: 1,
    isLoggedIn: true,
  },
  "a login on a second device": {
    async open(world, visitor) {
      await world.auth.registerUser(owner.email, owner.password);
      await logInByPage(createVisitor(world), owner);
      await deliverMails(world);
      return visitor.open("/login");
    },
    fields: owner,
    to: "/account",
    mails: ["new_device"],
    sessions: 2,
    isLoggedIn: true,
  },
};

const mailForms: Record<string, FormCase> = {
  "a request for a reset email": {
    async open(world, visitor) {
      await world.auth.registerUser(owner.email, owner.password);
      return visitor.open("/forgot");
    },
    fields: { email: owner.email },
    to: "/mailbox",
    mails: ["reset_password"],
    sessions: 0,
    isLoggedIn: false,
  },
  "a request for a verification email": {
    async open(world, visitor) {
      await world.auth.account.register(owner.email, owner.password);
      await deliverMails(world);
      return visitor.open("/verify");
    },
    fields: { email: owner.email },
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isLoggedIn: false,
    isConcealed: true,
  },
  "a request for a verification email after a login": {
    async open(world, visitor) {
      await world.auth.account.register(owner.email, owner.password);
      await deliverMails(world);
      return visitor.submit(await visitor.open("/login"), owner, "/login");
    },
    action: "/verify",
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 0,
    isLoggedIn: false,
    isConcealed: true,
  },
  "a request for a verification email from the account": {
    open: (world, visitor) => openAsMember(world, visitor, "/account"),
    action: "/verify",
    to: "/mailbox",
    mails: ["confirm_email"],
    sessions: 1,
    isLoggedIn: true,
  },
};

/** The ways to submit a form twice. Each returns both responses. */
const repetitions: Record<
  string,
  (world: World, visitor: Visitor, send: () => Promise<PageResponse>) => Promise<PageResponse[]>
> = {
  "by a double click": async (_, __, send) => Promise.all([send(), send()]),
  "after the response": async (world, _, send) => {
    const first = await send();
    world.clock.advance(5000);
    return [first, await send()];
  },
  "after a lost response": async (world, visitor, send) => {
    const before = [...visitor.cookies];
    const first = await send();
    visitor.cookies.clear();
    for (const [name, value] of before) visitor.cookies.set(name, value);
    world.clock.advance(5000);
    return [first, await send()];
  },
};

for (const [name, formCase] of Object.entries({ ...actionForms, ...mailForms })) {
  for (const [repetition, submitTwice] of Object.entries(repetitions)) {
    // id: done-once
    test(`${name} that is submitted twice ${repetition} takes effect once and gets the same response`, async () => {
      const limits = { RATE_LIMIT: "on", LIMIT_REDEMPTION_NETWORK: "2/15m", LIMIT_LOGIN_ACCOUNT: "2/15m" };
      const conceal = { REQUIRE_VERIFIED_EMAIL: "on", CONCEAL_ACCOUNTS: "on", RESET_DELIVERY: "email" };
      await using world = await createWorld({ ...limits, ...(formCase.isConcealed && conceal) });
      const visitor = createVisitor(world);
      const page = await formCase.open(world, visitor);
      const { length } = world.mails;
      const responses = await submitTwice(world, visitor, async () => {
        const response = await visitor.submit(page, formCase.fields ?? {}, formCase.action);
        // Emails can be delivered between the two submissions.
        await world.auth.outbox.deliver();
        return response;
      });
      for (const response of responses) {
        if (formCase.to === undefined) assert.match(response.headers.get("Content-Disposition") ?? "", /account\.json/);
        else assertRedirect(response, formCase.to);
      }
      const kinds = world.mails.slice(length).map(({ kind }) => kind);
      assert.deepEqual(kinds.toSorted(), (formCase.mails ?? []).toSorted());
      const user = (await world.auth.admin.findAccount(owner.email)) ?? (await world.auth.admin.findAccount(next));
      assert.equal((await world.auth.admin.listSessions(user?.id ?? 0)).length, formCase.sessions);
      if (formCase.message) assert.match((await visitor.open(formCase.to ?? "")).banner, formCase.message);
      // By now the session id from before a renewal is invalid.
      world.clock.advance(minute / 2);
      assert.equal((await visitor.open("/account")).status === 200, formCase.isLoggedIn);
    });
  }
}

test("a form that is submitted many times makes one audit event and uses no attempt", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_REDEMPTION_NETWORK: "1/15m" });
  const visitor = createVisitor(world);
  const page = await openReset(world, visitor);
  for (let i = 0; i < 5; i++) assertRedirect(await visitor.submit(page, { new_password: newPassword }), "/login");
  await world.auth.flush();
  const events = (await world.auth.audit.list({ limit: 100 })).map(({ event }) => event);
  assert.equal(events.filter((event) => event === "password_reset").length, 1);
  assert.ok(!events.includes("reset_refused"));
});

// id: used-link-leads-on
test("a link that this browser has just used redirects; in other browsers, with another password or after a minute it is invalid", async () => {
  await using world = await createWorld();
  const [visitor, other] = [createVisitor(world), createVisitor(world)];
  const page = await openReset(world, visitor);
  const hidden = findForms(page.html)[0]?.hidden ?? {};
  const link = `/reset?token=${hidden.token}`;
  await other.open("/login");
  assertRedirect(await visitor.submit(page, { new_password: newPassword }), "/login");
  await visitor.open("/login");
  assertRedirect(await visitor.open(link), "/login");
  assert.match((await visitor.open("/login")).banner, /Log in with your new password/);
  const form_token = other.cookies.get("form") ?? "";
  for (const seen of [
    await other.open(link),
    await createVisitor(world).open(link),
    await visitor.open(`${link}x`),
    await visitor.submit(page, { new_password: `${newPassword}!` }),
    await other.post("/reset", { ...hidden, form_token, new_password: newPassword }),
  ]) {
    assert.equal(seen.status, 403);
    assert.match(seen.title, /^Error: This link no longer works/);
  }
  world.clock.advance(minute);
  for (const seen of [await visitor.open(link), await visitor.submit(page, { new_password: newPassword })])
    assert.equal(seen.status, 403);
});

test("the API rejects a used token", async () => {
  await using world = await createWorld();
  const eve = { ...bob, email: "eve@example.com" };
  await register(world, eve);
  const token = await world.auth.getResetPasswordToken(eve.email);
  const fields = { email: eve.email, reset_token: token, new_password: newPassword };
  assert.equal((await redeemResetToken(world, fields)).status, 200);
  await assertRejected(redeemResetToken(world, fields), 403);
  const visitor = createVisitor(world);
  const page = await openEmailChange(world, visitor);
  const used = findForms(page.html)[0]?.hidden.token ?? "";
  assertRedirect(await visitor.submit(page, { password: strongPassword }), "/account");
  const headers = { Cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
  const verification = { email: next, token: used, password: strongPassword };
  await assertRejected(world.request("/email_verification", form(verification, { method: "PUT", headers })), 403);
});

test("a used verification link leads to the account if the user is logged in, else to the login", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  const page = await openVerify(world, visitor);
  const link = `/verify?token=${findForms(page.html)[0]?.hidden.token}`;
  assertRedirect(await visitor.submit(page, { password: strongPassword }), "/account");
  assertRedirect(await visitor.open(link), "/account");
  visitor.cookies.delete("__Host-session_id");
  assertRedirect(await visitor.open(link), "/login");
  assert.match((await visitor.open("/login")).banner, /address has been verified/);
  assert.equal((await createVisitor(world).open(link)).status, 403);
});

test("a form takes effect again if its effect has been undone since", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  await registerAndLogIn(world, visitor);
  const change = await visitor.open("/account/password");
  const there = { password: strongPassword, new_password: newPassword };
  assertRedirect(await visitor.submit(change, there), "/account");
  assertRedirect(
    await visitor.submit(await visitor.open("/account/password"), {
      password: newPassword,
      new_password: strongPassword,
    }),
    "/account",
  );
  assertRedirect(await visitor.submit(change, there), "/account");
  assert.ok(await world.auth.validLogin(owner.email, newPassword));
  const email = await visitor.open("/account/email");
  for (const address of [next, "other@example.com", next]) {
    assertRedirect(await visitor.submit(email, { email: address }), "/mailbox");
    assert.equal(await world.db.changeEmail.findNewEmail(1), address);
  }
  // After a logout, the same login form opens a new session.
  assertRedirect(await visitor.submit(await visitor.open("/logout"), {}), "/login");
  const login = await visitor.open("/login");
  assertRedirect(await visitor.submit(login, { ...owner, password: newPassword }), "/account");
  const first = visitor.cookies.get("session_id");
  assertRedirect(await visitor.submit(await visitor.open("/logout"), {}), "/login");
  assertRedirect(await visitor.submit(login, { ...owner, password: newPassword }), "/account");
  assert.notEqual(visitor.cookies.get("session_id"), first);
});

// id: every-wrong-one-counts
test("every wrong password in a repeated form counts as an attempt", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_DEVICE: "2/15m" });
  const visitor = createVisitor(world);
  const page = await openAsMember(world, visitor, "/account/password");
  assertRedirect(await visitor.submit(page, { password: strongPassword, new_password: newPassword }), "/account");
  for (const [password, status] of [
    ["wrong-1", 403],
    ["wrong-2", 403],
    ["wrong-3", 429],
    [newPassword, 429],
  ] as const) {
    assert.equal((await visitor.submit(page, { password, new_password: newPassword })).status, status, password);
  }
});

test("a client that submits a password change twice gets the same new session, and the user gets one email", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(owner.email, owner.password);
  const { session } = await world.auth.logIn(owner);
  const headers = { Cookie: `session_id=${session.sessionId}` };
  const change = () =>
    world.request(
      "/profile/password",
      form({ password: strongPassword, new_password: newPassword }, { method: "PUT", headers }),
    );
  const responses = [...(await Promise.all([change(), change()])), await change()];
  for (const { status } of responses) assert.equal(status, 200);
  assert.equal(new Set(responses.map((response) => response.headers.get("Set-Cookie"))).size, 1);
  assert.equal((await deliverMails(world)).filter(({ kind }) => kind === "password_changed").length, 1);
  const other = form({ password: strongPassword, new_password: `${newPassword}!` }, { method: "PUT", headers });
  await assertRejected(world.request("/profile/password", other), 403, /^wrong password$/);
});

test("registering again with a new form sends another email", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  for (let i = 0; i < 2; i++) {
    assertRedirect(
      await visitor.submit(await visitor.open("/register"), { email: owner.email, new_password: strongPassword }),
      "/mailbox",
    );
    assert.equal((await deliverMails(world)).length, 1);
  }
});

test("the mailbox page sends the email each time it is requested", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  await visitor.submit(await visitor.open("/forgot"), { email: bob.email });
  const mailbox = await visitor.open("/mailbox");
  assert.equal((await deliverMails(world)).length, 1);
  for (let i = 0; i < 2; i++) {
    assertRedirect(await visitor.submit(mailbox, {}), "/mailbox");
    assert.equal((await deliverMails(world)).length, 1);
  }
});

test("idempotency keys are swept", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  const page = await openAsMember(world, visitor, "/account/delete");
  assertRedirect(await visitor.submit(page, { password: strongPassword }), "/login");
  world.clock.advance(2 * minute);
  assert.equal((await world.auth.admin.sweep()).acts, 0);
  world.clock.advance(1);
  assert.equal((await world.auth.admin.sweep()).acts, 1);
});
