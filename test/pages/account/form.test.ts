import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { deliverMails } from "../../support/production.ts";
import { bob } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

test("too many wrong passwords in a row show a link to the password reset on every form", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2" });
  const visitor = await createLoggedInVisitor(world);
  for (const path of ["/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const page = await visitor.open(path);
    const fields = { email: "new@example.com", new_password: "t4rt1fl3tt3" };
    let refused = await visitor.submit(page, { ...fields, password: "wrong" });
    while (refused.status === 403) refused = await visitor.submit(page, { ...fields, password: "wrong" });
    assert.equal(refused.status, 429, path);
    assert.match(refused.banner, /^Too many incorrect passwords\. .*\s+Reset your password$/, path);
    assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/forgot">/, path);
  }
});

test("a password is not required within ten minutes of its last confirmation", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const page = await visitor.open("/account/export");
  assert.equal((await visitor.submit(page, { password: "" })).status, 200);
  world.clock.advance(9 * minute);
  assert.equal((await visitor.submit(page, { password: bob.password })).status, 200);
  world.clock.advance(9 * minute);
  assert.equal((await visitor.submit(page, { password: "" })).status, 200);
  world.clock.advance(10 * minute + 1);
  const refused = await visitor.submit(page, { password: "" });
  assert.deepEqual([refused.status, refused.banner], [403, "Enter your password to continue."]);
});

test("a form whose session has ended redirects to the login and back", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  for (const path of ["/account/password", "/account/email", "/account/delete"]) {
    const page = await visitor.open(path);
    await world.auth.destroySession((await world.auth.admin.findAccount(bob.email))?.id ?? 0);
    const fields = { email: "new@example.com", password: bob.password, new_password: "t4rt1fl3tt3" };
    assertRedirect(await visitor.submit(page, fields), `/login?return_to=${encodeURIComponent(path)}`);
    const login = await visitor.open(`/login?return_to=${path}`);
    assert.equal(login.banner, "Your session has ended. Log in again to continue.");
    assert.match(login.html, /<p class="message plain" role="status">/);
    assertRedirect(await visitor.submit(login, bob), path);
  }
  assert.deepEqual(await deliverMails(world), []);
});
