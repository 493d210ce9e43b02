import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import { createVisitor, logIn, sent, type Visitor } from "../support/visitor.ts";
import { day, minute, type World } from "../support/world.ts";

const next = "new@example.com";
const chosen = "another-Good-password-7";

/** A browser in which the account has just moved, and the link of the mail to its old address. */
async function moved(world: World): Promise<{ who: Visitor; link: string }> {
  await registerAndConfirm(world);
  const who = createVisitor(world);
  await logIn(who, owner);
  await who.fill(await who.open("/account/email"), { email: next, password: strongPassword });
  const token = (await deliverMails(world)).find(({ kind }) => kind === "confirm_new_email")?.token;
  sent(await who.fill(await who.open(`/verify?token=${token}`), { password: strongPassword }), "/account");
  assert.match((await who.open("/account")).banner, /email address has been changed/);
  const undo = (await deliverMails(world)).find(({ kind }) => kind === "email_changed")?.token;
  return { who, link: `/undo-email-change?token=${undo}` };
}

// id: nothing-until-pressed
test("the page does nothing until its button is pressed; then a mail leads to a new password", async () => {
  await using world = await createProductionWorld();
  const { who: thief, link } = await moved(world);
  const who = createVisitor(world);
  for (let i = 0; i < 3; i++) assert.equal((await who.open(link)).status, 200);
  assert.equal((await thief.open("/account")).status, 200);
  const page = await who.open(link);
  assert.match(page.title, /^Undo the change of your email address/);
  assert.match(page.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.ok(!page.html.includes(next), "the new address is not shown");
  assert.equal(page.headers.get("Referrer-Policy"), "no-referrer");
  sent(await who.fill(page, {}), "/mailbox");
  const box = await who.open("/mailbox");
  assert.match(box.html, /uses this address again[^<]*works once and expires in 1 hour/);
  assert.match(box.html, /<bdi>bob@example\.com<\/bdi>/);
  sent(await thief.open("/account"), "/login?return_to=%2Faccount");
  const reset = (await deliverMails(world)).find(({ kind }) => kind === "reset_password")?.token;
  sent(await who.fill(await who.open(`/reset?token=${reset}`), { new_password: chosen }), "/login");
  await logIn(who, { ...owner, password: chosen });
});

test("two tabs, two clicks and a lost answer undo it once; every other browser finds a dead link", async () => {
  await using world = await createProductionWorld();
  const { link } = await moved(world);
  const [who, other] = [createVisitor(world), createVisitor(world)];
  const [one, two] = [await who.open(link), await who.open(link)];
  const elsewhere = await other.open(link);
  for (const answer of await Promise.all([who.fill(one, {}), who.fill(two, {}), who.fill(one, {})])) {
    sent(answer, "/mailbox");
  }
  assert.equal((await deliverMails(world)).length, 2);
  sent(await who.open(link), "/mailbox");
  for (const dead of [await other.fill(elsewhere, {}), await other.open(link), await who.open(`${link}x`)]) {
    assert.equal(dead.status, 403);
    assert.equal(dead.headers.get("Error-Code"), "bad_undo_token");
    assert.match(dead.title, /^Error: This link no longer works/);
    assert.match(dead.html, /<a class="button" href="\/forgot">/);
  }
  world.clock.advance(minute);
  assert.equal((await who.open(link)).status, 403);
});

test("a form of another browser or another site undoes nothing", async () => {
  await using world = await createProductionWorld();
  const { who: thief, link } = await moved(world);
  const who = createVisitor(world);
  const token = link.split("=")[1] ?? "";
  await who.open(link);
  const stale = await who.send("/undo-email-change", { token, form_token: "x".repeat(43) });
  assert.deepEqual([stale.status, stale.headers.get("Error-Code")], [403, "form_stale"]);
  const form_token = who.cookies.get("__Host-form") ?? "";
  const cross = await who.send("/undo-email-change", { token, form_token }, { "Sec-Fetch-Site": "cross-site" });
  assert.equal(cross.status, 403);
  assert.equal((await thief.open("/account")).status, 200);
});

test("it names another account that is logged in there, which stays, and says nothing to the account's own browser", async () => {
  await using world = await createProductionWorld();
  const { who: thief, link } = await moved(world);
  const other = { email: "eve@example.com", password: chosen };
  await registerAndConfirm(world, other);
  const who = createVisitor(world);
  await logIn(who, other);
  assert.doesNotMatch((await thief.open(link)).html, /logged in as/);
  const page = await who.open(link);
  assert.match(
    page.html,
    /You are logged in as eve@example\.com, but this link is for a different account, shown below\. You stay/,
  );
  sent(await who.fill(page, {}), "/mailbox");
  assert.equal((await who.open("/account")).status, 200);
});

test("where the address has another account by now, the page says what to do, and works after that", async () => {
  await using world = await createProductionWorld();
  const { link } = await moved(world);
  await registerAndConfirm(world, { ...owner, password: chosen });
  const who = createVisitor(world, { "Accept-Language": "fr" });
  const page = await who.open(link);
  assert.match(page.title, /^Annuler le changement d’adresse/);
  const refused = await who.fill(page, {});
  assert.equal(refused.headers.get("Error-Code"), "email_taken");
  assert.match(refused.banner, /^Un autre compte utilise maintenant cette adresse/);
  await world.auth.admin.deleteAccount((await world.auth.admin.find(owner.email))?.id ?? 0);
  sent(await who.fill(refused, {}), "/mailbox");
});

test("a link that is old, made up or missing says so", async () => {
  await using world = await createProductionWorld();
  const { link } = await moved(world);
  world.clock.advance(7 * day);
  const who = createVisitor(world);
  for (const path of [
    link,
    "/undo-email-change",
    "/undo-email-change?token=",
    `/undo-email-change?token=${"x".repeat(999)}`,
  ]) {
    const page = await who.open(path);
    assert.match(page.title, /^Error: This link no longer works/);
    assert.doesNotMatch(page.html, /<form/);
  }
});
