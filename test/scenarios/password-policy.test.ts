import assert from "node:assert/strict";
import { respondWithCounts, startBreachServer } from "../support/breach-server.ts";
import { test } from "../support/engines.ts";
import { deliverToken } from "../support/production.ts";
import { assertRejected, bob, logIn, redeemResetToken, withCookie } from "../support/steps.ts";
import { createLoggedInVisitor, createVisitor } from "../support/visitor.ts";
import { createWorld, form } from "../support/world.ts";

/** A password that breaks each rule, and its Error-Code. */
const weakPasswords = {
  short: "password_too_short",
  Trustno1: "password_common",
  example1: "password_personal",
  "plough-Violet-9": "password_breached",
};

test("every endpoint and page that sets a password applies every rule", async () => {
  await using server = await startBreachServer(respondWithCounts({ "plough-Violet-9": 1 }));
  await using world = await createWorld({
    PASSWORD_BLOCKLIST: "on",
    PASSWORD_MIN_LENGTH: "8",
    PASSWORD_BREACH_CHECK: server.url,
  });
  const visitor = await createLoggedInVisitor(world);
  const cookie = `session_id=${await logIn(world)}`;
  await world.auth.resetPassword.request(bob.email);
  const reset_token = await deliverToken(world);
  const newcomer = createVisitor(world);
  for (const [password, code] of Object.entries(weakPasswords)) {
    const change = form({ password: bob.password, new_password: password }, { method: "PUT" });
    const responses = [
      await world.request("/users", form({ email: "eve@example.com", password })),
      await world.request("/profile/password", withCookie(cookie, change)),
      await redeemResetToken(world, { email: bob.email, reset_token, new_password: password }),
    ];
    for (const response of responses) {
      assert.equal(response.headers.get("Error-Code"), code, response.url);
      await assertRejected(response, 400);
    }
    const pages = [
      await newcomer.submit(await newcomer.open("/register"), { email: "eve@example.com", new_password: password }),
      await visitor.submit(await visitor.open("/account/password"), { password: bob.password, new_password: password }),
      await newcomer.submit(await newcomer.open(`/reset?token=${reset_token}`), { new_password: password }),
    ];
    for (const { status, headers } of pages) assert.deepEqual([status, headers.get("Error-Code")], [400, code]);
  }
});
