import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join as path } from "node:path";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { createTemporaryFolder, runInSeparateProcess } from "../support/service.ts";
import {
  assertRejected,
  bob,
  multipart,
  readStatusAndBody,
  redeemResetToken,
  register,
  requestResetToken,
  withJson,
} from "../support/steps.ts";
import { assertRedirect, createVisitor, readField } from "../support/visitor.ts";
import { createWorld, form } from "../support/world.ts";

/** Addresses as pasted from email programs, spreadsheets, chats and contacts. */
const paddedAddresses = [
  "bob@example.com\u00a0",
  "\ufeffbob@example.com",
  "bob@example.com\u200b",
  "\u202abob@example.com\u202c",
  "\u2068bob@example.com\u2069\r\n",
  "\tbob@example.com\u2028",
  "\u200f bob@example.com\u3000\u00ad",
];
const invalidAddresses = [
  "bob\u200b@example.com",
  "bob@exam\u00adple.com",
  "bob@example\u2060.com",
  "b\tob@example.com",
];
const reason = "it contains an invisible character";

test("every endpoint removes invisible characters around an address", async () => {
  await using world = await createWorld();
  for (const email of paddedAddresses) {
    const { id } = await world.auth.registerUser(email, bob.password);
    assert.equal((await world.auth.admin.findAccount(bob.email))?.email, bob.email);
    await world.auth.admin.deleteAccount(id);
  }
  await register(world);
  for (const email of paddedAddresses) {
    await assertRejected(world.request("/users", form({ ...bob, email })), 400, /^email already registered$/);
    for (const init of [
      form({ ...bob, email }),
      withJson({ ...bob, email }),
      multipart(Object.entries({ ...bob, email })),
    ]) {
      assert.equal(
        await readStatusAndBody(world.request("/sessions", init)),
        '200 {"email":"bob@example.com","message":"logged in"}\n',
      );
    }
    const reset = { email, reset_token: await requestResetToken(world, email), new_password: bob.password };
    assert.equal(
      await readStatusAndBody(redeemResetToken(world, reset)),
      '200 {"email":"bob@example.com","message":"Password updated"}\n',
    );
  }
});

test("an invisible character inside an address adds a reason to the error message and keeps the status", async () => {
  await using world = await createWorld();
  await register(world);
  for (const email of invalidAddresses) {
    await assertRejected(
      world.request("/users", form({ ...bob, email })),
      400,
      new RegExp(`^email is not a valid address: ${reason}$`),
    );
    await assertRejected(
      world.request("/sessions", form({ ...bob, email })),
      401,
      new RegExp(`^wrong email or password: ${reason}$`),
    );
    await assertRejected(
      world.request("/reset_password", form({ email })),
      403,
      new RegExp(`^no account has this email: ${reason}$`),
    );
    await assertRejected(world.request("/email_verification", form({ email })), 400, new RegExp(reason));
    assert.equal(await world.auth.validLogin(email, bob.password), false);
    await assert.rejects(world.auth.registerUser(email, bob.password), {
      code: "email_invalid",
      hasInvisibleCharacter: true,
    });
  }
});

test("in production invisible characters are removed or reported too, and emails go to the cleaned address", async () => {
  await using world = await createProductionWorld({ LIMIT_MAIL_ACCOUNT: "99/1h", LIMIT_REGISTRATION_ACCOUNT: "99/1h" });
  await registerAndVerify(world, { ...owner, email: "bob@example.com\u200b" });
  const headers = { Cookie: await logInForCookies(world, { ...owner, email: "\u2060bob@example.com" }) };
  for (const email of paddedAddresses) {
    const resetRequest = world.request("/reset_password", form({ email }));
    assert.equal(
      await readStatusAndBody(resetRequest),
      '200 {"email":"bob@example.com","message":"reset mail sent"}\n',
    );
    assert.deepEqual(
      (await deliverMails(world)).map(({ to }) => to),
      [bob.email],
    );
  }
  for (const email of invalidAddresses) {
    await assertRejected(world.request("/reset_password", form({ email })), 403, new RegExp(reason));
    const emailChange = form({ email }, { method: "PUT", headers });
    await assertRejected(
      world.request("/profile/email", emailChange),
      400,
      new RegExp(`^email is not a valid address: ${reason}$`),
    );
  }
  const emailChange = form({ email: "eve@example.com\u00a0" }, { method: "PUT", headers });
  assert.equal((await world.request("/profile/email", emailChange)).status, 200);
  const { token = "", to } = (await deliverMails(world)).find((mail) => mail.token) ?? {};
  assert.equal(to, "eve@example.com");
  const confirmation = verifyEmail(world, { email: "\u200eeve@example.com", token, password: strongPassword });
  assert.equal(await readStatusAndBody(confirmation), '200 {"email":"eve@example.com","message":"email verified"}\n');
});

test("pages remove invisible characters around an address, and report one inside next to the field, in the user's language", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const messages = {
    en: /^This address contains an invisible character\./,
    fr: /^Cette adresse contient un caractère invisible\./,
  };
  for (const [language, message] of Object.entries(messages)) {
    const visitor = createVisitor(world, { "Accept-Language": language });
    const email = "bob@exam\u200bple.com";
    for (const page of ["/login", "/register", "/forgot", "/verify"]) {
      const response = await visitor.submit(await visitor.open(page), {
        email,
        password: strongPassword,
        new_password: strongPassword,
      });
      assert.match(response.banner, message, page);
      assert.match(response.html, /id="email"[^>]* aria-invalid="true"/, page);
      assert.equal(readField(response, "email"), email, page);
    }
  }
  const visitor = createVisitor(world);
  assertRedirect(await visitor.submit(await visitor.open("/forgot"), { email: "bob@example.com\u200b" }), "/mailbox");
  assert.match((await visitor.open("/mailbox")).html, /<bdi>bob@example\.com<\/bdi>/);
  await deliverToken(world);
  assertRedirect(
    await visitor.submit(await visitor.open("/login"), { email: "\u00a0bob@example.com", password: strongPassword }),
    "/account",
  );
});

test("an import removes invisible characters around an address, and reports the line of an address with one inside", async () => {
  await using folder = await createTemporaryFolder();
  const file = path(folder.path, "accounts.jsonl");
  const line = (email: string) => JSON.stringify({ email, hashed_password: "!" });
  await writeFile(
    file,
    ["bob@example.com\u00a0", "eve\u200b@example.com", "\ufeffBob@example.com"].map(line).join("\n"),
  );
  const { stderr, stdout } = await runInSeparateProcess(["import", file], {
    DATABASE_URL: `sqlite:${path(folder.path, "a.db")}`,
  });
  assert.match(stdout + stderr, /line 2 rejected: its email contains an invisible character\n/);
  assert.match(stdout + stderr, /line 3 rejected: its email is the same as on line 1\n/);
  assert.match(stdout, /imported 1 accounts; 0 already existed\n/);
});
