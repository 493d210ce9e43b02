import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, isSessionOpen, logIn, readStatusAndBody, register, withCookie } from "../support/steps.ts";
import { createWorld } from "../support/world.ts";

const known = '200 {"email":"bob@example.com"}\n';
const unknown = '403 {"message":"not logged in"}\n';

// id: whose-session
test("GET /profile returns the email address of the session's user", async () => {
  await using world = await createWorld();
  await register(world);
  const response = await world.request("/profile", withCookie(`session_id=${await logIn(world)}`));
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(await readStatusAndBody(response), known);
});

// id: no-session-refused
test("it returns 403 without a cookie, with an empty one, and with any value that is not a session", async () => {
  await using world = await createWorld();
  await register(world);
  await logIn(world);
  assert.equal(await readStatusAndBody(world.request("/profile")), unknown);
  const values = [
    "",
    '""',
    "x",
    "null",
    "undefined",
    "0",
    crypto.randomUUID(),
    '"wrong cookie"',
    "a".repeat(10_000),
    "%00",
  ];
  for (const value of values) {
    assert.equal(await readStatusAndBody(world.request("/profile", withCookie(`session_id=${value}`))), unknown, value);
  }
  assert.equal(await readStatusAndBody(world.request("/profile", withCookie("a=b; ".repeat(10_000)))), unknown);
});

test("a valid value in quotes works", async () => {
  await using world = await createWorld();
  await register(world);
  assert.equal(
    await readStatusAndBody(world.request("/profile", withCookie(`session_id="${await logIn(world)}"`))),
    known,
  );
});

test("the live one of two session cookies is used, in either order", async () => {
  await using world = await createWorld();
  await register(world);
  const good = `session_id=${await logIn(world)}`;
  assert.equal(await readStatusAndBody(world.request("/profile", withCookie(`${good}; session_id=x`))), known);
  assert.equal(
    await readStatusAndBody(world.request("/profile", withCookie(`theme=dark; ${good}; session_id=`))),
    known,
  );
  assert.equal(await readStatusAndBody(world.request("/profile", withCookie(`session_id=x; ${good}`))), known);
  assert.equal(await readStatusAndBody(world.request("/profile", withCookie(`session_id=; ${good}`))), known);
});

test("a cookie with a similar name is ignored", async () => {
  await using world = await createWorld();
  await register(world);
  const sessionId = await logIn(world);
  for (const name of ["Session_id", "session_id2", "xsession_id", "session", "__Host-session_id", '"session_id"']) {
    assert.equal(await readStatusAndBody(world.request("/profile", withCookie(`${name}=${sessionId}`))), unknown, name);
  }
});

test("the stored digest, the email and the user id are not accepted as a session", async () => {
  await using world = await createWorld();
  await register(world);
  const sessionId = await logIn(world);
  const { id, hashedPassword } = await world.db.findUserBy({ email: bob.email });
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(sessionId))).toString("base64url");
  for (const value of [
    digest,
    bob.email,
    String(id),
    hashedPassword,
    sessionId.toUpperCase(),
    sessionId.slice(0, -1),
  ]) {
    assert.equal(await isSessionOpen(world, value), false, value);
  }
  assert.ok(await isSessionOpen(world, sessionId));
});
