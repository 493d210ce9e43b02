import assert from "node:assert/strict";
import { CookieJar } from "../support/cookie-jar.ts";
import { test } from "../support/engines.ts";
import { assertRejected, bob, logIn, readStatusAndBody, register, withCookie } from "../support/steps.ts";
import { createWorld, form, type World } from "../support/world.ts";

const eve = { email: "eve@example.com", password: "other" };
const name = "__Host-session_id";
/** As in production: only pages of this host, over https, can set a cookie with this name. */
const guarded = { PUBLIC_URL: "https://auth.example.com", COOKIE_NAME: name };

function profile(world: World, header: string): Promise<string> {
  return readStatusAndBody(world.request("/profile", withCookie(header)));
}

test("a cookie of another host with a similar name is never read, at any position", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const [bobs, eves] = [await logIn(world), await logIn(world, eve)];
  for (const otherName of [
    "session_id",
    "__host-session_id",
    "__HOST-session_id",
    "__Secure-session_id",
    "__Host-session_i",
  ]) {
    for (const header of [`${otherName}=${eves}; ${name}=${bobs}`, `${name}=${bobs}; ${otherName}=${eves}`]) {
      assert.equal(await profile(world, header), '200 {"email":"bob@example.com"}\n', header);
    }
    await assertRejected(world.request("/profile", withCookie(`${otherName}=${eves}`)), 403);
  }
  await assertRejected(world.request("/profile", withCookie(`=${name}=${eves}`)), 403);
});

/** Values of cookies without a session. */
const deadValues = [
  "x",
  "",
  '""',
  '"',
  "null",
  crypto.randomUUID(),
  `"${crypto.randomUUID()}"`,
  "a".repeat(4000),
  "é",
  "a=b",
  "%00",
];

test("if several cookies have the session's name, the first live one counts, at any position", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const ended = await logIn(world);
  await world.request("/sessions", withCookie(`${name}=${ended}`, { method: "DELETE" }));
  const [bobs, eves] = [await logIn(world), await logIn(world, eve)];
  for (const value of [...deadValues, ended]) {
    for (const live of [bobs, `"${bobs}"`]) {
      for (const header of [
        `${name}=${value}; ${name}=${live}`,
        `${name}=${live}; ${name}=${value}`,
        `${name}=${value}; theme=dark; ${name}=${live}; ${name}=${eves}`,
        `${name}=${live}; ${name}=${eves}; ${name}=${value}`,
      ]) {
        assert.equal(await profile(world, header), '200 {"email":"bob@example.com"}\n', header);
      }
    }
    await assertRejected(world.request("/profile", withCookie(`${name}=${value}; ${name}=${ended}`)), 403);
  }
});

test("the service looks up at most five cookies, and a repeated value only once", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  const bobs = await logIn(world);
  const unknown = (count: number) => Array.from({ length: count }, () => `${name}=${crypto.randomUUID()}`);
  const header = (...pairs: string[]) => [...pairs, `${name}=${bobs}`].join("; ");
  assert.equal(await profile(world, header(...unknown(4))), '200 {"email":"bob@example.com"}\n');
  assert.equal(
    await profile(world, header(...Array(9).fill(`${name}=x`), `${name}=`)),
    '200 {"email":"bob@example.com"}\n',
  );
  await assertRejected(world.request("/profile", withCookie(header(...unknown(5)))), 403);
});

test("every route uses the first live session", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  const at = async (path: string, init: RequestInit = {}) => {
    const response = await world.request(path, {
      ...init,
      headers: { Cookie: `${name}=${crypto.randomUUID()}; ${name}=${await logIn(world)}` },
    });
    return `${response.status} ${response.headers.get("Location") ?? ""}`.trim();
  };
  const { password } = bob;
  assert.equal(await at("/sessions"), "200");
  assert.equal(await at(`/sessions/${"a".repeat(43)}`, { method: "DELETE" }), "404");
  assert.equal(await at("/sessions/others", { method: "DELETE" }), "200");
  assert.equal(await at("/sessions/confirm", form({ password })), "200");
  assert.equal(await at("/profile/export"), "200");
  assert.equal(await at("/profile/email", form({ email: "next@example.com" }, { method: "PUT" })), "200");
  assert.equal(await at("/profile/password", form({ password, new_password: password }, { method: "PUT" })), "200");
  assert.equal(await at("/sessions", { method: "DELETE" }), "302 /");
  assert.equal(await at("/profile", form({ password }, { method: "DELETE" })), "200");
});

test("pages use the first live session", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  for (const [path, seen] of [
    ["/", "302 /account"],
    ["/login", "303 /account"],
    ["/register", "303 /account"],
    ["/account", "200"],
    ["/account/password", "200"],
  ] as const) {
    const Cookie = `${name}=${crypto.randomUUID()}; ${name}=${await logIn(world)}`;
    const response = await world.request(path, { headers: { Accept: "text/html", Cookie } });
    assert.equal(`${response.status} ${response.headers.get("Location") ?? ""}`.trim(), seen, path);
  }
});

test("a logout ends every live session of the request, of any user, and gets 403 if none is live", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const live = [await logIn(world), await logIn(world, eve), await logIn(world)];
  const other = await logIn(world);
  const all = ["x", ...live].map((value) => `${name}=${value}`).join("; ");
  const logout = await world.request("/sessions", withCookie(all, { method: "DELETE" }));
  assert.deepEqual([logout.status, logout.headers.get("Location")], [302, "/"]);
  for (const value of live) await assertRejected(world.request("/profile", withCookie(`${name}=${value}`)), 403);
  assert.equal(await profile(world, `${name}=${other}`), '200 {"email":"bob@example.com"}\n');
  await assertRejected(world.request("/sessions", withCookie(all, { method: "DELETE" })), 403);
});

// id: login-replaces-all
test("a login ends every session of the request", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const [bobs, eves] = [await logIn(world), await logIn(world, eve)];
  const opened = await logIn(world, bob, { Cookie: `${name}=x; ${name}=${eves}; ${name}=${bobs}` });
  for (const value of [bobs, eves])
    await assertRejected(world.request("/profile", withCookie(`${name}=${value}`)), 403);
  assert.equal(await profile(world, `${name}=${opened}`), '200 {"email":"bob@example.com"}\n');
});

/** A cookie name that can have a Domain. */
const shared = { PUBLIC_URL: "https://auth.team.example.com", COOKIE_NAME: "__Secure-session_id" };
const changes = [
  [undefined, "example.com"],
  [undefined, "auth.team.example.com"],
  ["example.com", undefined],
  ["auth.team.example.com", undefined],
  ["example.com", "team.example.com"],
  ["team.example.com", "example.com"],
] as const;

for (const [before, after] of changes) {
  test(`when COOKIE_DOMAIN changes from ${before} to ${after}, a logged-in user can log in again, and log out`, async () => {
    const domain = (COOKIE_DOMAIN: string | undefined) => ({ ...shared, ...(COOKIE_DOMAIN && { COOKIE_DOMAIN }) });
    for (const order of ["old first", "new first"] as const) {
      await using old = await createWorld(domain(before));
      await using world = await createWorld(domain(after));
      for (const each of [old, world]) await register(each);
      const jar = new CookieJar("auth.team.example.com");
      const call = async (at: World, path: string, init: RequestInit = {}) => {
        const response = await at.request(path, { ...init, headers: { Cookie: jar.header(order) } });
        jar.storeCookies(response);
        return response.status;
      };
      assert.equal(await call(old, "/sessions", form(bob)), 200);
      const planted = jar.header();
      assert.equal(await call(world, "/profile"), 403);
      assert.equal(await call(world, "/sessions", form(bob)), 200);
      assert.equal(jar.size, 1, jar.header());
      assert.equal(await call(world, "/profile"), 200);
      // An older node, or another host of the domain, sets the old cookie again.
      jar.setCookie(`${planted}; Path=/; Secure${before ? `; Domain=${before}` : ""}`);
      assert.equal(await call(world, "/profile"), 200);
      assert.equal(await call(world, "/sessions/confirm", form({ password: bob.password })), 200);
      assert.equal(jar.size, 1, jar.header());
      jar.setCookie(`${planted}; Path=/; Secure${before ? `; Domain=${before}` : ""}`);
      const change = { password: bob.password, new_password: bob.password };
      assert.equal(await call(world, "/profile/password", form(change, { method: "PUT" })), 200);
      assert.equal(await call(world, "/profile"), 200);
      jar.setCookie(`${planted}; Path=/; Secure${before ? `; Domain=${before}` : ""}`);
      assert.equal(await call(world, "/sessions", { method: "DELETE" }), 302);
      assert.equal(jar.size, 0, jar.header());
    }
  });
}

test("cookies of other domains are cleared only if they can exist, and before the session is set", async () => {
  const cases = [
    [guarded, []],
    [{ PUBLIC_URL: "http://localhost:5000" }, []],
    [{ PUBLIC_URL: "http://192.0.2.1" }, []],
    [{ PUBLIC_URL: "http://[2001:db8::1]:5000" }, []],
    [{ PUBLIC_URL: "http://auth.example.com" }, ["auth.example.com", "example.com"]],
    [{ PUBLIC_URL: "http://auth.example.com", COOKIE_DOMAIN: "example.com" }, [null, "auth.example.com"]],
  ] as const;
  for (const [environment, cleared] of cases) {
    await using world = await createWorld(environment);
    await register(world);
    const { COOKIE_NAME } = world.settings;
    assert.equal((await world.request("/sessions", form(bob))).headers.getSetCookie().length, 1);
    const login = await world.request("/sessions", form(bob, { headers: { Cookie: `${COOKIE_NAME}=x` } }));
    const set = login.headers.getSetCookie();
    assert.match(set.at(-1) ?? "", /=[\w-]{36,43}; .*Max-Age=2592000$/);
    const domains = set.slice(0, -1).map((header) => {
      assert.match(header, /^[^=]+=; Path=\/; HttpOnly; SameSite=Lax; .*Max-Age=0$/);
      return /Domain=([^;]+)/.exec(header)?.[1] ?? null;
    });
    assert.deepEqual(domains, cleared, JSON.stringify(environment));
  }
});

// id: planted-id-ends
test("a login never adopts a planted session id, and ends its session", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  await register(world, eve);
  const eves = await logIn(world, eve);
  for (const planted of [eves, crypto.randomUUID(), "x"]) {
    const bobs = await logIn(world, bob, { Cookie: `${name}=${planted}` });
    assert.notEqual(bobs, planted);
    await assertRejected(world.request("/profile", withCookie(`${name}=${planted}`)), 403);
    assert.equal(await profile(world, `${name}=${bobs}`), '200 {"email":"bob@example.com"}\n');
  }
});

// id: id-only-in-cookie
test("a session id in a field or in the query is ignored", async () => {
  await using world = await createWorld(guarded);
  await register(world);
  const bobs = await logIn(world);
  await assertRejected(world.request(`/profile?${name}=${bobs}&session_id=${bobs}`), 403);
  const login = await world.request("/sessions", form({ ...bob, session_id: "planted", sessionId: "planted" }));
  assert.ok(!(login.headers.get("Set-Cookie") ?? "").includes("planted"));
});
