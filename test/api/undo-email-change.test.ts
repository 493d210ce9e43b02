import assert from "node:assert/strict";
import type { Mail } from "../../src/mail/mailer.ts";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  formatCookieHeader,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { assertRejected, readStatusAndBody } from "../support/steps.ts";
import { createWorld, day, form, hour, minute, type World } from "../support/world.ts";

const next = "new@example.com";
const third = "third@example.com";
const chosen = "another-Good-password-7";
const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** Changes the address of a logged-in account. Returns the response and the email to the old address. */
async function changeAddress(world: World, cookies: string, to: string, password = strongPassword) {
  const request = form({ email: to }, { method: "PUT", headers: { Cookie: cookies } });
  assert.equal((await world.request("/profile/email", request)).status, 200);
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  const headers = { Cookie: cookies, "User-Agent": firefox };
  const fields = { email: to, token, password };
  const response = await world.request("/email_verification", form(fields, { method: "PUT", headers }));
  assert.equal(response.status, 200, await response.clone().text());
  const mail = (await deliverMails(world)).find(({ kind }) => kind === "email_changed") ?? assert.fail("no mail");
  return { response, mail, undo: mail.token ?? "" };
}

function undo(world: World, token: string, more: Record<string, string> = {}): Promise<Response> {
  return world.request("/undo_email_change", form({ token, ...more }, { method: "PUT" }));
}

const refusal = '403 {"message":"the token is wrong, used or expired"}\n';
const undone = `200 {"email":"${owner.email}","message":"email change undone"}\n`;

function listKindsAndRecipients(mails: readonly Mail[]): [kind: string, to: string][] {
  return mails.map(({ kind, to }): [string, string] => [kind, to]).toSorted();
}

async function requestProfileStatus(world: World, cookies: string): Promise<number> {
  return (await world.request("/profile", { headers: { Cookie: cookies } })).status;
}

async function canLogIn(world: World, email: string, password = strongPassword): Promise<boolean> {
  const response = await world.request("/sessions", form({ email, password }));
  assert.ok(response.status === 200 || response.status === 401, `${response.status}`);
  return response.status === 200;
}

// id: undoes-all-once
test("a completed email change is reported to the old address, and the link there undoes it once", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const thief = await logInForCookies(world);
  const { response, mail, undo: token } = await changeAddress(world, thief, next);
  const renewed = formatCookieHeader({ ...readCookies(response) });
  assert.deepEqual(
    [mail.to, mail.device, mail.at],
    [owner.email, { browser: "Firefox", system: "Windows" }, world.clock.now()],
  );
  assert.match(token, /^[\w-]{43}$/);
  assert.ok(await canLogIn(world, next));
  await world.request("/reset_password", form({ email: next }));
  const reset = (await deliverMails(world)).find(({ kind }) => kind === "reset_password")?.token ?? "";
  const nextChange = form({ email: third }, { method: "PUT", headers: { Cookie: renewed } });
  assert.equal((await world.request("/profile/email", nextChange)).status, 200);
  const nextToken = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";

  for (const wrong of [token.slice(1), token.toLowerCase(), "", reset, nextToken]) {
    assert.equal(await readStatusAndBody(undo(world, wrong)), refusal, wrong);
  }
  assert.equal(await readStatusAndBody(undo(world, token, { email: next })), refusal);
  assert.equal(await requestProfileStatus(world, renewed), 200, "a rejected request changes nothing");
  assert.equal(await readStatusAndBody(undo(world, token, { email: " Bob@Example.com " })), undone);

  assert.equal(await requestProfileStatus(world, renewed), 403);
  for (const email of [owner.email, next]) assert.equal(await canLogIn(world, email), false, email);
  await assertRejected(verifyEmail(world, { email: third, token: nextToken, password: strongPassword }), 403);
  const redeem = (email: string, reset_token: string) =>
    world.request("/reset_password", form({ email, reset_token, new_password: chosen }, { method: "PUT" }));
  for (const email of [owner.email, next]) await assertRejected(redeem(email, reset), 403);
  const mails = await deliverMails(world);
  assert.deepEqual(listKindsAndRecipients(mails), [
    ["email_change_undone", next],
    ["reset_password", owner.email],
  ]);
  assert.equal(await readStatusAndBody(undo(world, token)), refusal);
  const link = mails.find(({ kind }) => kind === "reset_password")?.token ?? "";
  assert.equal((await redeem(owner.email, link)).status, 200);
  assert.ok(await canLogIn(world, owner.email, chosen));
  assert.equal(await world.auth.admin.findAccount(next), null);
  const events = (await world.auth.audit.list({ limit: 1000 })).map(({ event }) => event);
  assert.ok(events.includes("email_change_undone") && events.includes("email_undo_refused"));
});

// id: move-ends-sessions
test("an email change ends all other sessions, and gives the confirming one a new id", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const [here, there] = [await logInForCookies(world), await logInForCookies(world)];
  await deliverMails(world);
  const other = { ...owner, email: "eve@example.com" };
  await registerAndVerify(world, other);
  const otherCookies = await logInForCookies(world, other);
  const { response } = await changeAddress(world, here, next);
  const renewed = formatCookieHeader(readCookies(response));
  assert.notEqual(renewed, "");
  assert.notEqual(renewed, here.split("; ")[0]);
  assert.equal(await requestProfileStatus(world, renewed), 200);
  // The previous id stays valid for some seconds, in case the response was lost.
  assert.equal(await requestProfileStatus(world, here), 200);
  world.clock.advance(11_000);
  assert.deepEqual(
    [
      await requestProfileStatus(world, here),
      await requestProfileStatus(world, renewed),
      await requestProfileStatus(world, there),
    ],
    [403, 200, 403],
  );
  const { id } = (await world.auth.admin.findAccount(next)) ?? assert.fail();
  assert.equal((await world.auth.admin.listSessions(id)).length, 1);

  // The session of another account cannot verify this one's address, and stays live.
  const request = form({ email: third }, { method: "PUT", headers: { Cookie: renewed } });
  await world.request("/profile/email", request);
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  const fields = { email: third, token, password: strongPassword };
  const elsewhere = await world.request(
    "/email_verification",
    form(fields, { method: "PUT", headers: { Cookie: otherCookies } }),
  );
  assert.equal(elsewhere.status, 200);
  assert.equal(readCookies(elsewhere)["__Host-session_id"], undefined);
  assert.deepEqual(
    [await requestProfileStatus(world, renewed), await requestProfileStatus(world, otherCookies)],
    [403, 200],
  );
  assert.equal((await world.auth.admin.listSessions(id)).length, 0);
});

test("an email change forgets every known device except the confirming one", async () => {
  await using world = await createProductionWorld({ LIMIT_LOGIN_ACCOUNT: "1/15m" });
  await registerAndVerify(world);
  const there = await logInForCookies(world);
  const here = await logInForCookies(world, owner, "", "192.0.2.1");
  await deliverMails(world);
  await changeAddress(world, here, next);
  const moved = { ...owner, email: next };
  await assertRejected(world.request("/sessions", form({ ...moved, password: "wrong" })), 401);
  const device = (cookies: string) => cookies.split("; ").filter((pair) => /device/.test(pair))[0] ?? assert.fail();
  const logIn = (cookies: string) => world.request("/sessions", form(moved, { headers: { Cookie: cookies } }));
  assert.equal((await logIn(device(there))).status, 429);
  assert.equal((await logIn(device(here))).status, 200);
});

// id: first-link-wins
test("after several email changes, the first link restores the first address and invalidates the later links", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const first = await changeAddress(world, await logInForCookies(world), next);
  const second = await changeAddress(world, formatCookieHeader(readCookies(first.response)), third);
  assert.equal(second.mail.to, next);
  world.clock.advance(day);
  assert.equal(await readStatusAndBody(undo(world, first.undo)), undone);
  assert.deepEqual(listKindsAndRecipients(await deliverMails(world)), [
    ["email_change_undone", third],
    ["reset_password", owner.email],
  ]);
  assert.equal(await readStatusAndBody(undo(world, second.undo)), refusal);
  assert.equal((await world.auth.admin.findAccount(owner.email))?.disabledAt, null);
});

test("a later link restores the later address, and the earlier link stays valid", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const first = await changeAddress(world, await logInForCookies(world), next);
  const second = await changeAddress(world, formatCookieHeader(readCookies(first.response)), third);
  assert.equal((await undo(world, second.undo)).status, 200);
  assert.ok(await world.auth.admin.findAccount(next));
  assert.equal(await readStatusAndBody(undo(world, first.undo)), undone);
});

test("the undo link works for seven days after the change, regardless of which clock wrote its time", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  world.clock.advance(7 * day - 1);
  assert.equal(await world.auth.undoEmailChange.findEmail(token), owner.email);
  world.clock.advance(1);
  assert.equal(await readStatusAndBody(undo(world, token)), refusal);
  assert.equal((await world.auth.admin.sweep()).formerEmails, 0);
  world.clock.advance(1);
  assert.equal((await world.auth.admin.sweep()).formerEmails, 1);
});

test("an email change confirmed while the clock was ahead can be undone for seven days after the clock is corrected", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  world.clock.advance(30 * day);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  world.clock.advance(-30 * day);
  assert.equal(await readStatusAndBody(undo(world, token)), refusal);
  await world.auth.admin.sweep();
  world.clock.advance(7 * day - 1);
  assert.equal(await world.auth.undoEmailChange.findEmail(token), owner.email);
  world.clock.advance(1);
  assert.equal(await world.auth.undoEmailChange.findEmail(token), null);
  // The clock of another node can be some minutes behind.
  await registerAndVerify(world, { ...owner, email: "eve@example.com" });
  const eve = await changeAddress(world, await logInForCookies(world, { ...owner, email: "eve@example.com" }), third);
  world.clock.advance(-4 * minute);
  assert.equal((await undo(world, eve.undo)).status, 200);
});

test("the undo link of a disabled account works again once it is enabled; that of a deleted account never does", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  const { id } = (await world.auth.admin.findAccount(next)) ?? assert.fail();
  await world.auth.admin.disableAccount(id);
  assert.equal(await readStatusAndBody(undo(world, token)), refusal);
  await world.request("/reset_password", form({ email: owner.email }));
  assert.deepEqual(await deliverMails(world), []);
  await world.auth.admin.enableAccount(id);
  assert.equal(await world.auth.undoEmailChange.findEmail(token), owner.email);
  await world.auth.admin.deleteAccount(id);
  assert.equal(await readStatusAndBody(undo(world, token)), refusal);
});

test("if the address has another account by now, the response says so and the link stays valid", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  await registerAndVerify(world, { ...owner, password: chosen });
  const { id } = (await world.auth.admin.findAccount(owner.email)) ?? assert.fail();
  const response = await undo(world, token);
  assert.equal(response.headers.get("Error-Code"), "email_taken");
  assert.equal(response.status, 400);
  assert.ok(await canLogIn(world, next), "a rejected request changes nothing");
  await world.auth.admin.deleteAccount(id);
  assert.equal(await readStatusAndBody(undo(world, token)), undone);
});

// id: left-address-reserved
test("without verification, an address that an account has just left cannot be registered", async () => {
  await using world = await createWorld({ RESET_DELIVERY: "email" });
  assert.equal((await world.request("/users", form(owner))).status, 200);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  await assertRejected(
    world.request("/users", form({ ...owner, email: "Bob@Example.com" })),
    400,
    /^email already registered$/,
  );
  // Other endpoints respond as before.
  await assertRejected(world.request("/users", form({ ...owner, email: next })), 400, /^email already registered$/);
  assert.equal((await world.request("/users", form({ ...owner, email: third }))).status, 200);
  assert.equal(await readStatusAndBody(undo(world, token)), undone);
  await deliverMails(world);
  const moved = await world.auth.createSession(owner.email);
  assert.ok(moved);
});

test("a left address can be registered again after seven days, and immediately by the account that left it", async () => {
  await using world = await createWorld();
  await world.auth.registerUser(owner.email, strongPassword);
  const first = await changeAddress(world, await logInForCookies(world), next);
  const back = await changeAddress(world, formatCookieHeader(readCookies(first.response)), owner.email);
  assert.equal(back.mail.to, next);
  assert.equal(await readStatusAndBody(undo(world, first.undo)), refusal);
  const away = await changeAddress(world, formatCookieHeader(readCookies(back.response)), third);
  assert.equal(away.mail.to, owner.email);
  world.clock.advance(7 * day);
  assert.equal((await world.request("/users", form(owner))).status, 200);
});

test("a reset request for the old address sends a new undo link, which replaces the previous one", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { mail, undo: before } = await changeAddress(world, await logInForCookies(world), next);
  world.clock.advance(hour);
  await world.request("/users", form({ ...owner, password: chosen }));
  await deliverMails(world);
  const response = readStatusAndBody(world.request("/reset_password", form({ email: owner.email })));
  assert.equal(await response, `200 {"email":"${owner.email}","message":"reset mail sent"}\n`);
  const mails = await deliverMails(world);
  assert.deepEqual(listKindsAndRecipients(mails), [["email_changed", owner.email]]);
  assert.deepEqual([mails[0]?.at, mails[0]?.device], [mail.at, mail.device]);
  assert.equal(await readStatusAndBody(undo(world, before)), refusal);
  assert.equal(await readStatusAndBody(undo(world, mails[0]?.token ?? "")), undone);
});

// id: undone-once
test("exactly one of many simultaneous requests with one link undoes the email change", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  const answers = await Promise.all(Array.from({ length: 20 }, () => undo(world, token)));
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
  assert.equal((await deliverMails(world)).length, 2);
});

test("wrong undo tokens are limited like other tokens, and do not block a valid link", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "3/15m" });
  await registerAndVerify(world);
  const { undo: token } = await changeAddress(world, await logInForCookies(world), next);
  for (let i = 0; i < 3; i++) assert.equal(await readStatusAndBody(undo(world, "x")), refusal);
  await assertRejected(undo(world, "x"), 429);
  await assertRejected(undo(world, token, { email: next }), 429);
  assert.equal(await readStatusAndBody(undo(world, token)), undone);
});

test("no email goes to an old address that cannot receive one, and the address is not reserved", async () => {
  await using world = await createWorld();
  await world.auth.registerUser("bob", strongPassword);
  const cookies = await logInForCookies(world, { email: "bob", password: strongPassword });
  await world.request("/profile/email", form({ email: next }, { method: "PUT", headers: { Cookie: cookies } }));
  const token = await deliverToken(world);
  assert.equal((await verifyEmail(world, { email: next, token, password: strongPassword })).status, 200);
  assert.deepEqual(await deliverMails(world), []);
  assert.equal((await world.request("/users", form({ email: "bob", password: strongPassword }))).status, 200);
});

test("an export contains the addresses that can be restored", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const { response } = await changeAddress(world, await logInForCookies(world), next);
  const headers = { Cookie: formatCookieHeader(readCookies(response)) };
  const exported = JSON.parse(await (await world.request("/profile/export", { headers })).text());
  assert.deepEqual(exported.former_emails, [{ email: owner.email, left_at: "2030-01-01T00:00:00.000Z" }]);
});
