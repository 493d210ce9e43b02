import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, register } from "../support/steps.ts";
import { createVisitor, logIn } from "../support/visitor.ts";
import { createWorld, day, form } from "../support/world.ts";

test("a page that refuses has the code of the refusal, and one that shows or leads on has none", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2", PASSWORD_MIN_LENGTH: "8" });
  await register(world);
  const who = createVisitor(world);
  const login = await who.open("/login");
  const registration = await who.open("/register");
  const wrong = { email: bob.email, password: "wrong" };
  for (const [page, status, code] of [
    [login, 200, null],
    [await who.open("/account"), 303, null],
    [await who.open("/nope"), 404, "not_found"],
    [await who.open("/users"), 405, "method_not_allowed"],
    [await who.open("/profile"), 403, "not_logged_in"],
    [await who.open("/reset?token=x"), 403, "bad_reset_token"],
    [await who.open("/verify?token=x"), 403, "bad_verify_token"],
    [await who.send("/login", bob), 403, "form_stale"],
    [await who.fill(login, { email: bob.email }), 400, "field_missing"],
    [await who.fill(registration, { email: "\u00e9@example.com", new_password: bob.password }), 400, "email_invalid"],
    [await who.fill(registration, { email: "eve@example.com", new_password: "short" }), 400, "password_too_short"],
    [await who.fill(registration, { ...bob, new_password: bob.password }), 400, "email_taken"],
    [await who.fill(login, wrong), 401, "wrong_login"],
    [await who.fill(login, wrong), 401, "wrong_login"],
    // The page says that waiting does not help, and the code is the API's.
    [await who.fill(login, wrong), 429, "too_many_tries"],
    [await who.send("/login", bob, { "Sec-Fetch-Site": "cross-site" }), 403, "cross_site"],
    [await who.send("/login", { email: "x".repeat(20_000) }), 413, "body_too_large"],
  ] as const) {
    assert.deepEqual([page.status, page.headers.get("Error-Code")], [status, code], page.html);
  }
});

test("a form that was shown to another account, and one whose password was wrong, have their codes too", async () => {
  await using world = await createWorld();
  const eve = { email: "eve@example.com", password: "mySuperPwd" };
  for (const user of [bob, eve]) await register(world, user);
  const who = createVisitor(world);
  await logIn(who, bob);
  const page = await who.open("/account/delete");
  const refused = await who.fill(page, { password: "wrong" });
  assert.deepEqual([refused.status, refused.headers.get("Error-Code")], [403, "wrong_password"]);
  who.cookies.delete("session_id");
  await logIn(who, eve);
  const other = await who.fill(page, { password: bob.password });
  assert.deepEqual([other.status, other.headers.get("Error-Code")], [403, "form_stale"]);
});

test("HEAD has the code that GET has", async () => {
  await using world = await createWorld();
  for (const path of ["/nope", "/users", "/profile", "/reset?token=x", "/sessions"]) {
    for (const Accept of ["text/html", "*/*"]) {
      const [get, head] = [
        await world.request(path, { headers: { Accept } }),
        await world.request(path, { method: "HEAD", headers: { Accept } }),
      ];
      assert.ok(get.headers.get("Error-Code"), path);
      assert.equal(head.headers.get("Error-Code"), get.headers.get("Error-Code"), path);
    }
  }
});

test("a database that does not answer, and a session that has ended, have their codes", async () => {
  await using world = await createWorld();
  await register(world);
  const opened = await world.request("/sessions", form(bob));
  const Cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  world.clock.advance(31 * day);
  const ended = await world.request("/profile", { headers: { Cookie } });
  assert.deepEqual([ended.status, ended.headers.get("Error-Code")], [403, "not_logged_in"]);
  await world.db.close();
  for (const Accept of ["text/html", "*/*"]) {
    const answer = await world.request("/profile", { headers: { Cookie, Accept } });
    assert.deepEqual([answer.status, answer.headers.get("Error-Code")], [503, "database_unavailable"]);
  }
});
