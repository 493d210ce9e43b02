import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { createProductionWorld, logInForCookies, owner, registerAndConfirm } from "../../support/production.ts";
import { bob, canLogIn, isSessionOpen, logIn as sessionOf } from "../../support/steps.ts";
import { createMember, createVisitor, sent } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("a changed password keeps this device and logs out the others", async () => {
  await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
  const who = await createMember(world);
  const other = await sessionOf(world);
  const page = await who.open("/account/password");
  assert.match(page.html, /autocomplete="current-password"/);
  assert.match(page.html, /autocomplete="new-password"/);
  const wrong = await who.fill(page, { password: "wrong", new_password: "t4rt1fl3tt3" });
  assert.deepEqual([wrong.status, wrong.banner], [403, "Incorrect password. Try again."]);
  assert.match(wrong.html, /id="password"[^>]* aria-invalid="true"/);
  const short = await who.fill(page, { password: bob.password, new_password: "short" });
  assert.match(short.html, /id="new_password"[^>]* aria-invalid="true"/);
  assert.ok(await isSessionOpen(world, other));
  sent(await who.fill(page, { password: bob.password, new_password: "t4rt1fl3tt3" }), "/account");
  assert.match((await who.open("/account")).banner, /^Your password has been changed/);
  assert.ok(!(await isSessionOpen(world, other)));
  assert.ok(await canLogIn(world, { ...bob, password: "t4rt1fl3tt3" }));
});

test("in production the page changes the cookie that production has", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  for (const pair of (await logInForCookies(world)).split("; ")) {
    const [name = "", value = ""] = pair.split("=");
    who.cookies.set(name, value);
  }
  const before = who.cookies.get("__Host-session_id");
  const page = await who.open("/account/password");
  sent(await who.fill(page, { password: owner.password, new_password: `${owner.password}-2` }), "/account");
  assert.notEqual(who.cookies.get("__Host-session_id"), before);
  assert.equal((await who.open("/account")).status, 200);
});
