import assert from "node:assert/strict";
import { test as testOnce } from "node:test";
import { createApp } from "../../src/app.ts";
import { Auth } from "../../src/auth/auth.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { createSqliteStore } from "../support/sqlite-store.ts";
import { bob, logIn, register } from "../support/steps.ts";
import { createVisitor, readField } from "../support/visitor.ts";
import { createWorld } from "../support/world.ts";

test("a browser gets every error as a page, with the same status and headers as other clients", async () => {
  await using world = await createWorld();
  await register(world);
  const visitor = createVisitor(world);
  const closed = await createWorld();
  await register(closed);
  const stranded = createVisitor(closed);
  stranded.cookies.set("session_id", await logIn(closed));
  await closed[Symbol.asyncDispose]();
  const breaking = () => {
    throw new Error("unforeseen");
  };
  const auth = new Auth(world.db, { settings: world.settings, log: { ...silent, info: breaking } });
  const broken = createApp(auth);
  const failing = createVisitor({
    request: async (path, init) => broken.fetch(new Request(`http://localhost:5000${path}`, init)),
  });
  const login = await failing.open("/login");
  for (const [page, status, title, message] of [
    [await visitor.open("/nope"), 404, /Page not found/, /Check the address/],
    [await visitor.post("/nope", {}), 404, /Page not found/, /Check the address/],
    [await visitor.open("/users"), 405, /Your request could not be completed/, /does not support that action/],
    [await visitor.post("/account", {}), 405, /Your request could not be completed/, /does not support that action/],
    [await visitor.open("/profile"), 403, /Your request could not be completed/, /not logged in/],
    [
      await visitor.post("/login", { email: "x".repeat(20_000) }),
      413,
      /Your request could not be completed/,
      /text is too long/,
    ],
    [
      await stranded.open("/account"),
      503,
      /Temporarily unavailable/,
      /service is temporarily unavailable.*in 1 second/,
    ],
    [await stranded.open("/"), 503, /Temporarily unavailable/, /service is temporarily unavailable/],
    [await failing.submit(login, { ...bob, password: "wrong" }), 500, /Something went wrong/, /problem is on our side/],
  ] as const) {
    assert.equal(page.status, status, page.html);
    assert.match(page.title, title);
    assert.match(page.title, /^Error: /);
    assert.match(page.banner, message);
    assert.match(page.html, /<a class="button" href="\//);
    assert.equal(page.headers.get("Cache-Control"), "no-store");
    assert.equal(page.headers.get("Retry-After"), status === 503 ? "1" : null);
    assert.equal(page.headers.has("X-Request-Id"), status >= 500);
    assert.deepEqual(page.headers.getSetCookie(), []);
  }
  assert.equal((await visitor.open("/users")).headers.get("Allow"), "POST");
  assert.equal((await visitor.post("/account", {})).headers.get("Allow"), "GET, HEAD");
  assert.match((await visitor.open("/nope?lang=fr")).title, /^Erreur\s: Page introuvable/);
  for (const path of ["//evil.example/a", "/\\evil.example", "/%2f%2fevil.example", "/<script>alert(1)</script>"]) {
    const { html } = await visitor.open(path);
    assert.doesNotMatch(html, /(href|src)="(\/\/|\/\\|https?:)|<script>/, path);
  }
});

// id: error-page-hides-url
test("the browser never sends the URL of an error page in Referer, because it can contain a token", async () => {
  await using world = await createWorld();
  const visitor = createVisitor(world);
  const closed = await createWorld();
  await closed[Symbol.asyncDispose]();
  for (const [page, status] of [
    [await createVisitor(closed).open("/reset?token=secret"), 503],
    [await visitor.post("/reset?token=secret", { new_password: "x".repeat(20_000) }), 413],
    [await visitor.open("/rest?token=secret"), 404],
  ] as const) {
    assert.equal(page.status, status);
    assert.equal(page.headers.get("Referrer-Policy"), "no-referrer", String(status));
  }
  const login = await visitor.open("/login");
  for (const page of [login, await visitor.submit(login, { ...bob, password: "wrong" })])
    assert.equal(page.headers.get("Referrer-Policy"), "same-origin");
});

testOnce("if the database cannot be written to, the form shows an error and keeps the typed address", async () => {
  await using store = await createSqliteStore();
  const settings = readSettings({ BCRYPT_COST: "4" });
  const auth = new Auth(store.db, { settings });
  const app = createApp(auth);
  const visitor = createVisitor({
    request: async (path, init) => app.fetch(new Request(`http://localhost:5000${path}`, init)),
  });
  const page = await visitor.open("/register");
  const fields = { email: bob.email, new_password: bob.password };
  {
    using other = store.openRaw();
    other.exec("begin immediate");
    const refused = await visitor.submit(page, fields);
    assert.deepEqual([refused.status, refused.headers.get("Retry-After")], [503, "1"]);
    assert.equal(refused.banner, "The service is temporarily unavailable. Try again in 1 second.");
    assert.equal(readField(refused, "email"), bob.email);
    assert.ok(!refused.html.includes(bob.password));
  }
  assert.equal((await visitor.submit(page, fields)).status, 303);
  await auth.close();
});
