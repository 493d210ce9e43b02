import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { deliverMails } from "../../support/production.ts";
import { bob } from "../../support/steps.ts";
import { createMember, sent } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

test("too many wrong passwords in a row are told wherever one is asked for, with the way to a new one", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2" });
  const who = await createMember(world);
  for (const path of ["/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const page = await who.open(path);
    const fields = { email: "new@example.com", new_password: "t4rt1fl3tt3" };
    let refused = await who.fill(page, { ...fields, password: "wrong" });
    while (refused.status === 403) refused = await who.fill(page, { ...fields, password: "wrong" });
    assert.equal(refused.status, 429, path);
    assert.match(refused.banner, /^Too many incorrect passwords\. .*\s+Reset your password$/, path);
    assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/forgot">/, path);
  }
});

test("a password that was given to log in or since is not needed once more, until ten minutes have gone", async () => {
  await using world = await createWorld();
  const who = await createMember(world);
  const page = await who.open("/account/export");
  assert.equal((await who.fill(page, { password: "" })).status, 200);
  world.clock.advance(9 * minute);
  assert.equal((await who.fill(page, { password: bob.password })).status, 200);
  world.clock.advance(9 * minute);
  assert.equal((await who.fill(page, { password: "" })).status, 200);
  world.clock.advance(10 * minute + 1);
  const refused = await who.fill(page, { password: "" });
  assert.deepEqual([refused.status, refused.banner], [403, "Enter your password to continue."]);
});

test("a session that ended while a form was open leads to the login, and back to the form", async () => {
  await using world = await createWorld();
  const who = await createMember(world);
  for (const path of ["/account/password", "/account/email", "/account/delete"]) {
    const page = await who.open(path);
    await world.auth.destroySession((await world.auth.admin.find(bob.email))?.id ?? 0);
    const fields = { email: "new@example.com", password: bob.password, new_password: "t4rt1fl3tt3" };
    sent(await who.fill(page, fields), `/login?return_to=${encodeURIComponent(path)}`);
    const login = await who.open(`/login?return_to=${path}`);
    assert.equal(login.banner, "Your session has ended. Log in again to continue.");
    assert.match(login.html, /<p class="message plain" role="status">/);
    sent(await who.fill(login, bob), path);
  }
  assert.deepEqual(await deliverMails(world), []);
});
