import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, register, requestResetToken } from "../support/steps.ts";
import { createLoggedInVisitor, createVisitor, logInByPage } from "../support/visitor.ts";
import { createWorld, day, form } from "../support/world.ts";

test("a page with an error has its Error-Code; other pages and redirects have none", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2", PASSWORD_MIN_LENGTH: "8" });
  await register(world);
  const visitor = createVisitor(world);
  const login = await visitor.open("/login");
  const registration = await visitor.open("/register");
  const wrong = { email: bob.email, password: "wrong" };
  for (const [page, status, code] of [
    [login, 200, null],
    [await visitor.open("/account"), 303, null],
    [await visitor.open("/nope"), 404, "not_found"],
    [await visitor.open("/users"), 405, "method_not_allowed"],
    [await visitor.open("/profile"), 403, "not_logged_in"],
    [await visitor.open("/reset?token=x"), 403, "bad_reset_token"],
    [await visitor.open("/verify?token=x"), 403, "bad_verify_token"],
    [await visitor.post("/login", bob), 403, "form_stale"],
    [await visitor.submit(login, { email: bob.email }), 400, "field_missing"],
    [
      await visitor.submit(registration, { email: "\u00e9@example.com", new_password: bob.password }),
      400,
      "email_invalid",
    ],
    [
      await visitor.submit(registration, { email: "eve@example.com", new_password: "short" }),
      400,
      "password_too_short",
    ],
    [await visitor.submit(registration, { ...bob, new_password: bob.password }), 400, "email_taken"],
    [await visitor.submit(login, wrong), 401, "wrong_login"],
    [await visitor.submit(login, wrong), 401, "wrong_login"],
    // The page says that waiting does not help; its code is the same as that of the API.
    [await visitor.submit(login, wrong), 429, "too_many_tries"],
    [await visitor.post("/login", bob, { "Sec-Fetch-Site": "cross-site" }), 403, "cross_site"],
    [await visitor.post("/login", { email: "x".repeat(20_000) }), 413, "body_too_large"],
  ] as const) {
    assert.deepEqual([page.status, page.headers.get("Error-Code")], [status, code], page.html);
  }
});

test("a form of another account and a wrong password have an Error-Code too", async () => {
  await using world = await createWorld();
  const eve = { email: "eve@example.com", password: "mySuperPwd" };
  for (const user of [bob, eve]) await register(world, user);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  const page = await visitor.open("/account/delete");
  const refused = await visitor.submit(page, { password: "wrong" });
  assert.deepEqual([refused.status, refused.headers.get("Error-Code")], [403, "wrong_password"]);
  visitor.cookies.delete("session_id");
  await logInByPage(visitor, eve);
  const other = await visitor.submit(page, { password: bob.password });
  assert.deepEqual([other.status, other.headers.get("Error-Code")], [403, "form_stale"]);
});

test("a reached limit has an Error-Code on the forms of registrations and password resets", async () => {
  await using world = await createWorld({
    RATE_LIMIT: "on",
    LIMIT_REGISTRATION_NETWORK: "1/1h",
    LIMIT_REDEMPTION_NETWORK: "1/15m",
  });
  await register(world);
  const visitor = createVisitor(world);
  const fields = { email: "eve@example.com", new_password: bob.password };
  const registration = await visitor.submit(await visitor.open("/register"), fields);
  assert.deepEqual([registration.status, registration.headers.get("Error-Code")], [429, "too_many_tries"]);
  const page = await visitor.open(`/reset?token=${await requestResetToken(world)}`);
  for (const [status, code] of [
    [403, "bad_reset_token"],
    [429, "too_many_tries"],
  ] as const) {
    const reset = await visitor.submit(page, { token: "x", new_password: "t4rt1fl3tt3" });
    assert.deepEqual([reset.status, reset.headers.get("Error-Code")], [status, code]);
  }
});

test("an empty field has an Error-Code on the forms of password resets and deletions", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  for (const [path, fields] of [
    ["/forgot", { email: "" }],
    ["/account/delete", { password: "" }],
  ] as const) {
    const page = await visitor.submit(await visitor.open(path), fields);
    assert.deepEqual([page.status, page.headers.get("Error-Code")], [400, "field_missing"], path);
  }
});

test("HEAD has the same Error-Code as GET", async () => {
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

test("an unavailable database and an expired session have an Error-Code", async () => {
  await using world = await createWorld();
  await register(world);
  const opened = await world.request("/sessions", form(bob));
  const Cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  world.clock.advance(31 * day);
  const ended = await world.request("/profile", { headers: { Cookie } });
  assert.deepEqual([ended.status, ended.headers.get("Error-Code")], [403, "not_logged_in"]);
  await world.db.close();
  for (const Accept of ["text/html", "*/*"]) {
    const response = await world.request("/profile", { headers: { Cookie, Accept } });
    assert.deepEqual([response.status, response.headers.get("Error-Code")], [503, "database_unavailable"]);
  }
});
