import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import { bob, canLogIn } from "../support/steps.ts";
import {
  createVisitor,
  findForms,
  logIn,
  type PageResponse,
  readField,
  sent,
  type Visitor,
} from "../support/visitor.ts";
import { createWorld, form, minute, type World } from "../support/world.ts";

const alice = { email: "alice@example.com", password: bob.password };
const agent = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" };

/** A browser in which alice is logged in; bob has the same password. */
async function alicesBrowser(world: World): Promise<Visitor> {
  for (const user of [alice, bob]) await world.auth.registerUser(user.email, user.password);
  const who = createVisitor(world);
  await logIn(who, alice);
  return who;
}

/** Another account logs in, by the API: a tab with the form that does was open before. */
async function switchTo(world: World, who: Visitor, user: typeof bob): Promise<void> {
  const cookies = [...who.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await world.request("/sessions", form(user, { headers: { Cookie: cookies } }));
  assert.equal(response.status, 200);
  const [, value = ""] = /^session_id=([^;]+)/.exec(response.headers.get("Set-Cookie") ?? "") ?? [];
  who.cookies.set("session_id", value);
}

/** All stored rows of two accounts, except for the times of last use. */
async function stateOf(world: World): Promise<object> {
  const state = [];
  for (const { email } of [alice, bob]) {
    const user = await world.db.findUserBy({ email });
    state.push([user.hashedPassword, (await world.auth.admin.sessions(user.id)).map(({ id }) => id)]);
  }
  return { state, mails: (await world.db.outbox.list(100)).map(({ kind }) => kind) };
}

/** The form of a page with a button that says this. */
function formWith({ html }: PageResponse, button: string) {
  const found = findForms(html).find((each) => each.html.includes(button));
  assert.ok(found, button);
  return found;
}

const next = "next@example.com";

/** Every form that acts for the account that is logged in: its page, its button, what is typed, and the page it is on. */
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
test("a form acts for the account that it was shown to, and for no other that has logged in since", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  for (const user of [alice, bob]) await world.request("/sessions", form(user, { headers: agent }));
  for (const [path, button, typed, title] of forms) {
    await switchTo(world, who, alice);
    const { action, hidden } = formWith(await who.open(path), button);
    await switchTo(world, who, bob);
    const before = await stateOf(world);
    const refused = await who.send(action, { ...hidden, ...typed });
    assert.equal(refused.status, 403, button);
    assert.match(refused.title, title, button);
    assert.match(
      refused.banner,
      /opened for a different account.*nothing was changed.*now logged in as bob@example\.com/,
      button,
    );
    assert.match(refused.html, /<div class="message bad" role="alert"/);
    assert.deepEqual(await stateOf(world), before, button);
    assert.equal(refused.headers.get("Content-Disposition"), null);
    assert.ok(!refused.html.includes(alice.email), button);
    for (const value of Object.values(typed)) assert.ok(!refused.html.includes(value), `${button}: ${value}`);
    assert.match((await who.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/, button);
    // The one that it shows instead is bob's.
    const again = formWith(refused, path === "/account/devices" ? "Log out all other devices" : button);
    assert.notEqual(again.hidden.form_token, hidden.form_token);
  }
  for (const user of [alice, bob]) assert.ok(await canLogIn(world, user));
});

test("the form that is shown instead acts for the account that is logged in now", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  const page = await who.open("/account/delete");
  await switchTo(world, who, bob);
  const refused = await who.fill(page, { password: bob.password });
  assert.equal(refused.status, 403);
  assert.match(refused.html, /<p class="who"><bdi>bob@example\.com<\/bdi><\/p>/);
  sent(await who.fill(refused, { password: bob.password }), "/login");
  assert.equal(await world.auth.admin.find(bob.email), null);
  assert.ok(await canLogIn(world, alice));
});

test("a form works under a new session of its account, in every tab", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  const page = await who.open("/account/password");
  const other = await who.open("/account/delete");
  const third = await who.open("/account/email");
  sent(await who.fill(page, { password: alice.password, new_password: "t4rt1fl3tt3" }), "/account");
  world.clock.advance(minute);
  sent(await who.fill(third, { email: next, password: "t4rt1fl3tt3" }), "/mailbox");
  world.clock.advance(minute);
  await switchTo(world, who, bob);
  await switchTo(world, who, { ...alice, password: "t4rt1fl3tt3" });
  sent(await who.fill(other, { password: "t4rt1fl3tt3" }), "/login");
  assert.equal(await world.auth.admin.find(alice.email), null);
});

test("forms that need no session work whoever is logged in, or if nobody is", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  const stranger = createVisitor(world);
  const login = await stranger.open("/login");
  const registration = await stranger.open("/register");
  const forgot = await stranger.open("/forgot");
  const verify = await stranger.open("/verify");
  for (const [name, value] of who.cookies) if (name !== "form") stranger.cookies.set(name, value);
  sent(await stranger.fill(forgot, { email: bob.email }), "/mailbox");
  sent(await stranger.fill(verify, { email: bob.email }), "/mailbox");
  sent(await stranger.fill(registration, { email: "new@example.com", new_password: "b4l0u" }), "/login");
  sent(await stranger.fill(login, bob), "/account");
  assert.match((await stranger.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  // And vice versa: shown while somebody is logged in, sent when nobody is.
  const token = await world.auth.getResetPasswordToken(bob.email);
  const reset = await stranger.open(`/reset?token=${token}`);
  const again = await stranger.open("/forgot");
  sent(await stranger.fill(await stranger.open("/logout"), {}), "/login");
  sent(await stranger.fill(again, { email: bob.email }), "/mailbox");
  sent(await stranger.fill(reset, { new_password: "t4rt1fl3tt3" }), "/login");
  sent(await stranger.fill(login, { ...bob, password: "t4rt1fl3tt3" }), "/account");
});

test("a form that is sent when nobody is logged in asks to log in; logging out is then done", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  const pages = { "/account/delete": await who.open("/account/delete"), "/logout": await who.open("/logout") };
  const account = await who.open("/account");
  sent(await who.fill(pages["/logout"], {}), "/login");
  sent(await who.fill(pages["/logout"], {}), "/login");
  assert.match((await who.open("/login")).banner, /You have been logged out/);
  sent(await who.fill(pages["/account/delete"], { password: bob.password }), "/login?return_to=%2Faccount%2Fdelete");
  sent(await who.fill(account, {}, "/verify"), "/mailbox");
  assert.ok(await canLogIn(world, alice));
});

test("a token that names no account, or one of another browser, opens no form of an account", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  const own = (await who.open("/login")).status === 303 ? (who.cookies.get("form") ?? "") : "";
  const other = createVisitor(world);
  await logIn(other, alice);
  const others = findForms((await other.open("/account/delete")).html)[0]?.hidden.form_token ?? "";
  const bytes = Buffer.from(
    findForms((await who.open("/account/delete")).html)[0]?.hidden.form_token ?? "",
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
      const refused = await who.send(path, { form_token, password: bob.password, email: next });
      assert.equal(refused.status, 403, form_token);
      assert.ok(!refused.html.includes(next));
    }
  }
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await who.open("/account")).status, 200);
});

test("what was typed for one account is not shown to the next that logs in", async () => {
  await using world = await createWorld();
  const who = await alicesBrowser(world);
  for (const [user, shown] of [
    [alice, next],
    [bob, undefined],
  ] as const) {
    await switchTo(world, who, alice);
    const page = await who.open("/account/email");
    await world.auth.destroySession((await world.auth.admin.find(alice.email))?.id ?? 0);
    const asked = await who.fill(page, { email: next, password: "x" });
    sent(asked, "/login?return_to=%2Faccount%2Femail");
    sent(await who.fill(await who.open(asked.location ?? ""), user), "/account/email");
    assert.equal(readField(await who.open("/account/email"), "email") || undefined, shown, user.email);
  }
  await switchTo(world, who, alice);
  sent(await who.fill(await who.open("/account/email"), { email: next, password: bob.password }), "/mailbox");
  assert.equal(readField(await who.open("/account/email"), "email"), next);
  await switchTo(world, who, bob);
  sent(await who.open("/mailbox"), "/account");
  assert.equal(readField(await who.open("/account/email"), "email") || undefined, undefined);
});

test("a made-up account in a form makes no header, and fails no login", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(bob.email, bob.password);
  for (const typed_by of ["a\r\nSet-Cookie: x=y", "\u0000", "é".repeat(22), "x".repeat(5000), "; Domain=example.com"]) {
    const who = createVisitor(world);
    const page = await who.open("/login");
    const done = await who.fill(page, { ...bob, typed: next, typed_by });
    sent(done, "/account");
    assert.ok(!done.headers.getSetCookie().some((each) => /x=y|Domain|xxx/.test(each)));
    assert.equal(readField(await who.open("/account/email"), "email") || undefined, undefined);
  }
});

// id: api-follows-cookie
test("the API acts for the cookie that comes with the call, whatever forms are open", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  await logIn(who, owner);
  await who.open("/account/delete");
  const headers = { Cookie: `__Host-session_id=${who.cookies.get("__Host-session_id")}` };
  const deleted = await world.request("/profile", form({ password: strongPassword }, { method: "DELETE", headers }));
  assert.equal(deleted.status, 200);
});
