import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../../support/production.ts";
import { bob, canLogIn, register } from "../../support/steps.ts";
import { createVisitor, findForms, logIn, readField, sent } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

const cookie = /^form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/;
const secure = /^__Host-form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/;

test("a form holds what its browser has in a cookie, and both stay", async () => {
  for (const [world, form] of [
    [await createWorld(), cookie],
    [await createProductionWorld(), secure],
  ] as const) {
    await using _ = world;
    const who = createVisitor(world);
    const first = await who.open("/login");
    assert.match(first.headers.getSetCookie().join("\n"), form);
    const [value] = [...who.cookies.values()];
    assert.equal(findForms(first.html)[0]?.hidden.form_token, value);
    const second = await who.open("/register");
    assert.deepEqual(second.headers.getSetCookie(), []);
    assert.equal(findForms(second.html)[0]?.hidden.form_token, value);
    const other = createVisitor(world);
    const third = await other.open("/login");
    assert.match(findForms(third.html)[0]?.hidden.form_token ?? "", /^[\w-]{43}$/);
    assert.notEqual(findForms(third.html)[0]?.hidden.form_token, value);
  }
});

// id: foreign-form-shown-again
test("a form without that, with another's, or of a browser that has lost it shows again, kept, with one that works", async () => {
  await using world = await createWorld();
  await register(world);
  const other = createVisitor(world);
  const others = findForms((await other.open("/login")).html)[0]?.hidden.form_token ?? "";
  const given = [{}, { form_token: "" }, { form_token: others }, { form_token: "é".repeat(43) }, { form_token: "x" }];
  for (const tokens of given) {
    for (const cookies of ["kept", "lost", "made up"]) {
      const who = createVisitor(world);
      await who.open("/login");
      if (cookies === "lost") who.cookies.clear();
      if (cookies === "made up") who.cookies.set("form", "x");
      const stale = await who.send("/login", { ...bob, ...tokens } as Record<string, string>);
      assert.equal(stale.status, 403);
      assert.equal(stale.title, "Error: Log in · Bienvenue");
      assert.match(stale.banner, /open for too long/);
      assert.equal(readField(stale, "email"), bob.email);
      assert.ok(!stale.html.includes(bob.password));
      assert.ok(!who.cookies.has("session_id"));
      sent(await who.fill(stale, bob), "/account");
    }
  }
});

test("of several form cookies any one that the form was made from counts, in whatever order they come, of five at most", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  const [secret, session] = [who.cookies.get("form") ?? "", who.cookies.get("session_id") ?? ""];
  const other = "o".repeat(43);
  const stranger = createVisitor(world);
  stranger.cookies.set("form", "s".repeat(43));
  const strange = findForms((await stranger.open("/login")).html)[0]?.hidden.form_token ?? "";
  const many = Array.from({ length: 5 }, (_, i) => `form=${String(i).repeat(43)}`);
  const open = async (form: string, path: string) => {
    const sent = createVisitor(world, { Cookie: `form=${form}; session_id=${session}` });
    return findForms((await sent.open(path)).html)[0]?.hidden.form_token ?? "";
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
      [[...many.slice(1), `form=${secret}`], own, true],
      [[...many, `form=${secret}`], own, false],
      [[`form=${secret}`, `form=${other}`], strange, false],
      [[`form=${other}`], own, false],
    ] as const) {
      const sent = createVisitor(world, { Cookie: [...cookies, `session_id=${session}`].join("; ") });
      const seen = await sent.send(path, { ...fields, form_token: token });
      // Of a password that is missing nothing is changed, and it is not the token that is refused.
      assert.equal(seen.status, isOwn ? (path === "/forgot" ? 303 : 400) : 403, `${path} ${cookies}`);
    }
  }
});

test("no form of ours does anything without it", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  await logIn(who, owner);
  const waiting = { email: "carol@example.com", password: strongPassword };
  await world.auth.account.register(waiting.email, waiting.password);
  const verify = await deliverToken(world);
  await world.auth.resetPassword.request(owner.email);
  const reset = await deliverToken(world);
  const own = who.cookies.get("__Host-form") ?? "";
  const changed = { password: strongPassword, new_password: `${strongPassword}-2` };
  // Each would do what it asks for, but for the form's own token.
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
      const refused = await who.send(path, { ...fields, ...token });
      assert.equal(refused.status, 403, path);
      assert.match(refused.banner, /^This page was open for too long/, path);
    }
  }
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await who.open("/account")).status, 200);
  assert.ok(await canLogIn(world, owner));
  assert.ok(await world.auth.verifyEmail.find(verify));
  assert.ok(await world.auth.resetPassword.findEmail(reset));
});

test("what another site's page sends is refused before, as the API does", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  await who.open("/login");
  const fields = { ...bob, form_token: who.cookies.get("form") ?? "" };
  const refused: Record<string, string>[] = [
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site", Origin: "http://evil.localhost:5000" },
    { Origin: "https://evil.example" },
    { Origin: "null", "Sec-Fetch-Site": "cross-site" },
  ];
  for (const headers of refused) {
    const page = await who.send("/login", fields, headers);
    assert.equal(page.status, 403);
    assert.match(page.banner, /came from another site/);
    assert.deepEqual(page.headers.getSetCookie(), []);
  }
  // A page without a referrer makes an older browser say `null`: its form's token decides.
  assert.equal((await who.send("/login", { ...fields, form_token: "x" }, { Origin: "null" })).status, 403);
  for (const headers of [
    { Origin: "null" },
    { Origin: "http://localhost:5000" },
    { "Sec-Fetch-Site": "same-origin" },
  ]) {
    sent(await who.send("/login", fields, headers as Record<string, string>), "/account");
  }
});
