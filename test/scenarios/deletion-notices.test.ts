import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  formatCookieHeader,
  logInForCookies,
  owner,
  readCookies,
  registerAndVerify,
  strongPassword,
  verifyEmail,
} from "../support/production.ts";
import { assertRejected } from "../support/steps.ts";
import { createWorld, day, form, type World } from "../support/world.ts";

const newEmail = "new@example.com";
const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

function deleteAccount(world: World, Cookie: string, password = strongPassword): Promise<Response> {
  const headers = { Cookie, "User-Agent": firefox, "Accept-Language": "fr" };
  return world.request("/profile", form({ password }, { method: "DELETE", headers }));
}

test("the owner of a deleted account gets one email, and afterwards the address is stored nowhere", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world, { ...owner, email: "Bob@Example.com" });
  const cookies = await logInForCookies(world);
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  await assertRejected(deleteAccount(world, cookies, "wrong"), 403);
  const responses = await Promise.all([deleteAccount(world, cookies), deleteAccount(world, cookies)]);
  assert.deepEqual(responses.map(({ status }) => status).toSorted(), [200, 403]);
  const [pending, ...more] = await world.db.outbox.list(10);
  assert.deepEqual([pending?.kind, pending?.email, more], ["deleted", "Bob@Example.com", []]);
  const [mail, ...others] = await deliverMails(world);
  assert.deepEqual(
    [mail?.kind, mail?.to, mail?.language, mail?.device, mail?.at, others],
    ["account_deleted", "Bob@Example.com", "fr", { browser: "Firefox", system: "Windows" }, world.clock.now(), []],
  );
  assert.deepEqual(await world.db.outbox.list(10), []);
});

test("the owner of an account that an operator deletes gets an email if the address can receive one", async () => {
  await using world = await createWorld();
  for (const email of [owner.email, "bob"]) {
    await world.auth.registerUser(email, strongPassword);
    const { id } = (await world.auth.admin.findAccount(email)) ?? assert.fail();
    assert.equal(await world.auth.admin.deleteAccount(id, "fr"), true);
    assert.equal(await world.auth.admin.deleteAccount(id), false);
  }
  const mails = await deliverMails(world);
  assert.deepEqual(
    mails.map(({ kind, to, language }) => [kind, to, language]),
    [["account_removed", owner.email, "fr"]],
  );
});

test("for seven days after an email change, the notice of a deletion also goes to the former address", async () => {
  for (const [delay, recipients] of [
    [0, [owner.email, newEmail]],
    [7 * day, [newEmail]],
  ] as const) {
    await using world = await createProductionWorld();
    await registerAndVerify(world);
    const cookies = await logInForCookies(world);
    await world.request("/profile/email", form({ email: newEmail }, { method: "PUT", headers: { Cookie: cookies } }));
    const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
    assert.equal((await verifyEmail(world, { email: newEmail, token, password: strongPassword })).status, 200);
    await deliverMails(world);
    world.clock.advance(delay);
    const newCookies = await logInForCookies(world, { ...owner, email: newEmail });
    await deliverMails(world);
    assert.equal((await deleteAccount(world, newCookies)).status, 200);
    const mails = await deliverMails(world);
    assert.deepEqual(mails.map(({ to }) => to).toSorted(), [...recipients]);
    assert.ok(mails.every(({ kind }) => kind === "account_deleted"));
  }
});

test("an address can be registered again while the email about its deletion is pending", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const cookies = await logInForCookies(world);
  await deliverMails(world);
  assert.equal((await deleteAccount(world, cookies)).status, 200);
  assert.equal((await world.request("/users", form(owner))).status, 200);
  const kinds = (await deliverMails(world)).map(({ kind }) => kind);
  assert.deepEqual(kinds.toSorted(), ["account_deleted", "confirm_email"]);
  assert.deepEqual(formatCookieHeader(readCookies(await deleteAccount(world, cookies))), "");
});

test("deleting an account deletes the failed emails to its present and former addresses", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const cookies = await logInForCookies(world);
  await world.request("/profile/email", form({ email: newEmail }, { method: "PUT", headers: { Cookie: cookies } }));
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token ?? "";
  assert.equal((await verifyEmail(world, { email: newEmail, token, password: strongPassword })).status, 200);
  const [changeNotice] = await world.db.outbox.list(10);
  assert.deepEqual([changeNotice?.kind, changeNotice?.email], ["moved", owner.email]);
  await world.db.failedMails.add({ id: changeNotice?.id ?? 0 }, { reason: "refused" });
  await world.request("/reset_password", form({ email: newEmail }));
  const [reset] = await world.db.outbox.list(10);
  await world.db.failedMails.add({ id: reset?.id ?? 0 }, { reason: "refused" });
  assert.equal(await world.auth.outbox.countFailed(), 2);
  await world.auth.admin.deleteAccount((await world.auth.admin.findAccount(newEmail))?.id ?? 0);
  assert.equal(await world.auth.outbox.countFailed(), 0);
});
