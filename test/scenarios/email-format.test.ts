import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import {
  assertRejected,
  bob,
  canLogIn,
  logIn,
  multipart,
  readStatusAndBody,
  redeemResetToken,
  register,
  requestResetToken,
  withCookie,
  withJson,
} from "../support/steps.ts";
import { createVisitor, logInByPage, readField } from "../support/visitor.ts";
import { createWorld, form, type World } from "../support/world.ts";

/** Printable ASCII texts that cannot receive an email. */
const invalidEmails = [
  "bob",
  "a@b@c",
  "bob@example.com@evil.example",
  "x y@z",
  "<script>alert(1)</script>",
  "a,b@c",
  'say "hi"@example.com',
  "it's",
  "%s%n%x",
  "100%_\\",
  "' or 1=1 --",
  "a=b&c=d;e+f",
  "--yes",
  "42",
  "{}[]()|^~`$#!?*",
  "@",
  "Bob@",
  "~".repeat(250),
];

const countPendingMails = async (world: World) => (await world.auth.outbox.list(99)).length;

test("in development any printable ASCII text is an address that can register, log in and reset its password", async () => {
  await using world = await createWorld();
  await register(world);
  const bobSession = withCookie(`session_id=${await logIn(world)}`);
  for (const email of invalidEmails) {
    const user = { email, password: "b4l0u" };
    const formatResponse = (message: string) => `200 ${JSON.stringify({ email, message })}\n`;
    assert.equal(await readStatusAndBody(world.request("/users", withJson(user))), formatResponse("user created"));
    await assertRejected(
      world.request("/users", form({ ...user, email: ` ${email.toUpperCase()}` })),
      400,
      /already registered/,
    );
    assert.equal(
      await readStatusAndBody(world.request("/sessions", multipart(Object.entries(user)))),
      formatResponse("logged in"),
    );
    const session = withCookie(`session_id=${await logIn(world, user)}`);
    assert.equal(await readStatusAndBody(world.request("/profile", session)), `200 ${JSON.stringify({ email })}\n`);
    const reset_token = await requestResetToken(world, email);
    const reset = { email, reset_token, new_password: "t4rt1fl3tt3" };
    assert.equal(await readStatusAndBody(redeemResetToken(world, reset)), formatResponse("Password updated"));
    assert.ok(await canLogIn(world, { email, password: "t4rt1fl3tt3" }));
    assert.equal((await world.auth.admin.findAccount(email === "42" ? "42 " : email))?.email, email);
    const visitor = createVisitor(world);
    await logInByPage(visitor, { email, password: "t4rt1fl3tt3" });
    for (const path of ["/account", "/account/password"]) {
      const page = await visitor.open(path);
      assert.doesNotMatch(page.html, /<script(?! type="module")|alert\(1\)<\/script>/);
      if (path !== "/account") assert.equal(readField(page, "username"), email);
    }
  }
  assert.equal(await readStatusAndBody(world.request("/profile", bobSession)), `200 {"email":"${bob.email}"}\n`);
  assert.equal(await countPendingMails(world), 0);
});

test("no endpoint or command queues an email for an address that cannot receive one", async () => {
  for (const environment of [
    { RESET_DELIVERY: "email", RATE_LIMIT: "on" },
    { RESET_DELIVERY: "email", REQUIRE_VERIFIED_EMAIL: "on", CONCEAL_ACCOUNTS: "on" },
  ]) {
    await using world = await createWorld({
      ...environment,
      LIMIT_MAIL_ACCOUNT: "999/1h",
      LIMIT_MAIL_NETWORK: "999/1h",
      LIMIT_REGISTRATION_NETWORK: "999/1h",
    });
    for (const email of invalidEmails.slice(0, 8)) {
      const user = { email, password: "b4l0u" };
      assert.equal((await world.request("/users", form(user))).status, 200);
      const reset = world.request("/reset_password", form(user));
      assert.equal(await readStatusAndBody(reset), `200 ${JSON.stringify({ email, message: "reset mail sent" })}\n`);
      assert.equal((await world.request("/email_verification", form(user))).status, 200);
      assert.equal(await countPendingMails(world), 0, email);
      if (environment.REQUIRE_VERIFIED_EMAIL) continue;
      // A login from a second device would send an email to its owner.
      for (const ip of ["192.0.2.1", "192.0.2.2"]) await world.auth.logIn(user, { ip });
      const { session } = await world.auth.logIn(user);
      const headers = { Cookie: `session_id=${session.sessionId}` };
      const changeEmail = (to: string) =>
        world.request("/profile/email", form({ email: to }, { method: "PUT", headers }));
      await assertRejected(changeEmail(`${email}!`), 400, /^email is not a valid address$/);
      assert.equal(await countPendingMails(world), 0, email);
      assert.equal((await changeEmail("New@example.com")).status, 200);
      assert.deepEqual(
        (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
        [["confirm_new_email", "New@example.com"]],
      );
      const change = form({ password: "b4l0u", new_password: "another" }, { method: "PUT", headers });
      assert.equal((await world.request("/profile/password", change)).status, 200);
      assert.equal(await countPendingMails(world), 0, email);
      const { id } = (await world.auth.logIn({ email, password: "another" })).user;
      await assert.rejects(world.auth.admin.sendResetMail(id), { code: "email_invalid" });
      await assert.rejects(world.auth.admin.invite(`${email}?`), { code: "email_invalid" });
      assert.equal(await countPendingMails(world), 0, email);
    }
  }
});

test("an address with several @ does not share a limit with the addresses that it contains", async () => {
  await using world = await createWorld({
    RATE_LIMIT: "on",
    LIMIT_LOGIN_ACCOUNT: "1/15m",
    LIMIT_LOGIN_NETWORK: "999/1h",
  });
  const guess = (email: string) => world.request("/sessions", form({ email, password: "wrong" }));
  for (const email of [
    "bob@example.com@evil.example",
    "bob@example.com",
    "example.com@evil.example",
    "bob@evil.example",
    "eve@bob@example.com",
    "a@b@c",
    "a@b@d",
    "a@b",
    "b@c",
    "a@c",
    "a+x@b@c",
    "a+x",
    "a+y",
    "a",
    "x.y@gmail.com@gmail.com",
    "x.y@gmail.com",
    "x y@z",
    "x",
    "@",
    "@@",
  ]) {
    await assertRejected(guess(email), 401);
    await assertRejected(guess(` ${email.toUpperCase()}`), 429);
  }
  // Addresses of one mailbox share a limit.
  for (const email of ["bob+tag@example.com", "a+x@b", "xy@gmail.com", "X.Y+z@googlemail.com"]) {
    await assertRejected(guess(email), 429);
  }
});

test("with EMAIL_FORMAT=address, an existing account with another format can log in and reset its password", async () => {
  await using world = await createWorld({ EMAIL_FORMAT: "address" });
  await register(world);
  const { hashedPassword } = await world.db.findUserBy({ email: bob.email });
  const { id } = await world.db.addUser("Bob the Builder", hashedPassword);
  for (const email of ["Bob the Builder", " bob the builder\t"]) {
    const formatResponse = (message: string) => `200 {"email":"Bob the Builder","message":"${message}"}\n`;
    assert.equal(
      await readStatusAndBody(world.request("/sessions", form({ ...bob, email }))),
      formatResponse("logged in"),
    );
    const reset = { email, reset_token: await requestResetToken(world, email), new_password: bob.password };
    assert.equal(await readStatusAndBody(redeemResetToken(world, reset)), formatResponse("Password updated"));
    assert.equal((await world.auth.admin.findAccount(email))?.id, id);
  }
  await assertRejected(
    world.request("/users", form({ ...bob, email: "Eve the Other" })),
    400,
    /^email is not a valid address$/,
  );
  await assertRejected(
    world.request("/sessions", form({ ...bob, email: "Eve the Other" })),
    401,
    /^wrong email or password$/,
  );
  await assertRejected(
    world.request("/reset_password", form({ email: "Eve the Other" })),
    403,
    /^no account has this email$/,
  );
});

test("in production a text that is not an address gets 400, 401 or 403, and no email is queued", async () => {
  await using world = await createProductionWorld({ LIMIT_REGISTRATION_NETWORK: "999/1h" });
  for (const email of invalidEmails) {
    await assertRejected(
      world.request("/users", form({ email, password: strongPassword })),
      400,
      /^email is not a valid address$/,
    );
    await assertRejected(
      world.request("/sessions", form({ email, password: strongPassword })),
      401,
      /^wrong email or password$/,
    );
    await assertRejected(world.request("/reset_password", form({ email })), 403, /^no account has this email$/);
    await assertRejected(world.request("/email_verification", form({ email })), 400, /^email is not a valid address$/);
    await assertRejected(verifyEmail(world, { email, token: "x".repeat(43), password: strongPassword }), 403);
  }
  assert.equal(await countPendingMails(world), 0);
  await using anyFormat = await createProductionWorld({ EMAIL_FORMAT: "any" });
  await registerAndVerify(anyFormat);
  await logInForCookies(anyFormat);
  assert.equal((await anyFormat.request("/users", form({ ...owner, email: "bob" }))).status, 200);
  assert.equal(await countPendingMails(anyFormat), 0);
});

test("the log and the audit trail contain no address, whatever its format", async () => {
  await using world = await createWorld();
  for (const email of ["Bob the Builder", "<b>@x"]) {
    const user = { email, password: "b4l0u" };
    await world.request("/users", form(user));
    await world.request("/sessions", form(user));
    await world.request("/sessions", form({ ...user, password: "wrong" }));
  }
  assert.doesNotMatch(JSON.stringify([world.logEntries, await world.auth.audit.list({ limit: 99 })]), /Builder|<b>/i);
});
