import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { bob, canLogIn } from "../support/steps.ts";
import {
  assertRedirect,
  createVisitor,
  findForms,
  logInByPage,
  type PageResponse,
  readField,
  type Visitor,
} from "../support/visitor.ts";
import { createWorld, form, minute, type World } from "../support/world.ts";

const alice = { email: "alice@example.com", password: bob.password };
const agent = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" };

/** Creates a visitor logged in as alice. Bob has the same password. */
async function createAlicesVisitor(world: World): Promise<Visitor> {
  for (const user of [alice, bob]) await world.auth.registerUser(user.email, user.password);
  const visitor = createVisitor(world);
  await logInByPage(visitor, alice);
  return visitor;
}

/** Logs in with another account in the same browser, as from another tab. */
async function switchTo(world: World, visitor: Visitor, user: typeof bob): Promise<void> {
  const cookies = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await world.request("/sessions", form(user, { headers: { Cookie: cookies } }));
  assert.equal(response.status, 200);
  const [, value = ""] = /^session_id=([^;]+)/.exec(response.headers.get("Set-Cookie") ?? "") ?? [];
  visitor.cookies.set("session_id", value);
}

/** Returns the passwords, sessions and emails of both accounts. */
async function readState(world: World): Promise<object> {
  const state = [];
  for (const { email } of [alice, bob]) {
    const user = await world.db.findUserBy({ email });
    state.push([user.hashedPassword, (await world.auth.admin.listSessions(user.id)).map(({ id }) => id)]);
  }
  return { state, mails: (await world.db.outbox.list(100)).map(({ kind }) => kind) };
}

/** Returns the form with this button. */
function findFormByButton({ html }: PageResponse, button: string) {
  const found = findForms(html).find((each) => each.html.includes(button));
  assert.ok(found, button);
  return found;
}

const next = "next@example.com";

/** Every form that acts for the logged-in account: its page, its button, its fields, and the title of the error page. */
const forms: readonly [path: string, button: string, typed: Record<string, string>, title: RegExp][] = [
  [
    "/account/password",
    "Change password",
    { password: bob.password, new_password: "t4rt1fl3tt3" },
    /^Error: Change pass/,
  ],
  ["/account/email", "Change email address", { email: next, password: bob.password }, /^Error: Change email/],
  ["/account/email", "Change email address", { email: next }, /^Error: Change email/],
  ["/account/export", "Download", { password: bob.password }, /^Error: Download/],
  ["/account/export", "Download", {}, /^Error: Download/],
  ["/account/delete", "Delete account permanently", { password: bob.password }, /^Error: Delete/],
  ["/account/delete", "Delete account permanently", {}, /^Error: Delete/],
  ["/account", "Log out all other devices", {}, /^Error: Your account/],
  ["/account", "Log out Firefox on Windows", {}, /^Error: Your account/],
  ["/account/devices", "Log out Firefox on Windows", {}, /^Error: Your account/],
  ["/account", "Send verification email", {}, /^Error: Your account/],
  ["/logout", "Log out", {}, /^Error: Log out/],
];

// id: form-keeps-its-account
test("a form acts only for the account that was logged in when it was opened", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  for (const user of [alice, bob]) await world.request("/sessions", form(user, { headers: agent }));
  for (const [path, button, typed, title] of forms) {
    await switchTo(world, visitor, alice);
    const { action, hidden } = findFormByButton(await visitor.open(path), button);
    await switchTo(world, visitor, bob);
    const before = await readState(world);
    const refused = await visitor.post(action, { ...hidden, ...typed });
    assert.equal(refused.status, 403, button);
    assert.match(refused.title, title, button);
    assert.match(
      refused.banner,
      /opened for a different account.*nothing was changed.*now logged in as bob@example\.com/,
      button,
    );
    assert.match(refused.html, /<div class="message bad" role="alert"/);
    assert.deepEqual(await readState(world), before, button);
    assert.equal(refused.headers.get("Content-Disposition"), null);
    assert.ok(!refused.html.includes(alice.email), button);
    for (const value of Object.values(typed)) assert.ok(!refused.html.includes(value), `${button}: ${value}`);
    assert.match((await visitor.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/, button);
    // The error page contains bob's form.
    const again = findFormByButton(refused, path === "/account/devices" ? "Log out all other devices" : button);
    assert.notEqual(again.hidden.form_token, hidden.form_token);
  }
  for (const user of [alice, bob]) assert.ok(await canLogIn(world, user));
});

test("the form on the error page acts for the account that is logged in now", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  const page = await visitor.open("/account/delete");
  await switchTo(world, visitor, bob);
  const refused = await visitor.submit(page, { password: bob.password });
  assert.equal(refused.status, 403);
  assert.match(refused.html, /<p class="who"><bdi>bob@example\.com<\/bdi><\/p>/);
  assertRedirect(await visitor.submit(refused, { password: bob.password }), "/login");
  assert.equal(await world.auth.admin.findAccount(bob.email), null);
  assert.ok(await canLogIn(world, alice));
});

test("a form that is open in another tab works after its account gets a new session", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  const page = await visitor.open("/account/password");
  const other = await visitor.open("/account/delete");
  const third = await visitor.open("/account/email");
  assertRedirect(await visitor.submit(page, { password: alice.password, new_password: "t4rt1fl3tt3" }), "/account");
  world.clock.advance(minute);
  assertRedirect(await visitor.submit(third, { email: next, password: "t4rt1fl3tt3" }), "/mailbox");
  world.clock.advance(minute);
  await switchTo(world, visitor, bob);
  await switchTo(world, visitor, { ...alice, password: "t4rt1fl3tt3" });
  assertRedirect(await visitor.submit(other, { password: "t4rt1fl3tt3" }), "/login");
  assert.equal(await world.auth.admin.findAccount(alice.email), null);
});

test("forms that need no session work with any or no account logged in", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  const otherVisitor = createVisitor(world);
  const login = await otherVisitor.open("/login");
  const registration = await otherVisitor.open("/register");
  const forgot = await otherVisitor.open("/forgot");
  const verify = await otherVisitor.open("/verify");
  for (const [name, value] of visitor.cookies) if (name !== "form") otherVisitor.cookies.set(name, value);
  assertRedirect(await otherVisitor.submit(forgot, { email: bob.email }), "/mailbox");
  assertRedirect(await otherVisitor.submit(verify, { email: bob.email }), "/mailbox");
  assertRedirect(
    await otherVisitor.submit(registration, { email: "new@example.com", new_password: "b4l0u" }),
    "/login",
  );
  assertRedirect(await otherVisitor.submit(login, bob), "/account");
  assert.match((await otherVisitor.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  // Vice versa: opened by a logged-in user, submitted after the logout.
  const token = await world.auth.getResetPasswordToken(bob.email);
  const reset = await otherVisitor.open(`/reset?token=${token}`);
  const again = await otherVisitor.open("/forgot");
  assertRedirect(await otherVisitor.submit(await otherVisitor.open("/logout"), {}), "/login");
  assertRedirect(await otherVisitor.submit(again, { email: bob.email }), "/mailbox");
  assertRedirect(await otherVisitor.submit(reset, { new_password: "t4rt1fl3tt3" }), "/login");
  assertRedirect(await otherVisitor.submit(login, { ...bob, password: "t4rt1fl3tt3" }), "/account");
});

test("a form that is submitted without a session redirects to the login, except a logout, which succeeds", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  const pages = { "/account/delete": await visitor.open("/account/delete"), "/logout": await visitor.open("/logout") };
  const account = await visitor.open("/account");
  assertRedirect(await visitor.submit(pages["/logout"], {}), "/login");
  assertRedirect(await visitor.submit(pages["/logout"], {}), "/login");
  assert.match((await visitor.open("/login")).banner, /You have been logged out/);
  assertRedirect(
    await visitor.submit(pages["/account/delete"], { password: bob.password }),
    "/login?return_to=%2Faccount%2Fdelete",
  );
  assertRedirect(await visitor.submit(account, {}, "/verify"), "/mailbox");
  assert.ok(await canLogIn(world, alice));
});

test("a form of an account rejects a token of no account or of another browser", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  const own = (await visitor.open("/login")).status === 303 ? (visitor.cookies.get("form") ?? "") : "";
  const other = createVisitor(world);
  await logInByPage(other, alice);
  const others = findForms((await other.open("/account/delete")).html)[0]?.hidden.form_token ?? "";
  const bytes = Buffer.from(
    findForms((await visitor.open("/account/delete")).html)[0]?.hidden.form_token ?? "",
    "base64url",
  );
  const changed = [0, 15, 16, 31].map((at) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy.toString("base64url");
  });
  const short = [bytes.subarray(0, 16), bytes.subarray(0, 31), Buffer.concat([bytes, bytes])];
  for (const form_token of [own, others, ...changed, ...short.map((each) => each.toString("base64url")), "", "x"]) {
    for (const path of ["/account/delete", "/account/email", "/logout"]) {
      const refused = await visitor.post(path, { form_token, password: bob.password, email: next });
      assert.equal(refused.status, 403, form_token);
      assert.ok(!refused.html.includes(next));
    }
  }
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await visitor.open("/account")).status, 200);
});

test("an address typed for one account is not shown to the next one", async () => {
  await using world = await createWorld();
  const visitor = await createAlicesVisitor(world);
  for (const [user, shown] of [
    [alice, next],
    [bob, undefined],
  ] as const) {
    await switchTo(world, visitor, alice);
    const page = await visitor.open("/account/email");
    await world.auth.destroySession((await world.auth.admin.findAccount(alice.email))?.id ?? 0);
    const response = await visitor.submit(page, { email: next, password: "x" });
    assertRedirect(response, "/login?return_to=%2Faccount%2Femail");
    assertRedirect(await visitor.submit(await visitor.open(response.location ?? ""), user), "/account/email");
    assert.equal(readField(await visitor.open("/account/email"), "email") || undefined, shown, user.email);
  }
  await switchTo(world, visitor, alice);
  assertRedirect(
    await visitor.submit(await visitor.open("/account/email"), { email: next, password: bob.password }),
    "/mailbox",
  );
  assert.equal(readField(await visitor.open("/account/email"), "email"), next);
  await switchTo(world, visitor, bob);
  assertRedirect(await visitor.open("/mailbox"), "/account");
  assert.equal(readField(await visitor.open("/account/email"), "email") || undefined, undefined);
});

test("an invalid account tag in a form is ignored", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(bob.email, bob.password);
  for (const typed_by of ["a\r\nSet-Cookie: x=y", "\u0000", "é".repeat(22), "x".repeat(5000), "; Domain=example.com"]) {
    const visitor = createVisitor(world);
    const page = await visitor.open("/login");
    const done = await visitor.submit(page, { ...bob, typed: next, typed_by });
    assertRedirect(done, "/account");
    assert.ok(!done.headers.getSetCookie().some((each) => /x=y|Domain|xxx/.test(each)));
    assert.equal(readField(await visitor.open("/account/email"), "email") || undefined, undefined);
  }
});

// id: api-follows-cookie
test("the API acts for the session cookie of the request, whatever forms are open", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, owner);
  await visitor.open("/account/delete");
  const headers = { Cookie: `__Host-session_id=${visitor.cookies.get("__Host-session_id")}` };
  const deleted = await world.request("/profile", form({ password: strongPassword }, { method: "DELETE", headers }));
  assert.equal(deleted.status, 200);
});
