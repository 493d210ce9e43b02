import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { assertRejected, readStatusAndBody } from "../support/steps.ts";
import { createWorld, form, hour, minute, type World } from "../support/world.ts";

const newPassword = "another-Good-password-7";
const eve = { ...owner, email: "eve@example.com" };
const newEmail = "bob@new.example.com";

/** Sends a form with the Cookie header of a session. */
function send(world: World, method: string, path: string, cookies: string, fields: Record<string, string> = {}) {
  const headers = { Cookie: cookies, "User-Agent": "curl/8" };
  return world.request(path, method === "GET" ? { headers } : form(fields, { method, headers }));
}

async function isLoggedIn(world: World, cookies: string): Promise<boolean> {
  return (await send(world, "GET", "/profile", cookies)).status === 200;
}

/** Registers a user, verifies the address, logs in, and returns the cookies. */
async function registerAndLogIn(world: World, user = owner): Promise<string> {
  await registerAndVerify(world, user);
  return logInForCookies(world, user);
}

/** Replaces the session cookie with the one that a response sets. */
function readRenewedCookies(cookies: string, response: Response): string {
  const { "__Host-session_id": sessionId } = readCookies(response);
  assert.match(sessionId ?? "", /^[\w-]{43}$/);
  return cookies.replace(/(__Host-session_id=)[^;]+/, `$1${sessionId}`);
}

// id: new-password
test("a password change requires the current password, ends other sessions and pending resets, and notifies the owner", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  const other = await logInForCookies(world);
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: `${newPassword}!` };
  const changePassword = (fields: Record<string, string>, session = cookies) =>
    send(world, "PUT", "/profile/password", session, fields);
  await assertRejected(changePassword({ password: newPassword, new_password: newPassword }), 403, /^wrong password$/);
  await assertRejected(changePassword({ new_password: newPassword }), 403, /^wrong password$/);
  await assertRejected(changePassword({ password: strongPassword, new_password: "short" }), 400, /too short/);
  await assertRejected(changePassword({ password: strongPassword }), 400, /missing/);
  await assertRejected(
    changePassword({ password: strongPassword, new_password: newPassword }, ""),
    403,
    /^not logged in$/,
  );
  for (const session of [cookies, other]) assert.ok(await isLoggedIn(world, session));
  assert.deepEqual(await deliverMails(world), []);

  const response = await changePassword({ password: strongPassword, new_password: newPassword });
  const renewedCookies = readRenewedCookies(cookies, response);
  assert.equal(await readStatusAndBody(response), `200 {"email":"${owner.email}","message":"Password updated"}\n`);
  const areLoggedIn = () => Promise.all([cookies, other, renewedCookies].map((session) => isLoggedIn(world, session)));
  assert.deepEqual(await areLoggedIn(), [true, false, true]);
  world.clock.advance(10_000);
  assert.deepEqual(await areLoggedIn(), [false, false, true]);
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["password_changed", owner.email]],
  );
  await assertRejected(world.request("/reset_password", form(reset, { method: "PUT" })), 403);
  await assertRejected(world.request("/sessions", form(owner)), 401);
  await logInForCookies(world, { ...owner, password: newPassword });
});

test("only one of two simultaneous password changes from two sessions succeeds", async () => {
  await using world = await createProductionWorld();
  const sessions = [await registerAndLogIn(world), await logInForCookies(world)];
  const responses = await Promise.all(
    sessions.map((cookies, i) =>
      send(world, "PUT", "/profile/password", cookies, {
        password: strongPassword,
        new_password: `${newPassword}${i}`,
      }),
    ),
  );
  const winner = responses.findIndex(({ status }) => status === 200);
  assert.equal(responses.filter(({ status }) => status === 403).length, 1);
  const renewedCookies = readRenewedCookies(sessions[winner] as string, responses[winner] as Response);
  assert.ok(await isLoggedIn(world, renewedCookies));
  assert.ok(!(await isLoggedIn(world, sessions[1 - winner] as string)));
  world.clock.advance(10_000);
  for (const session of sessions) assert.ok(!(await isLoggedIn(world, session)));
  await logInForCookies(world, { ...owner, password: `${newPassword}${winner}` });
  await assertRejected(world.request("/sessions", form({ ...owner, password: `${newPassword}${1 - winner}` })), 401);
});

test("a password change fails if the session ends or the password changes in the meantime", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { user, session } = await world.auth.logIn(owner);
  const { hashedPassword: verifiedHash } = await world.db.findUserBy({ id: user.id });
  const change = { userId: user.id, verifiedHash, hashedPassword: "new", language: "en" };
  const { sessionId } = session;
  const stale = { ...change, verifiedHash: "another", sessionId, newSessionId: "renewed", nonce: "nonce" };
  assert.equal(await world.db.users.changePassword(stale), false);
  assert.ok(await world.auth.getUserFromSessionId(sessionId));
  await world.auth.logOut(sessionId);
  assert.equal(
    await world.db.users.changePassword({ ...change, sessionId, newSessionId: "renewed", nonce: "nonce" }),
    false,
  );
  await logInForCookies(world);
});

// id: sensitive-needs-password
test("sensitive actions require the password within the last ten minutes, and entering it again renews the session", async () => {
  await using world = await createProductionWorld();
  let cookies = await registerAndLogIn(world);
  const changeEmail = () => send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  const exportData = () => send(world, "GET", "/profile/export", cookies);
  world.clock.advance(10 * minute);
  for (const response of [await changeEmail(), await exportData()]) assert.equal(response.status, 200);
  world.clock.advance(1);
  for (const response of [changeEmail(), exportData()])
    await assertRejected(response, 403, /^password confirmation required$/);
  const confirmPassword = (password: string) => send(world, "POST", "/sessions/confirm", cookies, { password });
  await assertRejected(confirmPassword(newPassword), 403, /^wrong password$/);
  await assertRejected(confirmPassword(""), 403, /^wrong password$/);
  await assertRejected(exportData(), 403, /^password confirmation required$/);
  const response = await confirmPassword(strongPassword);
  const previousCookies = cookies;
  cookies = readRenewedCookies(cookies, response);
  assert.equal(await readStatusAndBody(response), `200 {"email":"${owner.email}","message":"password confirmed"}\n`);
  for (const sensitive of [await changeEmail(), await exportData()]) assert.equal(sensitive.status, 200);
  assert.equal((await world.auth.admin.listSessions(1)).length, 1);
  world.clock.advance(10_000);
  assert.ok(!(await isLoggedIn(world, previousCookies)));
  await assertRejected(
    send(world, "POST", "/sessions/confirm", previousCookies, { password: strongPassword }),
    403,
    /^not logged in$/,
  );
});

// id: session-without-password
test("a session that was opened without a password must enter it first", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(owner.email, strongPassword);
  const cookies = `session_id=${await world.auth.createSession(owner.email)}`;
  await assertRejected(send(world, "GET", "/profile/export", cookies), 403, /^password confirmation required$/);
});

test("an unattended session cannot be used to guess the password", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_DEVICE: "4/15m", LIMIT_LOGIN_ACCOUNT: "5/15m" });
  const cookies = await registerAndLogIn(world);
  const attempts = [
    () => send(world, "POST", "/sessions/confirm", cookies, { password: "wrong" }),
    () => send(world, "PUT", "/profile/password", cookies, { password: "wrong", new_password: newPassword }),
    () => send(world, "DELETE", "/profile", cookies, { password: "wrong" }),
    () => world.request("/sessions", form({ ...owner, password: "wrong" }, { headers: { Cookie: cookies } })),
  ];
  const statuses = [];
  for (const attempt of attempts) statuses.push((await attempt()).status);
  assert.deepEqual(statuses, [403, 403, 403, 401]);
  for (const attempt of attempts) assert.equal((await attempt()).status, 429);
  await assertRejected(send(world, "POST", "/sessions/confirm", cookies, { password: strongPassword }), 429);
  assert.ok(await isLoggedIn(world, cookies));
  // Without the device cookie the attempt counts for the account.
  const stolen = cookies.split("; ")[0] as string;
  for (let i = 0; i < 5; i++) {
    assert.equal((await send(world, "POST", "/sessions/confirm", stolen, { password: "wrong" })).status, 403);
  }
  assert.equal((await send(world, "POST", "/sessions/confirm", stolen, { password: strongPassword })).status, 429);
});

// id: address-change-confirmed
test("an email change takes effect when the new address is verified with the emailed token and the password of the account", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  await world.request("/reset_password", form({ email: owner.email }));
  const reset = { email: owner.email, reset_token: await deliverToken(world), new_password: newPassword };
  const request = send(world, "PUT", "/profile/email", cookies, { email: ` ${newEmail}` });
  assert.equal(await readStatusAndBody(request), `200 {"email":"${newEmail}","message":"verification mail sent"}\n`);
  await assertRejected(send(world, "PUT", "/profile/email", cookies, { email: "bob" }), 400);
  const mails = await deliverMails(world);
  assert.deepEqual(mails.map(({ kind, to, token }) => [kind, to, token !== undefined]).toSorted(), [
    ["confirm_new_email", newEmail, true],
    ["email_changing", owner.email, false],
  ]);
  const token = mails.find((mail) => mail.token)?.token as string;
  await assertRejected(world.request("/sessions", form({ ...owner, email: newEmail })), 401);
  await assertRejected(verifyEmail(world, { email: newEmail, token, password: newPassword }), 403);
  await assertRejected(verifyEmail(world, { email: owner.email, token, password: strongPassword }), 403);
  await logInForCookies(world);
  const fields = { email: newEmail, token, password: strongPassword };
  const confirmed = await send(world, "PUT", "/email_verification", cookies, fields);
  assert.equal(await readStatusAndBody(confirmed.clone()), `200 {"email":"${newEmail}","message":"email verified"}\n`);
  await assertRejected(verifyEmail(world, fields), 403);
  const profile = send(world, "GET", "/profile", readRenewedCookies(cookies, confirmed));
  assert.equal(await readStatusAndBody(profile), `200 {"email":"${newEmail}"}\n`);
  await assertRejected(world.request("/sessions", form(owner)), 401);
  for (const email of [owner.email, newEmail]) {
    await assertRejected(world.request("/reset_password", form({ ...reset, email }, { method: "PUT" })), 403);
  }
  await logInForCookies(world, { ...owner, email: newEmail });
});

test("failed logins to an address do not lock out the next account with it", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  const wrong = form({ ...owner, password: "wrong" });
  for (let i = 0; i < 10; i++) await assertRejected(world.request("/sessions", { ...wrong, ip: `192.0.2.${i}` }), 401);
  await assertRejected(world.request("/sessions", form(owner)), 429);
  const response = await send(world, "PUT", "/email_verification", cookies, {
    email: newEmail,
    token,
    password: strongPassword,
  });
  assert.equal(response.status, 200);
  await deliverMails(world);
  await registerAndLogIn(world, { ...owner, password: newPassword });
});

test("only the newest of several email changes can be verified, with the token sent to its address", async () => {
  await using world = await createProductionWorld({ LIMIT_MAIL_ACCOUNT: "100/1h", LIMIT_MAIL_NETWORK: "100/1h" });
  const cookies = await registerAndLogIn(world);
  const changeEmail = (email: string) => send(world, "PUT", "/profile/email", cookies, { email });
  await changeEmail("first@example.com");
  const first = (await deliverMails(world)).find(({ token }) => token);
  await changeEmail(newEmail);
  const second = (await deliverMails(world)).find(({ token }) => token);
  for (const email of ["first@example.com", newEmail]) {
    await assertRejected(verifyEmail(world, { email, token: first?.token ?? "", password: strongPassword }), 403);
  }
  // Of many simultaneous changes one remains, and its token was sent to the address that it verifies.
  await Promise.all(Array.from({ length: 8 }, (_, i) => changeEmail(`${i}@example.com`)));
  await assertRejected(
    verifyEmail(world, { email: newEmail, token: second?.token ?? "", password: strongPassword }),
    403,
  );
  const mails = (await deliverMails(world)).filter(({ token }) => token);
  assert.equal(mails.length, 1);
  const { to = "", token = "" } = mails[0] ?? {};
  for (let i = 0; i < 8; i++) {
    const email = `${i}@example.com`;
    if (email !== to) await assertRejected(verifyEmail(world, { email, token, password: strongPassword }), 403);
  }
  const confirmed = await send(world, "PUT", "/email_verification", cookies, {
    token,
    password: strongPassword,
    email: to,
  });
  assert.equal(confirmed.status, 200);
  const profile = send(world, "GET", "/profile", readRenewedCookies(cookies, confirmed));
  assert.equal(await readStatusAndBody(profile), `200 {"email":"${to}"}\n`);
});

test("an email change to the current address is rejected in any spelling, and sends no email", async () => {
  for (const environment of [{}, { CONCEAL_ACCOUNTS: "off" }]) {
    await using world = await createProductionWorld({ ...environment, LIMIT_MAIL_ACCOUNT: "1/1h" });
    const registered = { ...owner, email: "Bob@Example.com" };
    let cookies = await registerAndLogIn(world, registered);
    await deliverMails(world);
    const changeEmail = (email: string) => send(world, "PUT", "/profile/email", cookies, { email });
    for (const email of ["Bob@Example.com", "bob@example.com", " BOB@EXAMPLE.COM\t", "\u200bbob@Example.com\u00a0"]) {
      const rejection = await changeEmail(email);
      assert.equal(rejection.headers.get("Error-Code"), "email_unchanged");
      await assertRejected(rejection, 400, /^the account already has this email address$/);
    }
    assert.deepEqual(await deliverMails(world), []);
    assert.equal(await readStatusAndBody(send(world, "GET", "/profile", cookies)), '200 {"email":"Bob@Example.com"}\n');
    const events = await world.auth.audit.list({ limit: 99 });
    assert.match(events.at(-1)?.detail ?? "", /^email_unchanged/);
    // None of them counted against the limit of emails.
    assert.equal((await changeEmail(newEmail)).status, 200);
    const token = (await deliverMails(world)).find((mail) => mail.token)?.token ?? "";
    const fields = { email: newEmail, token, password: strongPassword };
    cookies = readRenewedCookies(cookies, await send(world, "PUT", "/email_verification", cookies, fields));
    await assertRejected(changeEmail(newEmail.toUpperCase()), 400, /^the account already has this email address$/);
    world.clock.advance(hour);
    await assertRejected(changeEmail(newEmail), 403, /^password confirmation required$/);
  }
});

test("an email change cannot take an address that has an account by the time it is confirmed", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  await send(world, "PUT", "/profile/email", cookies, { email: eve.email });
  const token = (await deliverMails(world)).find((mail) => mail.token)?.token ?? "";
  await world.auth.registerUser(eve.email, newPassword);
  await assertRejected(verifyEmail(world, { email: eve.email, token, password: strongPassword }), 403);
  assert.equal(await readStatusAndBody(send(world, "GET", "/profile", cookies)), `200 {"email":"${owner.email}"}\n`);
  assert.equal((await world.auth.admin.findAccount(eve.email))?.emailVerifiedAt, null);
});

test("an email change to an address with an account gets the usual response, and the owner of the address is notified", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, eve);
  const cookies = await registerAndLogIn(world);
  await deliverMails(world);
  const changeEmail = (email: string) => send(world, "PUT", "/profile/email", cookies, { email });
  const [known, unknown] = [await changeEmail(eve.email), await changeEmail("nob@example.com")];
  const formatResponse = async (response: Response, email: string) =>
    JSON.stringify([response.status, [...response.headers], (await response.text()).replace(email, "…")]);
  assert.equal(await formatResponse(known, eve.email), await formatResponse(unknown, "nob@example.com"));
  await deliverMails(world);
  await changeEmail(eve.email);
  const mails = await deliverMails(world);
  assert.deepEqual(mails.map(({ kind, to, token }) => [kind, to, token]).toSorted(), [
    ["already_registered", eve.email, undefined],
    ["email_changing", owner.email, undefined],
  ]);
  await using open = await createProductionWorld({ CONCEAL_ACCOUNTS: "off" });
  await registerAndVerify(open, eve);
  const openCookies = await registerAndLogIn(open);
  await assertRejected(
    send(open, "PUT", "/profile/email", openCookies, { email: eve.email }),
    400,
    /^email already registered$/,
  );
});

test("after a registration, a login does not reveal whether the address already had an account", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const disabled = "off@example.com";
  await registerAndVerify(world, { ...owner, email: disabled });
  await world.auth.admin.disableAccount((await world.auth.admin.findAccount(disabled))?.id ?? 0);
  for (const email of [owner.email, "nobody@example.com", disabled]) {
    await world.request("/users", form({ email, password: newPassword }));
    await assertRejected(
      world.request("/sessions", form({ email, password: newPassword })),
      401,
      /^wrong email or password$/,
    );
    await assertRejected(world.request("/sessions", form({ email, password: "neither" })), 401);
  }
  await logInForCookies(world);
  await assertRejected(world.request("/sessions", form({ ...owner, email: disabled })), 401);
});

// id: deletion-leaves-nothing
test("a deleted account leaves only anonymous events, and its address can be registered again", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  const other = await logInForCookies(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  await world.request("/reset_password", form({ email: owner.email }));
  await world.request("/users", form({ ...owner, password: newPassword }));
  await assertRejected(world.request("/sessions", form({ ...owner, password: "wrong" })), 401);
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.ok(id);
  await assertRejected(send(world, "DELETE", "/profile", cookies, { password: newPassword }), 403, /^wrong password$/);
  await assertRejected(send(world, "DELETE", "/profile", cookies), 403, /^wrong password$/);
  await assertRejected(send(world, "DELETE", "/profile", "", { password: strongPassword }), 403, /^not logged in$/);
  const response = await send(world, "DELETE", "/profile", cookies, { password: strongPassword });
  assert.match(response.headers.get("Set-Cookie") ?? "", /^__Host-session_id=; .*Max-Age=0$/);
  assert.equal(await readStatusAndBody(response), '200 {"message":"account deleted"}\n');
  for (const session of [cookies, other]) assert.ok(!(await isLoggedIn(world, session)));
  assert.deepEqual(
    (await deliverMails(world)).map(({ kind, to }) => [kind, to]),
    [["account_deleted", owner.email]],
  );
  assert.equal(await world.db.outbox.count(), 0);
  assert.equal(await world.db.registrations.findNewest(owner.email), null);
  assert.equal(await world.db.changeEmail.findNewEmail(id), null);
  assert.deepEqual(await world.db.devices.list(id), []);
  assert.deepEqual(await world.auth.admin.listAccounts({ limit: 9 }), []);
  const events = await world.auth.audit.list({ limit: 1000 });
  assert.deepEqual(
    events.filter(({ userId }) => userId !== null),
    [],
  );
  const personalEvents = [
    "logged_in",
    "email_verified",
    "password_refused",
    "email_change_asked",
    "reset_asked",
    "account_deleted",
  ];
  for (const name of personalEvents) {
    const matching = events.filter(({ event }) => event === name);
    assert.ok(matching.length > 0, name);
    for (const { ip, userAgent } of matching) assert.deepEqual([ip, userAgent], [null, null], name);
  }
  await assertRejected(world.request("/sessions", form(owner)), 401);
  for (let i = 1; i < 10; i++)
    await assertRejected(world.request("/sessions", form({ ...owner, password: "wrong" })), 401);
  await assertRejected(world.request("/sessions", form(owner)), 429);
  world.clock.advance(hour);
  await registerAndVerify(world, { ...owner, password: newPassword });
  const newCookies = await logInForCookies(world, { ...owner, password: newPassword });
  assert.ok(await isLoggedIn(world, newCookies));
});

// id: export-is-complete
test("an export contains all stored data except hashes and tokens", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  await world.request("/reset_password", form({ email: owner.email }));
  const mails = await deliverMails(world);
  for (const email of [owner.email, "eve@example.com"]) await world.request("/reset_password", form({ email }));
  const response = await send(world, "GET", "/profile/export", cookies);
  assert.equal(response.headers.get("Content-Disposition"), 'attachment; filename="account.json"');
  const text = await response.text();
  const exported = JSON.parse(text);
  assert.deepEqual(Object.keys(exported), [
    "id",
    "email",
    "moves_to",
    "email_verified_at",
    "reset_token_expires_at",
    "created_at",
    "updated_at",
    "sessions",
    "devices",
    "mails",
    "events",
  ]);
  assert.deepEqual(exported.mails, [{ kind: "reset", created_at: "2030-01-01T00:00:00.000Z", tries: 0 }]);
  assert.deepEqual([exported.email, exported.moves_to], [owner.email, newEmail]);
  assert.equal(exported.reset_token_expires_at, "2030-01-01T01:00:00.000Z");
  assert.deepEqual([exported.sessions.length, exported.devices.length], [1, 1]);
  const eventNames = new Set(exported.events.map(({ event }: { event: string }) => event));
  // This entry is written before or after the account exists, depending on timing.
  eventNames.delete("registration_asked");
  assert.deepEqual(
    [...eventNames],
    ["email_verified", "logged_in", "email_change_asked", "reset_asked", "account_exported"],
  );
  const { hashedPassword } = await world.db.findUserBy({ email: owner.email });
  const tokens = mails.flatMap(({ token }) => token ?? []);
  assert.equal(tokens.length, 2);
  const cookieValues = cookies.split("; ").map((pair) => pair.split("=")[1] as string);
  const [session] = await world.auth.admin.listSessions(exported.id);
  for (const secret of [strongPassword, hashedPassword, ...tokens, ...cookieValues, session?.id as string]) {
    assert.ok(!text.includes(secret), secret);
  }
  assert.ok(!/\$2b\$|[\w-]{43}/.test(text), "a hash or a token");
});

test("an export contains all events of the user, in order, and none of other users", async () => {
  await using world = await createWorld();
  const { id } = await world.auth.registerUser(owner.email, owner.password);
  const { id: eveId } = await world.auth.registerUser(eve.email, eve.password);
  const { session } = await world.auth.logIn(owner);
  const listEvents = async () => world.auth.audit.list({ limit: 5000, userId: id });
  const add = (count: number) =>
    world.db.audit.add(
      Array.from({ length: count }, (_, i) =>
        [id, eveId].map((userId) => ({
          ...{ at: world.clock.now(), event: "logged_in", userId },
          ...{ ip: null, userAgent: null, detail: `${i}` },
        })),
      ).flat(),
    );
  // Just below, at and above the number of rows that one statement reads, including the entry that the export adds.
  for (const total of [499, 500, 501, 1000, 1100]) {
    for (let missing = total - 1 - (await listEvents()).length; missing > 0; missing -= 100)
      await add(Math.min(missing, 100));
    const exported = (await world.auth.account.exportData(session.sessionId)) as { events: Record<string, unknown>[] };
    const expected = (await listEvents()).map(({ event, detail }) => [event, detail]);
    assert.equal(expected.length, total);
    assert.deepEqual(
      exported.events.map(({ event, detail }) => [event, detail]),
      expected,
    );
  }
});

test("an export contains every pending email: for the account, its address and its new address", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, eve);
  const eveCookies = await logInForCookies(world, eve);
  const cookies = await registerAndLogIn(world);
  await deliverMails(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  await world.request("/users", form(owner));
  await send(world, "PUT", "/profile/email", eveCookies, { email: "eve@example.net" });
  const { mails } = JSON.parse(await (await send(world, "GET", "/profile/export", cookies)).text());
  assert.deepEqual(
    mails.map(({ kind }: { kind: string }) => kind),
    ["move", "moving", "registration"],
  );
});

test("responses about a disabled account equal those about an unknown one, and its sessions have ended", async () => {
  await using world = await createProductionWorld();
  const cookies = await registerAndLogIn(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  await world.request("/reset_password", form({ email: owner.email }));
  const mails = await deliverMails(world);
  const changeToken = mails.find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  const reset_token = mails.find(({ kind }) => kind === "reset_password")?.token ?? "";
  assert.equal(await world.auth.admin.disableAccount(1), true);
  assert.ok(!(await isLoggedIn(world, cookies)));
  await assertRejected(send(world, "GET", "/sessions", cookies), 403, /^not logged in$/);
  await assertRejected(
    send(world, "POST", "/sessions/confirm", cookies, { password: strongPassword }),
    403,
    /^not logged in$/,
  );
  const unknownEmail = "nob@example.com";
  const requests = [
    (email: string) => world.request("/sessions", form({ email, password: strongPassword })),
    (email: string) => world.request("/reset_password", form({ email })),
    (email: string) => world.request("/email_verification", form({ email })),
    (email: string) =>
      world.request("/reset_password", form({ email, reset_token, new_password: newPassword }, { method: "PUT" })),
    (email: string) => verifyEmail(world, { email, token: changeToken, password: strongPassword }),
    (email: string) => world.request("/users", form({ email, password: newPassword })),
    (email: string) => world.request("/sessions", form({ email, password: newPassword })),
  ];
  for (const request of requests) {
    assert.equal(
      (await readStatusAndBody(request(owner.email))).replace(owner.email, unknownEmail),
      await readStatusAndBody(request(unknownEmail)),
    );
  }
  const sent = await deliverMails(world);
  assert.ok(sent.length > 0);
  for (const { to } of sent) assert.equal(to, unknownEmail);
  await assertRejected(verifyEmail(world, { email: newEmail, token: changeToken, password: strongPassword }), 403);
  assert.equal(await world.auth.admin.enableAccount(1), true);
  assert.ok(!(await isLoggedIn(world, cookies)), "enabling an account does not restore its sessions");
  await assertRejected(
    world.request(
      "/reset_password",
      form({ email: owner.email, reset_token, new_password: newPassword }, { method: "PUT" }),
    ),
    403,
  );
  await logInForCookies(world);
});

test("the link of an email change cannot be used to guess the password, because each attempt counts as a login", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "1000/15m" });
  const cookies = await registerAndLogIn(world);
  await send(world, "PUT", "/profile/email", cookies, { email: newEmail });
  const token = (await deliverMails(world)).find((mail) => mail.token)?.token ?? "";
  const fields = { email: newEmail, token, password: "a guess" };
  for (let i = 0; i < 10; i++) await assertRejected(verifyEmail(world, fields), 403);
  await assertRejected(verifyEmail(world, { ...fields, password: strongPassword }), 429);
  await assertRejected(world.request("/sessions", form(owner)), 429);
  world.clock.advance(15 * minute);
  assert.equal((await verifyEmail(world, { ...fields, password: strongPassword })).status, 200);
});
