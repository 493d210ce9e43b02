import assert from "node:assert/strict";
import { describe } from "node:test";
import { test } from "../support/engines.ts";
import {
  assertRejected,
  bob,
  isSessionOpen,
  logIn,
  multipart,
  readStatusAndBody,
  register,
  withCookie,
  withJson,
} from "../support/steps.ts";
import { createWorld, day, form, hour, minute } from "../support/world.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const wrong = '401 {"message":"wrong email or password"}\n';
const eve = { email: "eve@example.com", password: "other" };

describe("a login", () => {
  test("returns 200 and sets the cookie", async () => {
    await using world = await createWorld();
    await register(world);
    const response = await world.request("/sessions", form({ ...bob, email: " BOB@example.com" }));
    assert.equal(response.headers.get("Content-Type"), "application/json");
    assert.equal(await readStatusAndBody(response), '200 {"email":"bob@example.com","message":"logged in"}\n');
    const [value = "", ...attributes] = response.headers.getSetCookie().join().split("; ");
    assert.match(value.replace(/^session_id=/, ""), uuid);
    assert.deepEqual(attributes, ["Path=/", "HttpOnly", "SameSite=Lax", `Max-Age=${30 * 24 * 3600}`]);
  });

  test("with a wrong password, an unknown address or a missing field, returns the same 401 and no cookie", async () => {
    await using world = await createWorld();
    await register(world);
    const attempts: Record<string, string>[] = [
      { ...bob, password: "wrong" },
      { ...bob, password: `${bob.password} ` },
      { ...bob, email: "nobody@example.com" },
      { ...bob, email: "no address" },
      { email: bob.email },
      { password: bob.password },
      { email: "", password: "" },
      {},
    ];
    for (const fields of attempts) {
      for (const init of [form(fields), withJson(fields), multipart(Object.entries(fields))]) {
        const response = await world.request("/sessions", init);
        assert.equal(response.headers.get("Set-Cookie"), null);
        assert.equal(await readStatusAndBody(response), wrong);
      }
    }
    for (const password of [null, 0, true]) {
      assert.equal(await readStatusAndBody(world.request("/sessions", withJson({ ...bob, password }))), wrong);
    }
    assert.equal(await readStatusAndBody(world.request("/sessions", { method: "POST" })), wrong);
  });

  test("creates a second session and keeps the first: a user can have several devices", async () => {
    await using world = await createWorld();
    await register(world);
    const [first, second] = [await logIn(world), await logIn(world)];
    assert.notEqual(first, second);
    assert.ok((await isSessionOpen(world, first)) && (await isSessionOpen(world, second)));
  });

  // id: old-password-opens
  test("accepts a password that has not been changed for years", async () => {
    await using world = await createWorld();
    await register(world);
    world.clock.advance(3650 * day);
    await world.auth.admin.sweep();
    assert.ok(await isSessionOpen(world, await logIn(world)));
  });

  test("ends the user's previous session with SESSION_LIMIT=1, and none of other users", async () => {
    await using world = await createWorld({ SESSION_LIMIT: "1" });
    await register(world);
    await register(world, eve);
    const [hers, first] = [await logIn(world, eve), await logIn(world)];
    const second = await logIn(world);
    assert.deepEqual([await isSessionOpen(world, first), await isSessionOpen(world, second)], [false, true]);
    assert.ok(await isSessionOpen(world, hers));
  });

  // id: replaces-presented-session
  test("replaces the session that it presents, even if it is another user's", async () => {
    await using world = await createWorld();
    await register(world);
    await register(world, eve);
    const [phone, laptop] = [await logIn(world), await logIn(world)];
    const again = await logIn(world, bob, { Cookie: `session_id=${laptop}` });
    assert.deepEqual([await isSessionOpen(world, phone), await isSessionOpen(world, laptop)], [true, false]);
    const hers = await logIn(world, eve, { Cookie: `session_id=${again}` });
    assert.deepEqual([await isSessionOpen(world, again), await isSessionOpen(world, hers)], [false, true]);
  });

  test("that fails does not end the session that it presents", async () => {
    await using world = await createWorld();
    await register(world);
    const sessionId = await logIn(world);
    const headers = { Cookie: `session_id=${sessionId}` };
    assert.equal(
      await readStatusAndBody(world.request("/sessions", form({ ...bob, password: "wrong" }, { headers }))),
      wrong,
    );
    assert.ok(await isSessionOpen(world, sessionId));
  });

  test("never accepts a session id that the caller chose", async () => {
    await using world = await createWorld();
    await register(world);
    const chosen = "11111111-1111-4111-8111-111111111111";
    assert.notEqual(await logIn(world, bob, { Cookie: `session_id=${chosen}` }), chosen);
    assert.ok(!(await isSessionOpen(world, chosen)));
  });
});

describe("the cookie", () => {
  test("is Secure when PUBLIC_URL is https, in a login and in a logout", async () => {
    await using world = await createWorld({ PUBLIC_URL: "https://auth.example.com" });
    await register(world);
    const login = await world.request("/sessions", form(bob));
    const [presented = ""] = (login.headers.get("Set-Cookie") ?? "").split(";");
    const logout = await world.request("/sessions", withCookie(presented, { method: "DELETE" }));
    for (const { headers } of [login, logout]) assert.match(headers.get("Set-Cookie") ?? "", /; Secure(;|$)/);
  });

  test("names the cookie as COOKIE_NAME says", async () => {
    await using world = await createWorld({ COOKIE_NAME: "sid" });
    await register(world);
    const response = await world.request("/sessions", form(bob));
    const sessionId = /^sid=([^;]+);/.exec(response.headers.get("Set-Cookie") ?? "")?.[1];
    assert.ok(sessionId);
    assert.ok(!(await isSessionOpen(world, sessionId)));
    assert.equal((await world.request("/profile", withCookie(`sid=${sessionId}`))).status, 200);
    const logout = await world.request("/sessions", withCookie(`sid=${sessionId}`, { method: "DELETE" }));
    assert.match(logout.headers.get("Set-Cookie") ?? "", /^sid=;/);
  });

  // id: random-id
  test("holds 256 random bits with TOKEN_FORMAT=random", async () => {
    await using world = await createWorld({ TOKEN_FORMAT: "random" });
    await register(world);
    const sessionId = await logIn(world);
    assert.match(sessionId, /^[\w-]{43}$/);
    assert.ok(await isSessionOpen(world, sessionId));
  });

  test("lasts as long as the session: SESSION_IDLE without use, SESSION_LIFETIME with use", async () => {
    await using world = await createWorld({ SESSION_IDLE: "10m", SESSION_LIFETIME: "1h" });
    await register(world);
    const response = await world.request("/sessions", form(bob));
    assert.match(response.headers.get("Set-Cookie") ?? "", /; Max-Age=3600$/);
    const unused = await logIn(world);
    world.clock.advance(10 * minute);
    assert.ok(!(await isSessionOpen(world, unused)));
    const used = await logIn(world);
    world.clock.advance(hour);
    assert.ok(!(await isSessionOpen(world, used)));
  });
});

describe("a logout", () => {
  // id: clears-cookie
  test("returns exactly 302 with the relative Location, and clears the cookie", async () => {
    await using world = await createWorld();
    await register(world);
    const response = await world.request(
      "/sessions",
      withCookie(`session_id=${await logIn(world)}`, { method: "DELETE" }),
    );
    assert.equal(await readStatusAndBody(response), "302 ");
    assert.equal(response.headers.get("Location"), "/");
    assert.deepEqual(response.headers.getSetCookie(), ["session_id=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"]);
  });

  test("ends only the presented session: the user's other devices and other users stay logged in", async () => {
    await using world = await createWorld();
    await register(world);
    await register(world, eve);
    const [phone, laptop, hers] = [await logIn(world), await logIn(world), await logIn(world, eve)];
    await world.request("/sessions", withCookie(`session_id=${laptop}`, { method: "DELETE" }));
    assert.deepEqual([await isSessionOpen(world, phone), await isSessionOpen(world, laptop)], [true, false]);
    assert.ok(await isSessionOpen(world, hers));
  });

  // id: no-session-refused
  test("without a live session returns 403 and no cookie", async () => {
    await using world = await createWorld();
    await register(world);
    const ended = await logIn(world);
    const logout = (header: string) => world.request("/sessions", withCookie(header, { method: "DELETE" }));
    assert.equal((await logout(`session_id=${ended}`)).status, 302);
    for (const header of [
      "",
      "session_id=",
      "session_id=x",
      `session_id=${crypto.randomUUID()}`,
      `session_id=${ended}`,
    ]) {
      const response = await logout(header);
      assert.equal(response.headers.get("Set-Cookie"), null);
      assert.equal(await readStatusAndBody(response), '403 {"message":"not logged in"}\n');
    }
    await assertRejected(world.request("/sessions", { method: "DELETE" }), 403);
  });
});
