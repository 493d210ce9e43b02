import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { createProductionWorld, deliverMails, owner, registerAndVerify } from "../support/production.ts";
import { bob, canLogIn, register } from "../support/steps.ts";
import { assertRedirect, createVisitor, readField } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

const registration = { email: bob.email, new_password: bob.password };

test("registering creates an account without logging in, and the login form contains the address", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  const done = await visitor.submit(await visitor.open("/register?return_to=/app"), {
    ...registration,
    email: " BOB@example.com",
  });
  assertRedirect(done, "/login?return_to=%2Fapp");
  assert.ok(!visitor.cookies.has("session_id"));
  assert.ok(await canLogIn(world, bob));
  const page = await visitor.open("/login?return_to=/app");
  assert.match(page.banner, /^Your account has been created/);
  assert.match(page.html, /role="status"/);
  assert.equal(readField(page, "email"), "BOB@example.com");
  // The notice is shown once.
  assert.equal((await visitor.open("/login")).banner, "");
  assertRedirect(await visitor.submit(page, bob), "/app");
});

test("with CONCEAL_ACCOUNTS, a known and an unknown address get the same response and an email", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const seen = [];
  for (const email of [owner.email, "eve@example.com"]) {
    const visitor = createVisitor(world);
    const done = await visitor.submit(await visitor.open("/register"), { email, new_password: owner.password });
    assertRedirect(done, "/mailbox");
    assert.ok(!visitor.cookies.has("__Host-session_id"));
    assert.equal((await deliverMails(world))[0]?.to, email);
    const page = await visitor.open("/mailbox");
    assert.equal(page.title, "Check your email · Bienvenue");
    const form = visitor.cookies.get("__Host-form") ?? "";
    seen.push([done.headers.getSetCookie().length, page.html.replaceAll(email, "E").replaceAll(form, "F")]);
  }
  assert.deepEqual(seen[0], seen[1]);
});

test("an error is linked to its field and says what to do, in the visitor's language", async () => {
  await using world = await createWorld({
    PASSWORD_MIN_LENGTH: "8",
    PASSWORD_BLOCKLIST: "on",
    EMAIL_FORMAT: "address",
  });
  await register(world);
  const visitor = createVisitor(world, { "Accept-Language": "fr" });
  const page = await visitor.open("/register");
  assert.match(page.html, /<p class="soft small" id="new_password-hint">Au moins 8 caractères\./);
  for (const [fields, field, message, status] of [
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
    const refused = await visitor.submit(page, fields);
    assert.equal(refused.status, status);
    assert.match(refused.banner, message);
    assert.match(refused.title, /^Erreur\s: Créer un compte/);
    assert.match(
      refused.html,
      new RegExp(`id="${field}"[^>]* aria-describedby="[^"]*${field}-error" aria-invalid="true"`),
    );
    assert.equal(readField(refused, "email"), fields.email);
    assert.equal(readField(refused, "new_password"), undefined);
  }
});

test("an address with an account gets links to the login and the password reset", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  const refused = await visitor.submit(await visitor.open("/register?return_to=/app"), {
    ...registration,
    new_password: "another",
  });
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

test("emails are in the language of the page that requested them", async () => {
  await using world = await createProductionWorld();
  const visitor = createVisitor(world);
  await visitor.submit(await visitor.open("/register?lang=fr"), { email: owner.email, new_password: owner.password });
  assert.equal((await deliverMails(world))[0]?.language, "fr");
});
