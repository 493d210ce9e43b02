import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { createProductionWorld, logInForCookies, owner, registerAndVerify } from "../../support/production.ts";
import { bob, canLogIn, isSessionOpen, logIn } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor, createVisitor } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

test("a password change keeps this device logged in and logs out the others", async () => {
  await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
  const visitor = await createLoggedInVisitor(world);
  const other = await logIn(world);
  const page = await visitor.open("/account/password");
  assert.match(page.html, /autocomplete="current-password"/);
  assert.match(page.html, /autocomplete="new-password"/);
  const wrong = await visitor.submit(page, { password: "wrong", new_password: "t4rt1fl3tt3" });
  assert.deepEqual([wrong.status, wrong.banner], [403, "Incorrect password. Try again."]);
  assert.match(wrong.html, /id="password"[^>]* aria-invalid="true"/);
  const short = await visitor.submit(page, { password: bob.password, new_password: "short" });
  assert.match(short.html, /id="new_password"[^>]* aria-invalid="true"/);
  assert.ok(await isSessionOpen(world, other));
  assertRedirect(await visitor.submit(page, { password: bob.password, new_password: "t4rt1fl3tt3" }), "/account");
  assert.match((await visitor.open("/account")).banner, /^Your password has been changed/);
  assert.ok(!(await isSessionOpen(world, other)));
  assert.ok(await canLogIn(world, { ...bob, password: "t4rt1fl3tt3" }));
});

test("in production, a password change replaces the session cookie", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  for (const pair of (await logInForCookies(world)).split("; ")) {
    const [name = "", value = ""] = pair.split("=");
    visitor.cookies.set(name, value);
  }
  const before = visitor.cookies.get("__Host-session_id");
  const page = await visitor.open("/account/password");
  assertRedirect(
    await visitor.submit(page, { password: owner.password, new_password: `${owner.password}-2` }),
    "/account",
  );
  assert.notEqual(visitor.cookies.get("__Host-session_id"), before);
  assert.equal((await visitor.open("/account")).status, 200);
});
