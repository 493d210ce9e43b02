import assert from "node:assert/strict";
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
import {
  assertRejected,
  bob,
  logIn,
  readStatusAndBody,
  redeemResetToken,
  requestResetToken,
  withCookie,
} from "../support/steps.ts";
import { assertRedirect, createVisitor, logInByPage } from "../support/visitor.ts";
import { createWorld, form, type World } from "../support/world.ts";

const registeredEmail = "Guillaume@Holberton.io";
const lowerCaseEmail = "guillaume@holberton.io";
const otherSpellings = [
  lowerCaseEmail,
  "GUILLAUME@HOLBERTON.IO",
  ` ${registeredEmail}\t`,
  "\r\ngUILLAUME@hOLBERTON.io  ",
];
const user = { ...bob, email: registeredEmail };

const formatResponse = (email: string, message: string) => `200 {"email":"${email}","message":"${message}"}\n`;

/** Delivers the emails, and returns the kind and the recipient of each. */
const deliverRecipients = async (world: World) =>
  (await deliverMails(world)).map(({ kind, to }) => `${kind} ${to}`).toSorted();

test("an account keeps the spelling of its registered address, whatever spelling a login uses", async () => {
  await using world = await createWorld();
  const registration = world.request("/users", form({ ...user, email: ` ${registeredEmail} ` }));
  assert.equal(await readStatusAndBody(registration), formatResponse(registeredEmail, "user created"));
  for (const email of [registeredEmail, ...otherSpellings]) {
    await assertRejected(world.request("/users", form({ ...user, email })), 400, /^email already registered$/);
    assert.equal(
      await readStatusAndBody(world.request("/sessions", form({ ...user, email }))),
      formatResponse(registeredEmail, "logged in"),
    );
    const session = `session_id=${await logIn(world, { ...user, email })}`;
    assert.equal(
      await readStatusAndBody(world.request("/profile", withCookie(session))),
      `200 {"email":"${registeredEmail}"}\n`,
    );
    const confirmation = form({ password: user.password }, { headers: { Cookie: session } });
    assert.equal(
      await readStatusAndBody(world.request("/sessions/confirm", confirmation)),
      formatResponse(registeredEmail, "password confirmed"),
    );
    const resetRequest = world.request("/reset_password", form({ email }));
    assert.match(
      await readStatusAndBody(resetRequest),
      new RegExp(`^200 {"email":"${registeredEmail}","reset_token":"[\\w-]{36}"}\n$`),
    );
    const reset = { email, reset_token: await requestResetToken(world, email), new_password: user.password };
    await assertRejected(redeemResetToken(world, { ...reset, email: "eve@holberton.io" }), 403);
    assert.equal(
      await readStatusAndBody(redeemResetToken(world, reset)),
      formatResponse(registeredEmail, "Password updated"),
    );
  }
  assert.equal((await world.auth.admin.listAccounts({ limit: 9 })).length, 1);
});

test("responses and pages for a logged-in user contain the registered spelling", async () => {
  await using world = await createWorld();
  await world.request("/users", form(user));
  const headers = { Cookie: `session_id=${await logIn(world, { ...user, email: lowerCaseEmail })}` };
  const change = form({ password: bob.password, new_password: "another" }, { method: "PUT", headers });
  const changed = await world.request("/profile/password", change);
  const session = changed.headers.getSetCookie()[0]?.split(";")[0] as string;
  assert.equal(await readStatusAndBody(changed), formatResponse(registeredEmail, "Password updated"));
  const exported = await world.request("/profile/export", withCookie(session));
  assert.equal(((await exported.json()) as { email: string }).email, registeredEmail);
  const visitor = createVisitor(world);
  await logInByPage(visitor, { email: lowerCaseEmail, password: "another" });
  for (const path of ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const { html } = await visitor.open(path);
    assert.ok(html.includes(`<bdi>${registeredEmail}</bdi>`), path);
    assert.ok(!html.includes(lowerCaseEmail), path);
  }
});

test("a response that conceals accounts repeats the spelling of the request, and the email goes to the registered one", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: registeredEmail });
  for (const [email, mails] of [
    ["GUILLAUME@holberton.io", [`already_registered ${registeredEmail}`, `reset_password ${registeredEmail}`]],
    ["Nobody@Holberton.io", ["confirm_email Nobody@Holberton.io", "reset_password Nobody@Holberton.io"]],
  ] as const) {
    for (const typed of [email, `  ${email}\n`]) {
      const fields = { email: typed, password: strongPassword };
      assert.equal(
        await readStatusAndBody(world.request("/users", form(fields))),
        formatResponse(email, "user created"),
      );
      assert.equal(
        await readStatusAndBody(world.request("/reset_password", form(fields))),
        formatResponse(email, "reset mail sent"),
      );
      assert.deepEqual(await deliverRecipients(world), mails);
      const resent = world.request("/email_verification", form(fields));
      assert.equal(await readStatusAndBody(resent), formatResponse(email, "verification mail sent"));
      await deliverMails(world);
    }
  }
});

test("responses and pages for the holder of an emailed token contain the registered spelling", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  await world.request("/users", form({ ...owner, email: registeredEmail }));
  const token = await deliverToken(world);
  assert.match((await visitor.open(`/verify?token=${token}`)).html, new RegExp(`<bdi>${registeredEmail}</bdi>`));
  const confirmation = verifyEmail(world, { token, email: lowerCaseEmail.toUpperCase(), password: strongPassword });
  assert.equal(await readStatusAndBody(confirmation), formatResponse(registeredEmail, "email verified"));
  await world.request("/reset_password", form({ email: lowerCaseEmail }));
  const reset = {
    email: ` ${lowerCaseEmail}`,
    reset_token: await deliverToken(world),
    new_password: `${strongPassword}!`,
  };
  const page = await visitor.open(`/reset?token=${reset.reset_token}`);
  assert.match(page.html, new RegExp(`value="${registeredEmail}" autocomplete="username"`));
  const redemption = redeemResetToken(world, reset);
  assert.equal(await readStatusAndBody(redemption), formatResponse(registeredEmail, "Password updated"));
  assert.deepEqual(await deliverRecipients(world), [`password_changed ${registeredEmail}`]);
  await logInForCookies(world, { email: lowerCaseEmail, password: `${strongPassword}!` });
});

test("an account takes the spelling of the registration whose link confirms it", async () => {
  await using world = await createProductionWorld();
  const spellings = ["BOB@example.com", "Bob@Example.com", "bob@example.COM"];
  const tokens: string[] = [];
  for (const email of spellings) {
    await world.request("/users", form({ email, password: `${strongPassword} ${email}` }));
    const [mail] = await deliverMails(world);
    assert.equal(mail?.to, email);
    tokens.push(mail?.token ?? "");
  }
  const [, email = "", last = ""] = spellings;
  // A request for another email with any spelling resends the newest registration.
  await world.request("/email_verification", form({ email: spellings[0] as string }));
  assert.deepEqual(await deliverRecipients(world), [`confirm_email ${last}`]);
  const wrongAddress = verifyEmail(world, {
    email: lowerCaseEmail,
    token: tokens[1] ?? "",
    password: `${strongPassword} ${email}`,
  });
  await assertRejected(wrongAddress, 403);
  const confirmation = verifyEmail(world, {
    email: last,
    token: tokens[1] ?? "",
    password: `${strongPassword} ${email}`,
  });
  assert.equal(await readStatusAndBody(confirmation), formatResponse(email, "email verified"));
  for (const token of tokens) await assertRejected(verifyEmail(world, { token, password: strongPassword }), 403);
  assert.equal((await world.auth.admin.findAccount(last))?.email, email);
});

test("an email change uses the new spelling of its request, and emails the old address in its registered spelling", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: registeredEmail });
  const headers = { Cookie: await logInForCookies(world, { ...owner, email: lowerCaseEmail }) };
  const changeEmail = (email: string) => world.request("/profile/email", form({ email }, { method: "PUT", headers }));
  assert.equal(
    await readStatusAndBody(changeEmail(" Bob@New.Example ")),
    formatResponse("Bob@New.Example", "verification mail sent"),
  );
  const exported = await world.request("/profile/export", { headers });
  assert.equal(((await exported.json()) as { moves_to: string }).moves_to, "Bob@New.Example");
  const mails = await deliverMails(world);
  assert.deepEqual(mails.map(({ kind, to }) => `${kind} ${to}`).toSorted(), [
    "confirm_new_email Bob@New.Example",
    `email_changing ${registeredEmail}`,
  ]);
  const token = mails.find((mail) => mail.token)?.token ?? "";
  await world.db.outbox.add({ kind: "moving", language: "en", email: registeredEmail });
  const confirmation = verifyEmail(world, { token, email: "bob@new.example", password: strongPassword });
  assert.equal(await readStatusAndBody(confirmation), formatResponse("Bob@New.Example", "email verified"));
  assert.deepEqual(
    (await deliverRecipients(world)).toSorted(),
    [`email_changing ${registeredEmail}`, `email_changed ${registeredEmail}`].toSorted(),
  );
  // The email change has ended the old session.
  const newHeaders = { Cookie: await logInForCookies(world, { email: "bob@new.example", password: strongPassword }) };
  assert.equal(
    await readStatusAndBody(world.request("/profile", { headers: newHeaders })),
    '200 {"email":"Bob@New.Example"}\n',
  );
});

test("a reset email that an older node left in the outbox goes to the registered spelling", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: registeredEmail });
  await world.db.outbox.add({ kind: "reset", language: "en", email: lowerCaseEmail });
  await world.db.outbox.add({ kind: "password_changed", language: "en", email: lowerCaseEmail });
  assert.deepEqual(await deliverRecipients(world), [
    `password_changed ${lowerCaseEmail}`,
    `reset_password ${registeredEmail}`,
  ]);
});

test("all spellings of an address share their limits and the merged entries of the audit trail", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "4/15m", LIMIT_MAIL_ACCOUNT: "4/1h" });
  await registerAndVerify(world, { ...owner, email: registeredEmail });
  await world.auth.flush();
  const before = (await world.auth.audit.list({ limit: 999 })).length;
  for (const email of otherSpellings)
    await assertRejected(world.request("/sessions", form({ email, password: "wrong" })), 401);
  await assertRejected(world.request("/sessions", form({ email: registeredEmail, password: strongPassword })), 429);
  for (const email of [...otherSpellings, registeredEmail])
    assert.equal((await world.request("/reset_password", form({ email }))).status, 200);
  // Beyond the limit of an address, requests succeed but send no email.
  assert.equal(await world.db.outbox.count(), 4);
  const events = (await world.auth.audit.list({ limit: 999 })).slice(before);
  const entries = events.filter(({ event }) => event === "reset_asked");
  assert.deepEqual([...new Set(entries.map(({ userId }) => userId))], [1]);
  const counts = entries.map(({ detail }) => Number(/^(\d+) times$/.exec(detail ?? "1 times")?.[1]));
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    4,
  );
});

test("a password that resembles the address is rejected in any spelling of both", async () => {
  await using world = await createProductionWorld();
  for (const password of ["Guillaume1!", "guillaume@HOLBERTON.io", "HOLBERTON-2024"]) {
    for (const email of [registeredEmail, ...otherSpellings]) {
      await assertRejected(world.request("/users", form({ email, password })), 400, /too similar to the email address/);
    }
  }
});

test("pages that conceal accounts show the address as typed", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: registeredEmail });
  for (const [path, fields] of [
    ["/forgot", {}],
    ["/verify", {}],
    ["/register", { new_password: strongPassword }],
  ] as const) {
    const visitor = createVisitor(world);
    assertRedirect(
      await visitor.submit(await visitor.open(path), { ...fields, email: " GUILLAUME@holberton.io" }),
      "/mailbox",
    );
    assert.match((await visitor.open("/mailbox")).html, /<bdi>GUILLAUME@holberton\.io<\/bdi>/, path);
  }
});
