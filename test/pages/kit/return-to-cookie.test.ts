import assert from "node:assert/strict";
import { compose } from "../../../src/mail/messages.ts";
import { test } from "../../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  owner,
  registerAndVerify,
  strongPassword,
} from "../../support/production.ts";
import { bob, register } from "../../support/steps.ts";
import { assertRedirect, createVisitor, logInByPage, type Visitor } from "../../support/visitor.ts";
import { createWorld, type World } from "../../support/world.ts";

const app = "https://app.example.com/a?b=%22c%22";
const from = `return_to=${encodeURIComponent(app)}`;
const name = "__Host-onward";

function createService(): Promise<World> {
  return createProductionWorld({ RETURN_ORIGINS: "https://app.example.com" });
}

/** Returns the link of the only waiting email. It must not contain `return_to`. */
async function deliverLink(world: World, page: "/verify" | "/reset"): Promise<string> {
  const mails = await deliverMails(world);
  assert.equal(mails.length, 1);
  const [mail] = mails;
  assert.ok(mail?.token);
  assert.doesNotMatch(JSON.stringify(compose(mail, world.settings)), /return_to|app\.example/);
  return `${page}?token=${mail.token}`;
}

async function registerFrom(visitor: Visitor, query: string): Promise<void> {
  assertRedirect(
    await visitor.submit(await visitor.open(`/register?${query}`), {
      email: owner.email,
      new_password: strongPassword,
    }),
    "/mailbox",
  );
}

test("a visitor who registers from an application returns to it once the address is verified", async () => {
  await using world = await createService();
  const visitor = createVisitor(world);
  const page = await visitor.open(`/register?${from}`);
  const done = await visitor.submit(page, { email: owner.email, new_password: strongPassword });
  assertRedirect(done, "/mailbox");
  assert.match(
    done.headers.getSetCookie().find((each) => each.startsWith(name)) ?? "",
    /^__Host-onward=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=86400$/,
  );
  await deliverMails(world);
  assertRedirect(await visitor.submit(await visitor.open("/mailbox"), {}, "/verify"), "/mailbox");
  const link = await deliverLink(world, "/verify");
  const returned = await visitor.submit(await visitor.open(link), { password: strongPassword });
  assertRedirect(returned, app);
  assert.ok(
    returned.headers.getSetCookie().includes(`${name}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0`),
    "the attributes that a browser requires for __Host-",
  );
  // A later login no longer uses it.
  visitor.cookies.delete("__Host-session_id");
  assertRedirect(await visitor.submit(await visitor.open("/login"), owner, "/login"), "/account");
});

test("a visitor who resets the password returns to the application after the login", async () => {
  await using world = await createService();
  await registerAndVerify(world);
  const visitor = createVisitor(world);
  const response = await visitor.submit(await visitor.open(`/forgot?${from}`), { email: owner.email });
  assertRedirect(response, "/mailbox");
  assert.match(response.headers.getSetCookie().join("\n"), /^__Host-onward=.*; Max-Age=3600$/m);
  await deliverMails(world);
  assertRedirect(await visitor.submit(await visitor.open("/mailbox"), {}, "/forgot"), "/mailbox");
  const link = await deliverLink(world, "/reset");
  const saved = await visitor.submit(await visitor.open(link), { new_password: `${strongPassword}-2` });
  assertRedirect(saved, `/login?${from}`);
  assertRedirect(
    await visitor.submit(await visitor.open("/login"), { ...owner, password: `${strongPassword}-2` }),
    app,
  );
  assert.ok(!visitor.cookies.has(name));
  const [, again = ""] = /href="(\/forgot[^"]*)"/.exec((await visitor.open(`/reset?token=x&${from}`)).html) ?? [];
  assert.equal(again, `/forgot?${from}`);
});

test("requesting the link again after a failed login keeps return_to", async () => {
  await using world = await createService();
  await registerFrom(createVisitor(world), "");
  await deliverMails(world);
  const visitor = createVisitor(world);
  const refused = await visitor.submit(await visitor.open(`/login?${from}`), owner, "/login");
  assertRedirect(await visitor.submit(refused, {}, "/verify"), "/mailbox");
  assertRedirect(
    await visitor.submit(await visitor.open(await deliverLink(world, "/verify")), { password: strongPassword }),
    app,
  );
});

test("the stored return_to is checked again, used only after an emailed link, and replaced by a new one", async () => {
  await using world = await createService();
  await registerAndVerify(world);
  const keep = (visitor: Visitor, returnTo: string) =>
    visitor.cookies.set(name, Buffer.from(returnTo).toString("base64url"));
  for (const returnTo of ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "\0"]) {
    const visitor = createVisitor(world);
    keep(visitor, returnTo);
    assertRedirect(await visitor.submit(await visitor.open("/login"), owner), "/account");
    assert.ok(!visitor.cookies.has(name), returnTo);
  }
  const visitor = createVisitor(world);
  keep(visitor, "/app");
  assert.doesNotMatch((await visitor.open("/register")).html, /return_to/);
  assertRedirect(await visitor.submit(await visitor.open("/login?return_to=/other"), owner), "/other");
  keep(visitor, "/app");
  assertRedirect(await visitor.open("/login"), "/app");
  assert.ok(!visitor.cookies.has(name));
  keep(visitor, "/app");
  visitor.cookies.delete("__Host-session_id");
  await registerFrom(visitor, "");
  assert.ok(!visitor.cookies.has(name));
});

test("the language and the return_to of account pages survive a login", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  assertRedirect(await visitor.submit(await visitor.open("/login?lang=fr"), bob), "/account?lang=fr");
  assertRedirect(await visitor.open("/login?lang=fr"), "/account?lang=fr");
  for (const path of ["/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const page = await visitor.open(`${path}?return_to=/app`);
    assert.match(page.html, /<a class="link" href="\/app">Cancel<\/a>/, path);
    const refused = await visitor.submit(page, { password: "wrong", new_password: "x", email: "a@example.com" });
    assert.match(refused.html, /<a class="link" href="\/app">Cancel<\/a>/, path);
  }
  assert.match((await visitor.open("/logout?return_to=/app")).html, /href="\/app">Stay logged in/);
  assert.match((await visitor.open("/logout?lang=fr")).html, /href="\/account\?lang=fr"/);
});

test("a form whose session has ended keeps return_to", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  await logInByPage(visitor, bob);
  const page = await visitor.open("/account/password?return_to=/app");
  visitor.cookies.delete("session_id");
  const response = await visitor.submit(page, { password: bob.password, new_password: "t4rt1fl3tt3" });
  const back = "/account/password?return_to=%2Fapp";
  assertRedirect(response, `/login?return_to=${encodeURIComponent(back)}`);
  assertRedirect(await visitor.submit(await visitor.open(response.location ?? ""), bob), back);
});
