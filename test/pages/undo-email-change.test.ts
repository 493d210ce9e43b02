import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { assertRedirect, createVisitor, logInByPage, type Visitor } from "../support/visitor.ts";
import { day, minute, type World } from "../support/world.ts";

const next = "new@example.com";
const newPassword = "another-Good-password-7";

/** Changes the address of an account; returns its visitor and the link in the email to the previous address. */
async function changeAddress(world: World): Promise<{ visitor: Visitor; link: string }> {
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, owner);
  await visitor.submit(await visitor.open("/account/email"), { email: next, password: strongPassword });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  assertRedirect(
    await visitor.submit(await visitor.open(`/verify?token=${token}`), { password: strongPassword }),
    "/account",
  );
  assert.match((await visitor.open("/account")).banner, /email address has been changed/);
  const undo = (await deliverMails(world)).find(({ kind }) => kind === "email_changed")?.token;
  return { visitor, link: `/undo-email-change?token=${undo}` };
}

// id: nothing-until-pressed
test("the page changes nothing until its button is pressed; then the emailed link sets a new password", async () => {
  await using world = await createProductionWorld();
  const { visitor: attacker, link } = await changeAddress(world);
  const visitor = createVisitor(world);
  for (let i = 0; i < 3; i++) assert.equal((await visitor.open(link)).status, 200);
  assert.equal((await attacker.open("/account")).status, 200);
  const page = await visitor.open(link);
  assert.match(page.title, /^Undo your email address change/);
  assert.match(page.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.ok(!page.html.includes(next), "the new address is not shown");
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  assertRedirect(await visitor.submit(page, {}), "/mailbox");
  const box = await visitor.open("/mailbox");
  assert.match(box.html, /uses this address again[^<]*works once and expires in 1 hour/);
  assert.match(box.html, /<bdi>bob@example\.com<\/bdi>/);
  assertRedirect(await attacker.open("/account"), "/login?return_to=%2Faccount");
  const reset = (await deliverMails(world)).find(({ kind }) => kind === "reset_password")?.token;
  assertRedirect(
    await visitor.submit(await visitor.open(`/reset?token=${reset}`), { new_password: newPassword }),
    "/login",
  );
  await logInByPage(visitor, { ...owner, password: newPassword });
});

test("two tabs, a double click and a lost response undo the change once; in other browsers the link is invalid", async () => {
  await using world = await createProductionWorld();
  const { link } = await changeAddress(world);
  const [visitor, other] = [createVisitor(world), createVisitor(world)];
  const [one, two] = [await visitor.open(link), await visitor.open(link)];
  const elsewhere = await other.open(link);
  for (const response of await Promise.all([
    visitor.submit(one, {}),
    visitor.submit(two, {}),
    visitor.submit(one, {}),
  ])) {
    assertRedirect(response, "/mailbox");
  }
  assert.equal((await deliverMails(world)).length, 2);
  assertRedirect(await visitor.open(link), "/mailbox");
  for (const dead of [await other.submit(elsewhere, {}), await other.open(link), await visitor.open(`${link}x`)]) {
    assert.equal(dead.status, 403);
    assert.equal(dead.headers.get("Error-Code"), "bad_undo_token");
    assert.match(dead.title, /^Error: This link no longer works/);
    assert.match(dead.html, /<a class="button" href="\/forgot">/);
  }
  world.clock.advance(minute);
  assert.equal((await visitor.open(link)).status, 403);
});

test("a form of another browser or another site has no effect", async () => {
  await using world = await createProductionWorld();
  const { visitor: attacker, link } = await changeAddress(world);
  const visitor = createVisitor(world);
  const token = link.split("=")[1] ?? "";
  await visitor.open(link);
  const stale = await visitor.post("/undo-email-change", { token, form_token: "x".repeat(43) });
  assert.deepEqual([stale.status, stale.headers.get("Error-Code")], [403, "form_stale"]);
  const form_token = visitor.cookies.get("__Host-form") ?? "";
  const cross = await visitor.post("/undo-email-change", { token, form_token }, { "Sec-Fetch-Site": "cross-site" });
  assert.equal(cross.status, 403);
  assert.equal((await attacker.open("/account")).status, 200);
});

test("a missing token and wrong tokens get an error, and do not block a valid link", async () => {
  await using world = await createProductionWorld({ LIMIT_REDEMPTION_NETWORK: "1/15m" });
  const { link } = await changeAddress(world);
  const visitor = createVisitor(world);
  const page = await visitor.open(link);
  for (const [token, status, code] of [
    ["", 400, "field_missing"],
    ["x", 403, "bad_undo_token"],
    ["x", 429, "too_many_tries"],
  ] as const) {
    const refused = await visitor.submit(page, { token });
    assert.deepEqual([refused.status, refused.headers.get("Error-Code")], [status, code]);
  }
  assertRedirect(await visitor.submit(page, {}), "/mailbox");
});

test("the page names another account that is logged in and keeps its session; the account's own browser sees no such message", async () => {
  await using world = await createProductionWorld();
  const { visitor: attacker, link } = await changeAddress(world);
  const other = { email: "eve@example.com", password: newPassword };
  await registerAndVerify(world, other);
  const visitor = createVisitor(world);
  await logInByPage(visitor, other);
  assert.doesNotMatch((await attacker.open(link)).html, /logged in as/);
  const page = await visitor.open(link);
  assert.match(
    page.html,
    /You are logged in as eve@example\.com, but this link is for a different account, shown below\. You will stay/,
  );
  assertRedirect(await visitor.submit(page, {}), "/mailbox");
  assert.equal((await visitor.open("/account")).status, 200);
});

test("if another account uses the address by now, the page says what to do, and works afterwards", async () => {
  await using world = await createProductionWorld();
  const { link } = await changeAddress(world);
  await registerAndVerify(world, { ...owner, password: newPassword });
  const visitor = createVisitor(world, { "Accept-Language": "fr" });
  const page = await visitor.open(link);
  assert.match(page.title, /^Annuler le changement d’adresse/);
  const refused = await visitor.submit(page, {});
  assert.equal(refused.headers.get("Error-Code"), "email_taken");
  assert.match(refused.banner, /^Un autre compte utilise maintenant cette adresse/);
  await world.auth.admin.deleteAccount((await world.auth.admin.findAccount(owner.email))?.id ?? 0);
  assertRedirect(await visitor.submit(refused, {}), "/mailbox");
});

test("an expired, invalid or missing token shows an error", async () => {
  await using world = await createProductionWorld();
  const { link } = await changeAddress(world);
  world.clock.advance(7 * day);
  const visitor = createVisitor(world);
  for (const path of [
    link,
    "/undo-email-change",
    "/undo-email-change?token=",
    `/undo-email-change?token=${"x".repeat(999)}`,
  ]) {
    const page = await visitor.open(path);
    assert.match(page.title, /^Error: This link no longer works/);
    assert.doesNotMatch(page.html, /<form/);
  }
});
