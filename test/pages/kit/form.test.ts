import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndVerify,
  strongPassword,
} from "../../support/production.ts";
import { bob, canLogIn, register } from "../../support/steps.ts";
import { assertRedirect, createVisitor, findForms, logInByPage, readField } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

const cookie = /^form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/;
const secure = /^__Host-form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/;

test("a form's token equals the browser's cookie, and both stay the same", async () => {
  for (const [world, form] of [
    [await createWorld(), cookie],
    [await createProductionWorld(), secure],
  ] as const) {
    await using _ = world;
    const visitor = createVisitor(world);
    const first = await visitor.open("/login");
    assert.match(first.headers.getSetCookie().join("\n"), form);
    const [value] = [...visitor.cookies.values()];
    assert.equal(findForms(first.html)[0]?.hidden.form_token, value);
    const second = await visitor.open("/register");
    assert.deepEqual(second.headers.getSetCookie(), []);
    assert.equal(findForms(second.html)[0]?.hidden.form_token, value);
    const other = createVisitor(world);
    const third = await other.open("/login");
    assert.match(findForms(third.html)[0]?.hidden.form_token ?? "", /^[\w-]{43}$/);
    assert.notEqual(findForms(third.html)[0]?.hidden.form_token, value);
  }
});

// id: foreign-form-shown-again
test("a form with a missing or foreign token, or without its cookie, is shown again with a valid token", async () => {
  await using world = await createWorld();
  await register(world);
  const other = createVisitor(world);
  const others = findForms((await other.open("/login")).html)[0]?.hidden.form_token ?? "";
  const tokenFields = [
    {},
    { form_token: "" },
    { form_token: others },
    { form_token: "é".repeat(43) },
    { form_token: "x" },
  ];
  for (const tokens of tokenFields) {
    for (const cookies of ["kept", "lost", "made up"]) {
      const visitor = createVisitor(world);
      await visitor.open("/login");
      if (cookies === "lost") visitor.cookies.clear();
      if (cookies === "made up") visitor.cookies.set("form", "x");
      const stale = await visitor.post("/login", { ...bob, ...tokens } as Record<string, string>);
      assert.equal(stale.status, 403);
      assert.equal(stale.title, "Error: Log in · Bienvenue");
      assert.match(stale.banner, /open for too long/);
      assert.equal(readField(stale, "email"), bob.email);
      assert.ok(!stale.html.includes(bob.password));
      assert.ok(!visitor.cookies.has("session_id"));
      assertRedirect(await visitor.submit(stale, bob), "/account");
    }
  }
});

test("the form's token can match any of up to five form cookies, in any order", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  const [secret, session] = [visitor.cookies.get("form") ?? "", visitor.cookies.get("session_id") ?? ""];
  const other = "o".repeat(43);
  const otherVisitor = createVisitor(world);
  otherVisitor.cookies.set("form", "s".repeat(43));
  const foreignToken = findForms((await otherVisitor.open("/login")).html)[0]?.hidden.form_token ?? "";
  const otherCookies = Array.from({ length: 5 }, (_, i) => `form=${String(i).repeat(43)}`);
  const open = async (form: string, path: string) => {
    const visitor = createVisitor(world, { Cookie: `form=${form}; session_id=${session}` });
    return findForms((await visitor.open(path)).html)[0]?.hidden.form_token ?? "";
  };
  for (const [path, fields] of [
    ["/forgot", { email: bob.email }],
    ["/account/password", { password: bob.password, new_password: "" }],
  ] as const) {
    const [own, others] = [await open(secret, path), await open(other, path)];
    for (const [cookies, token, isOwn] of [
      [[`form=${other}`, `form=${secret}`], own, true],
      [[`form=${secret}`, `form=${other}`], own, true],
      [[`form=${secret}`, `form=${other}`], others, true],
      [["form=x", "form=", `form=${secret}`], own, true],
      [[...otherCookies.slice(1), `form=${secret}`], own, true],
      [[...otherCookies, `form=${secret}`], own, false],
      [[`form=${secret}`, `form=${other}`], foreignToken, false],
      [[`form=${other}`], own, false],
    ] as const) {
      const visitor = createVisitor(world, { Cookie: [...cookies, `session_id=${session}`].join("; ") });
      const seen = await visitor.post(path, { ...fields, form_token: token });
      // 400: the token is valid, but the new password is missing.
      assert.equal(seen.status, isOwn ? (path === "/forgot" ? 303 : 400) : 403, `${path} ${cookies}`);
    }
  }
});

test("no form has an effect without its token", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, owner);
  const waiting = { email: "carol@example.com", password: strongPassword };
  await world.auth.account.register(waiting.email, waiting.password);
  const verify = await deliverToken(world);
  await world.auth.resetPassword.request(owner.email);
  const reset = await deliverToken(world);
  const own = visitor.cookies.get("__Host-form") ?? "";
  const changed = { password: strongPassword, new_password: `${strongPassword}-2` };
  // Every form is valid except for its token.
  for (const [path, fields] of [
    ["/account/password", changed],
    ["/account/email", { email: "new@example.com", password: strongPassword }],
    ["/account/devices", {}],
    ["/account/export", { password: strongPassword }],
    ["/account/delete", { password: strongPassword }],
    ["/forgot", { email: owner.email }],
    ["/verify", { email: waiting.email }],
    ["/verify", { token: verify, password: strongPassword }],
    ["/reset", { token: reset, new_password: `${strongPassword}-2` }],
    ["/logout", {}],
  ] as const) {
    for (const token of [{}, { form_token: own.replace(/./, "!") }] as Record<string, string>[]) {
      const refused = await visitor.post(path, { ...fields, ...token });
      assert.equal(refused.status, 403, path);
      assert.match(refused.banner, /^This page was open for too long/, path);
    }
  }
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await visitor.open("/account")).status, 200);
  assert.ok(await canLogIn(world, owner));
  assert.ok(await world.auth.verifyEmail.find(verify));
  assert.ok(await world.auth.resetPassword.findEmail(reset));
});

test("a form from another site is rejected, as in the API", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  await visitor.open("/login");
  const fields = { ...bob, form_token: visitor.cookies.get("form") ?? "" };
  const refused: Record<string, string>[] = [
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site", Origin: "http://evil.localhost:5000" },
    { Origin: "https://evil.example" },
    { Origin: "null", "Sec-Fetch-Site": "cross-site" },
  ];
  for (const headers of refused) {
    const page = await visitor.post("/login", fields, headers);
    assert.equal(page.status, 403);
    assert.match(page.banner, /came from another site/);
    assert.deepEqual(page.headers.getSetCookie(), []);
  }
  // An older browser sends `Origin: null` from a page with no-referrer; then the form's token decides.
  assert.equal((await visitor.post("/login", { ...fields, form_token: "x" }, { Origin: "null" })).status, 403);
  for (const headers of [
    { Origin: "null" },
    { Origin: "http://localhost:5000" },
    { "Sec-Fetch-Site": "same-origin" },
  ]) {
    assertRedirect(await visitor.post("/login", fields, headers as Record<string, string>), "/account");
  }
});
