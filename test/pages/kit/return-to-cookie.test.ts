import assert from "node:assert/strict";
import { compose } from "../../../src/mail/messages.ts";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../../support/production.ts";
import { bob, register } from "../../support/steps.ts";
import { createVisitor, logIn, sent, type Visitor } from "../../support/visitor.ts";
import { createWorld, type World } from "../../support/world.ts";

const app = "https://app.example.com/a?b=%22c%22";
const from = `return_to=${encodeURIComponent(app)}`;
const name = "__Host-onward";

function createService(): Promise<World> {
  return createProductionWorld({ RETURN_ORIGINS: "https://app.example.com" });
}

/** The link of the only mail that waits, which says nothing of where its reader goes afterwards. */
async function mailedLink(world: World, page: "/verify" | "/reset"): Promise<string> {
  const mails = await deliverMails(world);
  assert.equal(mails.length, 1);
  const [mail] = mails;
  assert.ok(mail?.token);
  assert.doesNotMatch(JSON.stringify(compose(mail, world.settings)), /return_to|app\.example/);
  return `${page}?token=${mail.token}`;
}

async function joinFrom(who: Visitor, query: string): Promise<void> {
  sent(
    await who.fill(await who.open(`/register?${query}`), { email: owner.email, new_password: strongPassword }),
    "/mailbox",
  );
}

test("who registers on the way from an application is back there once the address is confirmed", async () => {
  await using world = await createService();
  const who = createVisitor(world);
  const page = await who.open(`/register?${from}`);
  const done = await who.fill(page, { email: owner.email, new_password: strongPassword });
  sent(done, "/mailbox");
  assert.match(
    done.headers.getSetCookie().find((each) => each.startsWith(name)) ?? "",
    /^__Host-onward=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=86400$/,
  );
  await deliverMails(world);
  sent(await who.fill(await who.open("/mailbox"), {}, "/verify"), "/mailbox");
  const link = await mailedLink(world, "/verify");
  sent(await who.fill(await who.open(link), { password: strongPassword }), app);
  assert.ok(!who.cookies.has(name));
  // Another day is another way.
  who.cookies.delete("__Host-session_id");
  sent(await who.fill(await who.open("/login"), owner, "/login"), "/account");
});

test("who has forgotten the password on the way is back there after logging in with the new one", async () => {
  await using world = await createService();
  await registerAndConfirm(world);
  const who = createVisitor(world);
  const asked = await who.fill(await who.open(`/forgot?${from}`), { email: owner.email });
  sent(asked, "/mailbox");
  assert.match(asked.headers.getSetCookie().join("\n"), /^__Host-onward=.*; Max-Age=3600$/m);
  await deliverMails(world);
  sent(await who.fill(await who.open("/mailbox"), {}, "/forgot"), "/mailbox");
  const link = await mailedLink(world, "/reset");
  const saved = await who.fill(await who.open(link), { new_password: `${strongPassword}-2` });
  sent(saved, `/login?${from}`);
  sent(await who.fill(await who.open("/login"), { ...owner, password: `${strongPassword}-2` }), app);
  assert.ok(!who.cookies.has(name));
  const [, again = ""] = /href="(\/forgot[^"]*)"/.exec((await who.open(`/reset?token=x&${from}`)).html) ?? [];
  assert.equal(again, `/forgot?${from}`);
});

test("having the link sent again where the login was refused goes the same way", async () => {
  await using world = await createService();
  await joinFrom(createVisitor(world), "");
  await deliverMails(world);
  const who = createVisitor(world);
  const refused = await who.fill(await who.open(`/login?${from}`), owner, "/login");
  sent(await who.fill(refused, {}, "/verify"), "/mailbox");
  sent(await who.fill(await who.open(await mailedLink(world, "/verify")), { password: strongPassword }), app);
});

test("what a browser keeps is checked again, read on the way alone, and replaced by what is asked for next", async () => {
  await using world = await createService();
  await registerAndConfirm(world);
  const keep = (who: Visitor, wanted: string) => who.cookies.set(name, Buffer.from(wanted).toString("base64url"));
  for (const wanted of ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "\0"]) {
    const who = createVisitor(world);
    keep(who, wanted);
    sent(await who.fill(await who.open("/login"), owner), "/account");
    assert.ok(!who.cookies.has(name), wanted);
  }
  const who = createVisitor(world);
  keep(who, "/app");
  assert.doesNotMatch((await who.open("/register")).html, /return_to/);
  sent(await who.fill(await who.open("/login?return_to=/other"), owner), "/other");
  keep(who, "/app");
  sent(await who.open("/login"), "/app");
  assert.ok(!who.cookies.has(name));
  keep(who, "/app");
  who.cookies.delete("__Host-session_id");
  await joinFrom(who, "");
  assert.ok(!who.cookies.has(name));
});

test("the language that was chosen stays over a login, and so does where an account's pages were opened from", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  sent(await who.fill(await who.open("/login?lang=fr"), bob), "/account?lang=fr");
  sent(await who.open("/login?lang=fr"), "/account?lang=fr");
  for (const path of ["/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const page = await who.open(`${path}?return_to=/app`);
    assert.match(page.html, /<a class="link" href="\/app">Cancel<\/a>/, path);
    const refused = await who.fill(page, { password: "wrong", new_password: "x", email: "a@example.com" });
    assert.match(refused.html, /<a class="link" href="\/app">Cancel<\/a>/, path);
  }
  assert.match((await who.open("/logout?return_to=/app")).html, /href="\/app">Stay logged in/);
  assert.match((await who.open("/logout?lang=fr")).html, /href="\/account\?lang=fr"/);
});

test("a session that ended while a form was open forgets nothing of the way", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  await logIn(who, bob);
  const page = await who.open("/account/password?return_to=/app");
  who.cookies.delete("session_id");
  const asked = await who.fill(page, { password: bob.password, new_password: "t4rt1fl3tt3" });
  const back = "/account/password?return_to=%2Fapp";
  sent(asked, `/login?return_to=${encodeURIComponent(back)}`);
  sent(await who.fill(await who.open(asked.location ?? ""), bob), back);
});
