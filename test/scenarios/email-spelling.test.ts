import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  confirmEmail,
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import {
  assertRejected,
  bob,
  logIn,
  readStatusAndBody,
  redeemToken,
  requestToken,
  withCookie,
} from "../support/steps.ts";
import { assertRedirect, createVisitor, logIn as logInByPage } from "../support/visitor.ts";
import { createWorld, form, type World } from "../support/world.ts";

const spelled = "Guillaume@Holberton.io";
const key = "guillaume@holberton.io";
const others = [key, "GUILLAUME@HOLBERTON.IO", ` ${spelled}\t`, "\r\ngUILLAUME@hOLBERTON.io  "];
const user = { ...bob, email: spelled };

const formatResponse = (email: string, message: string) => `200 {"email":"${email}","message":"${message}"}\n`;

/** Returns the kind and the recipient of each email. */
const deliverRecipients = async (world: World) =>
  (await deliverMails(world)).map(({ kind, to }) => `${kind} ${to}`).toSorted();

test("an address keeps the spelling of its registration, whatever spelling logs in", async () => {
  await using world = await createWorld();
  const registered = world.request("/users", form({ ...user, email: ` ${spelled} ` }));
  assert.equal(await readStatusAndBody(registered), formatResponse(spelled, "user created"));
  for (const email of [spelled, ...others]) {
    await assertRejected(world.request("/users", form({ ...user, email })), 400, /^email already registered$/);
    assert.equal(
      await readStatusAndBody(world.request("/sessions", form({ ...user, email }))),
      formatResponse(spelled, "logged in"),
    );
    const session = `session_id=${await logIn(world, { ...user, email })}`;
    assert.equal(
      await readStatusAndBody(world.request("/profile", withCookie(session))),
      `200 {"email":"${spelled}"}\n`,
    );
    const given = form({ password: user.password }, { headers: { Cookie: session } });
    assert.equal(
      await readStatusAndBody(world.request("/sessions/confirm", given)),
      formatResponse(spelled, "password confirmed"),
    );
    const asked = world.request("/reset_password", form({ email }));
    assert.match(
      await readStatusAndBody(asked),
      new RegExp(`^200 {"email":"${spelled}","reset_token":"[\\w-]{36}"}\n$`),
    );
    const reset = { email, reset_token: await requestToken(world, email), new_password: user.password };
    await assertRejected(redeemToken(world, { ...reset, email: "eve@holberton.io" }), 403);
    assert.equal(await readStatusAndBody(redeemToken(world, reset)), formatResponse(spelled, "Password updated"));
  }
  assert.equal((await world.auth.admin.list({ limit: 9 })).length, 1);
});

test("responses to the logged-in user have the spelling of the registration", async () => {
  await using world = await createWorld();
  await world.request("/users", form(user));
  const headers = { Cookie: `session_id=${await logIn(world, { ...user, email: key })}` };
  const change = form({ password: bob.password, new_password: "another" }, { method: "PUT", headers });
  const changed = await world.request("/profile/password", change);
  const session = changed.headers.getSetCookie()[0]?.split(";")[0] as string;
  assert.equal(await readStatusAndBody(changed), formatResponse(spelled, "Password updated"));
  const exported = await world.request("/profile/export", withCookie(session));
  assert.equal(((await exported.json()) as { email: string }).email, spelled);
  const who = createVisitor(world);
  await logInByPage(who, { email: key, password: "another" });
  for (const path of ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const { html } = await who.open(path);
    assert.ok(html.includes(`<bdi>${spelled}</bdi>`), path);
    assert.ok(!html.includes(key), path);
  }
});

test("a response that conceals accounts has the spelling of the request, and the email goes to the registered spelling", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, { ...owner, email: spelled });
  for (const [email, mails] of [
    ["GUILLAUME@holberton.io", [`already_registered ${spelled}`, `reset_password ${spelled}`]],
    ["Nobody@Holberton.io", ["confirm_email Nobody@Holberton.io", "reset_password Nobody@Holberton.io"]],
  ] as const) {
    for (const typed of [email, `  ${email}\n`]) {
      const asked = { email: typed, password: strongPassword };
      assert.equal(
        await readStatusAndBody(world.request("/users", form(asked))),
        formatResponse(email, "user created"),
      );
      assert.equal(
        await readStatusAndBody(world.request("/reset_password", form(asked))),
        formatResponse(email, "reset mail sent"),
      );
      assert.deepEqual(await deliverRecipients(world), mails);
      const again = world.request("/email_verification", form(asked));
      assert.equal(await readStatusAndBody(again), formatResponse(email, "verification mail sent"));
      await deliverMails(world);
    }
  }
});

test("responses to a request with an emailed token have the registered spelling", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  const registered = { ...owner, email: spelled };
  await world.request("/users", form(registered));
  const token = await deliverToken(world);
  assert.match((await who.open(`/verify?token=${token}`)).html, new RegExp(`<bdi>${spelled}</bdi>`));
  const confirmed = confirmEmail(world, { token, email: key.toUpperCase(), password: strongPassword });
  assert.equal(await readStatusAndBody(confirmed), formatResponse(spelled, "email verified"));
  await world.request("/reset_password", form({ email: key }));
  const reset = { email: ` ${key}`, reset_token: await deliverToken(world), new_password: `${strongPassword}!` };
  const page = await who.open(`/reset?token=${reset.reset_token}`);
  assert.match(page.html, new RegExp(`value="${spelled}" autocomplete="username"`));
  const done = redeemToken(world, reset);
  assert.equal(await readStatusAndBody(done), formatResponse(spelled, "Password updated"));
  assert.deepEqual(await deliverRecipients(world), [`password_changed ${spelled}`]);
  await logInForCookies(world, { email: key, password: `${strongPassword}!` });
});

test("each of several spellings is verified by the email sent to it, and becomes the spelling of the account", async () => {
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
  // A repeated email is that of the newest registration, whatever spelling requests it.
  await world.request("/email_verification", form({ email: spellings[0] as string }));
  assert.deepEqual(await deliverRecipients(world), [`confirm_email ${last}`]);
  const confirmed = confirmEmail(world, { email: key, token: tokens[1] ?? "", password: `${strongPassword} ${email}` });
  await assertRejected(confirmed, 403);
  const right = confirmEmail(world, { email: last, token: tokens[1] ?? "", password: `${strongPassword} ${email}` });
  assert.equal(await readStatusAndBody(right), formatResponse(email, "email verified"));
  for (const token of tokens) await assertRejected(confirmEmail(world, { token, password: strongPassword }), 403);
  assert.equal((await world.auth.admin.find(last))?.email, email);
});

test("an email change uses the typed spelling, and emails to the old address use the old one", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, { ...owner, email: spelled });
  const headers = { Cookie: await logInForCookies(world, { ...owner, email: key }) };
  const move = (email: string) => world.request("/profile/email", form({ email }, { method: "PUT", headers }));
  assert.equal(
    await readStatusAndBody(move(" Bob@New.Example ")),
    formatResponse("Bob@New.Example", "verification mail sent"),
  );
  const exported = await world.request("/profile/export", { headers });
  assert.equal(((await exported.json()) as { moves_to: string }).moves_to, "Bob@New.Example");
  const mails = await deliverMails(world);
  assert.deepEqual(mails.map(({ kind, to }) => `${kind} ${to}`).toSorted(), [
    "confirm_new_email Bob@New.Example",
    `email_changing ${spelled}`,
  ]);
  const token = mails.find((mail) => mail.token)?.token ?? "";
  await world.db.outbox.add({ kind: "moving", language: "en", email: spelled });
  const moved = confirmEmail(world, { token, email: "bob@new.example", password: strongPassword });
  assert.equal(await readStatusAndBody(moved), formatResponse("Bob@New.Example", "email verified"));
  assert.deepEqual(
    (await deliverRecipients(world)).toSorted(),
    [`email_changing ${spelled}`, `email_changed ${spelled}`].toSorted(),
  );
  // The session from before the email change has ended.
  const again = { Cookie: await logInForCookies(world, { email: "bob@new.example", password: strongPassword }) };
  assert.equal(
    await readStatusAndBody(world.request("/profile", { headers: again })),
    '200 {"email":"Bob@New.Example"}\n',
  );
});

test("a reset that an older node queued is sent to the spelling of the account", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, { ...owner, email: spelled });
  await world.db.outbox.add({ kind: "reset", language: "en", email: key });
  await world.db.outbox.add({ kind: "password_changed", language: "en", email: key });
  assert.deepEqual(await deliverRecipients(world), [`password_changed ${key}`, `reset_password ${spelled}`]);
});

test("all spellings of an address share its limits, and one audit entry at a time", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "4/15m", LIMIT_MAIL_ACCOUNT: "4/1h" });
  await registerAndConfirm(world, { ...owner, email: spelled });
  await world.auth.flush();
  const before = (await world.auth.audit.list({ limit: 999 })).length;
  for (const email of others) await assertRejected(world.request("/sessions", form({ email, password: "wrong" })), 401);
  await assertRejected(world.request("/sessions", form({ email: spelled, password: strongPassword })), 429);
  for (const email of [...others, spelled])
    assert.equal((await world.request("/reset_password", form({ email }))).status, 200);
  // The limit of an address rejects no request: it only sends no email.
  assert.equal(await world.db.outbox.count(), 4);
  const events = (await world.auth.audit.list({ limit: 999 })).slice(before);
  const counts = events.filter(({ event }) => event === "reset_asked");
  assert.deepEqual([...new Set(counts.map(({ userId }) => userId))], [1]);
  const times = counts.map(({ detail }) => Number(/^(\d+) times$/.exec(detail ?? "1 times")?.[1]));
  assert.equal(
    times.reduce((sum, each) => sum + each),
    4,
  );
});

test("a password must not be the address, in any spelling of either", async () => {
  await using world = await createProductionWorld();
  for (const password of ["Guillaume1!", "guillaume@HOLBERTON.io", "HOLBERTON-2024"]) {
    for (const email of [spelled, ...others]) {
      await assertRejected(world.request("/users", form({ email, password })), 400, /too similar to the email address/);
    }
  }
});

test("pages that conceal accounts display the typed address", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world, { ...owner, email: spelled });
  for (const [path, fields] of [
    ["/forgot", {}],
    ["/verify", {}],
    ["/register", { new_password: strongPassword }],
  ] as const) {
    const who = createVisitor(world);
    assertRedirect(await who.fill(await who.open(path), { ...fields, email: " GUILLAUME@holberton.io" }), "/mailbox");
    assert.match((await who.open("/mailbox")).html, /<bdi>GUILLAUME@holberton\.io<\/bdi>/, path);
  }
});
