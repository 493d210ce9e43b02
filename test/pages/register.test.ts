import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, deliverMails, owner, registerAndConfirm } from "../support/production.ts";
import { bob, canLogIn, register } from "../support/steps.ts";
import { createVisitor, readField, sent } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

const chosen = { email: bob.email, new_password: bob.password };

test("registering makes an account and logs nobody in; the form that does knows the address", async () => {
  await using world = await createWorld();
  const who = createVisitor(world);
  const done = await who.fill(await who.open("/register?return_to=/app"), { ...chosen, email: " BOB@example.com" });
  sent(done, "/login?return_to=%2Fapp");
  assert.ok(!who.cookies.has("session_id"));
  assert.ok(await canLogIn(world, bob));
  const page = await who.open("/login?return_to=/app");
  assert.match(page.banner, /^Your account has been created/);
  assert.match(page.html, /role="status"/);
  assert.equal(readField(page, "email"), "BOB@example.com");
  // It is told once, and what it was told by is gone.
  assert.equal((await who.open("/login")).banner, "");
  sent(await who.fill(page, bob), "/app");
});

test("where accounts are concealed, a known and an unknown address are answered alike, with a mail", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const seen = [];
  for (const email of [owner.email, "eve@example.com"]) {
    const who = createVisitor(world);
    const done = await who.fill(await who.open("/register"), { email, new_password: owner.password });
    sent(done, "/mailbox");
    assert.ok(!who.cookies.has("__Host-session_id"));
    assert.equal((await deliverMails(world))[0]?.to, email);
    const page = await who.open("/mailbox");
    assert.equal(page.title, "Check your email · Bienvenue");
    const form = who.cookies.get("__Host-form") ?? "";
    seen.push([done.headers.getSetCookie().length, page.html.replaceAll(email, "E").replaceAll(form, "F")]);
  }
  assert.deepEqual(seen[0], seen[1]);
});

test("a refusal is tied to its field, and says what to do, in the person's language", async () => {
  await using world = await createWorld({
    PASSWORD_MIN_LENGTH: "8",
    PASSWORD_BLOCKLIST: "on",
    EMAIL_FORMAT: "address",
  });
  await register(world);
  const who = createVisitor(world, { "Accept-Language": "fr" });
  const page = await who.open("/register");
  assert.match(page.html, /<p class="soft small" id="new_password-hint">Au moins 8 caractères\./);
  for (const [fields, field, told, status] of [
    [{ email: "bob", new_password: "b4l0u-b4l0u" }, "email", /^Saisissez une adresse e-mail valide/, 400],
    [{ email: "a@b.c", new_password: "b4l0u" }, "new_password", /au moins 8 caractères/, 400],
    [{ email: "a@b.c", new_password: "Trustno1" }, "new_password", /courant/, 400],
    [{ email: "a@b.c", new_password: "bienvenue1" }, "new_password", /ressemble trop/, 400],
    [
      { email: bob.email, new_password: "b4l0u-b4l0u" },
      "email",
      /Un compte existe déjà.*Se connecter\s+Réinitialiser le mot de passe$/s,
      400,
    ],
    [{ email: "", new_password: "" }, "email", /^Saisissez votre adresse/, 400],
  ] as const) {
    const refused = await who.fill(page, fields);
    assert.equal(refused.status, status);
    assert.match(refused.banner, told);
    assert.match(refused.title, /^Erreur\s: Créer un compte/);
    assert.match(
      refused.html,
      new RegExp(`id="${field}"[^>]* aria-describedby="[^"]*${field}-error" aria-invalid="true"`),
    );
    assert.equal(readField(refused, "email"), fields.email);
    assert.equal(readField(refused, "new_password"), undefined);
  }
});

test("an address with an account is led to what there is to do, and no link says more than it does", async () => {
  await using world = await createWorld();
  await register(world);
  const who = createVisitor(world);
  const refused = await who.fill(await who.open("/register?return_to=/app"), { ...chosen, new_password: "another" });
  const [alert = ""] = /<div class="message bad"[\s\S]*?<\/div>/.exec(refused.html) ?? [];
  assert.match(alert, /<p>An account with this address already exists\. [^<]*<\/p>/);
  assert.deepEqual(
    [...alert.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g)].map(([, href, name]) => [href, name]),
    [
      ["/login?return_to=%2Fapp", "Log in"],
      ["/forgot?return_to=%2Fapp", "Reset your password"],
    ],
  );
});

test("mails are in the language of the page that asked for them", async () => {
  await using world = await createProductionWorld();
  const who = createVisitor(world);
  await who.fill(await who.open("/register?lang=fr"), { email: owner.email, new_password: owner.password });
  assert.equal((await deliverMails(world))[0]?.language, "fr");
});
