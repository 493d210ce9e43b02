import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  assertRejected,
  bob,
  isSessionOpen,
  logIn,
  readStatusAndBody,
  register,
  withCookie,
} from "../support/steps.ts";
import { createWorld, day, form, minute, type World } from "../support/world.ts";

const eve = { ...bob, email: "eve@example.com" };
const firefox = { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };

interface ListedSession {
  readonly id: string;
  readonly current: boolean;
  readonly [name: string]: unknown;
}

async function listSessions(world: World, sessionId: string): Promise<ListedSession[]> {
  const response = await world.request("/sessions", withCookie(`session_id=${sessionId}`));
  assert.equal(response.status, 200);
  const body = (await response.json()) as { sessions: ListedSession[] };
  assert.deepEqual(Object.keys(body), ["sessions"]);
  return body.sessions;
}

const endSession = (world: World, path: string, sessionId: string) =>
  world.request(`/sessions/${path}`, withCookie(`session_id=${sessionId}`, { method: "DELETE" }));

// id: own-sessions-listed
test("the list has the user's own sessions with device, IP address and times, and marks the current one", async () => {
  await using world = await createWorld();
  await register(world);
  await register(world, eve);
  await logIn(world, eve);
  const phone = await world.request("/sessions", { ...form(bob, { headers: firefox }), ip: "2001:db8::7" });
  assert.equal(phone.status, 200);
  world.clock.advance(minute);
  const current = await logIn(world, bob, { "User-Agent": "curl/8" });
  const [first, second, ...more] = await listSessions(world, current);
  assert.deepEqual(more, []);
  const handle = /^[\w-]{43}$/;
  assert.match(first?.id ?? "", handle);
  assert.match(second?.id ?? "", handle);
  assert.deepEqual(
    [first, second],
    [
      {
        id: first?.id,
        current: true,
        device: null,
        user_agent: "curl/8",
        ip: "127.0.0.1",
        created_at: "2030-01-01T00:01:00.000Z",
        last_seen_at: "2030-01-01T00:01:00.000Z",
        expires_at: "2030-01-31T00:01:00.000Z",
      },
      {
        id: second?.id,
        current: false,
        device: "Firefox/Linux",
        user_agent: firefox["User-Agent"],
        ip: "2001:db8::7",
        created_at: "2030-01-01T00:00:00.000Z",
        last_seen_at: "2030-01-01T00:00:00.000Z",
        expires_at: "2030-01-31T00:00:00.000Z",
      },
    ],
  );
  world.clock.advance(14 * day - minute);
  assert.equal((await listSessions(world, current)).length, 1, "an expired session is not in the list");
});

// id: handle-opens-nothing
test("a handle is not accepted as a session id, and ends only a session of its owner", async () => {
  await using world = await createWorld();
  await register(world);
  await register(world, eve);
  const [own, other, stranger] = [await logIn(world), await logIn(world), await logIn(world, eve)];
  const handle = (await listSessions(world, own)).find(({ current }) => !current)?.id ?? "";
  assert.ok(!(await isSessionOpen(world, handle)));
  await assertRejected(world.request("/sessions", withCookie(`session_id=${handle}`)), 403);
  await assertRejected(endSession(world, handle, stranger), 404, /^no such session$/);
  await assertRejected(endSession(world, handle, handle), 403);
  await assertRejected(endSession(world, "x".repeat(43), own), 404);
  await assertRejected(endSession(world, other, own), 404);
  for (const sessionId of [own, other, stranger]) assert.ok(await isSessionOpen(world, sessionId));
  assert.equal(await readStatusAndBody(endSession(world, handle, own)), '200 {"message":"session ended"}\n');
  await assertRejected(endSession(world, handle, own), 404);
  assert.deepEqual(await Promise.all([own, other, stranger].map((id) => isSessionOpen(world, id))), [
    true,
    false,
    true,
  ]);
});

test("all other sessions of the user end, and none of other users", async () => {
  await using world = await createWorld();
  await register(world);
  await register(world, eve);
  const others = [await logIn(world), await logIn(world), await logIn(world)];
  const [own, stranger] = [await logIn(world), await logIn(world, eve)];
  assert.equal(await readStatusAndBody(endSession(world, "others", own)), '200 {"message":"other sessions ended"}\n');
  assert.equal(await readStatusAndBody(endSession(world, "others", own)), '200 {"message":"other sessions ended"}\n');
  for (const sessionId of others) assert.ok(!(await isSessionOpen(world, sessionId)));
  for (const sessionId of [own, stranger]) assert.ok(await isSessionOpen(world, sessionId));
});

test("a session presented with a login ends, unless a page of another site sent the request", async () => {
  await using world = await createWorld();
  await register(world);
  const first = await logIn(world);
  const second = await logIn(world, bob, { Cookie: `session_id=${first}` });
  assert.notEqual(first, second);
  assert.ok(!(await isSessionOpen(world, first)));
  const headers = { Cookie: `session_id=${second}`, "Sec-Fetch-Site": "cross-site" };
  for (const path of ["others", "x".repeat(43)]) {
    await assertRejected(world.request(`/sessions/${path}`, { method: "DELETE", headers }), 403, /other sites/);
  }
  for (const request of [
    world.request("/sessions"),
    endSession(world, "others", "x"),
    endSession(world, "x".repeat(43), first),
  ]) {
    await assertRejected(request, 403, /^not logged in$/);
  }
  assert.ok(await isSessionOpen(world, second));
});

test("the list has pages of at most a hundred, newest first, with the current session on the first page", async () => {
  await using world = await createWorld();
  await register(world);
  const own = await logIn(world);
  for (let i = 0; i < 119; i++) {
    world.clock.advance(1000);
    await world.auth.createSession(bob.email);
  }
  const page = async (query: string) => {
    const response = await world.request(`/sessions${query}`, withCookie(`session_id=${own}`));
    assert.equal(response.status, 200);
    return (await response.json()) as { sessions: ListedSession[]; next?: string };
  };
  for (const [limit, sizes] of [
    ["", [100, 20]],
    ["limit=100", [100, 20]],
    ["limit=50", [50, 50, 20]],
    ["limit=99&unknown=1", [99, 21]],
  ] as const) {
    const pages: ListedSession[][] = [];
    for (let query = `?${limit}`; ; ) {
      const { sessions, next, ...more } = await page(query);
      assert.deepEqual(more, {});
      pages.push(sessions);
      if (next === undefined) break;
      assert.match(next, /^[\w-]+$/);
      query = `?${limit}&after=${next}`;
    }
    assert.deepEqual(
      pages.map(({ length }) => length),
      sizes,
    );
    assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 120);
    for (const each of pages) {
      const times = each.map(({ created_at }) => String(created_at));
      assert.deepEqual(times, times.toSorted().reverse());
    }
    assert.deepEqual(
      pages.map((each) => each.findIndex(({ current }) => current)),
      [sizes[0] - 1, ...sizes.slice(1).map(() => -1)],
    );
  }
  assert.deepEqual(
    (await page("?limit=1")).sessions.map(({ current }) => current),
    [true],
  );
});

test("an invalid page gets 400, and a request without a session 403", async () => {
  await using world = await createWorld();
  await register(world);
  const own = await logIn(world);
  const ask = (query: string, sessionId = own) =>
    world.request(`/sessions?${query}`, withCookie(`session_id=${sessionId}`));
  const code = async (response: Response) => `${response.status} ${response.headers.get("Error-Code")}`;
  for (const limit of [
    "",
    "0",
    "00",
    "-1",
    "101",
    "1000",
    "1.5",
    "1e1",
    "0x10",
    "x",
    "+1",
    " 1",
    "1 ",
    "\u0661",
    "Infinity",
    "\0",
  ]) {
    assert.equal(await code(await ask(`limit=${encodeURIComponent(limit)}`)), "400 page_invalid", limit);
  }
  for (const after of ["", "x", "0", "\0", "%", "x".repeat(43), "1 x", "\u2028"]) {
    assert.equal(await code(await ask(`after=${encodeURIComponent(after)}`)), "400 page_invalid", after);
  }
  assert.equal(await code(await ask("limit=1&limit=2")), "400 field_repeated");
  assert.equal(await code(await ask("after=x&after=x")), "400 field_repeated");
  assert.equal(await code(await ask("limit=%FF")), "400 page_invalid");
  assert.equal(await code(await ask("limit=1&offset=9&Limit=0", own)), "200 null");
  assert.equal(await code(await ask("limit=10", "unknown")), "403 not_logged_in");
});

test("a session keeps its handle when its password is confirmed", async () => {
  await using world = await createWorld();
  await register(world);
  const [own, other] = [await logIn(world), await logIn(world)];
  const before = await listSessions(world, own);
  const confirmed = await world.request(
    "/sessions/confirm",
    form({ password: bob.password }, { headers: { Cookie: `session_id=${other}` } }),
  );
  const [, renewed = ""] = /session_id=([^;]+)/.exec(confirmed.headers.get("Set-Cookie") ?? "") ?? [];
  assert.notEqual(renewed, other);
  const ids = (listed: ListedSession[]) => listed.map(({ id }) => id).sort();
  assert.deepEqual(ids(await listSessions(world, own)), ids(before));
  const handle = before.find(({ current }) => !current)?.id ?? "";
  assert.equal(await readStatusAndBody(endSession(world, handle, own)), '200 {"message":"session ended"}\n');
  assert.deepEqual([await isSessionOpen(world, renewed), await isSessionOpen(world, own)], [false, true]);
});
