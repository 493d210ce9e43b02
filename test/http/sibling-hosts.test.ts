import assert from "node:assert/strict";
import { describe } from "node:test";
import { test } from "../support/engines.ts";
import { assertRejected, bob, readStatusAndBody } from "../support/steps.ts";
import { createWorld, type World } from "../support/world.ts";

const app = "https://app.example.test";
const formType = "application/x-www-form-urlencoded;charset=UTF-8";
const shared = { PUBLIC_URL: "https://auth.example.test", CORS_ORIGINS: app };

/** What Chromium 156 sends for `fetch(url, { credentials: "include" })` on a page of that origin; the cookie is up to it. */
function fetched(world: World, origin: string, path: string, init: RequestInit, cookie?: string): Promise<Response> {
  const site = origin.endsWith(".example.test") ? "same-site" : "cross-site";
  const fetchMetadata = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };
  const headers: Record<string, string> = { Host: "auth.example.test", Origin: origin, ...fetchMetadata };
  if (init.body) headers["Content-Type"] = formType;
  if (cookie) headers.Cookie = cookie;
  return world.request(path, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
}

const login = { method: "POST", body: String(new URLSearchParams(bob)) };

/** The walk of a page of the application: register, log in, profile, log out with the redirect, profile. */
async function walk(world: World): Promise<string> {
  const call = (path: string, init: RequestInit, cookie?: string) => fetched(world, app, path, init, cookie);
  const readable = async (response: Response, status: number) => {
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), app);
    assert.equal(response.headers.get("Access-Control-Allow-Credentials"), "true");
    return response;
  };
  const mayDelete = { "Access-Control-Request-Method": "DELETE" };
  await readable(await call("/users", login), 200);
  const setCookie = (await readable(await call("/sessions", login), 200)).headers.get("Set-Cookie") ?? "";
  const [cookie = ""] = setCookie.split(";");
  const profile = await readable(await call("/profile", {}, cookie), 200);
  assert.equal(await profile.text(), '{"email":"bob@example.com"}\n');
  await readable(await call("/sessions", { method: "OPTIONS", headers: mayDelete }), 204);
  const logout = await readable(await call("/sessions", { method: "DELETE" }, cookie), 302);
  const home = logout.headers.get("Location") ?? "";
  await readable(await call(home, { method: "OPTIONS", headers: mayDelete }), 204);
  await readable(await call(home, { method: "DELETE" }), 200);
  await readable(await call("/profile", {}, cookie), 403);
  return setCookie;
}

describe("an application on a host beside the service's", () => {
  test("has its pages use the session", async () => {
    await using world = await createWorld({ ...shared, COOKIE_NAME: "__Host-session_id" });
    assert.match(await walk(world), /^__Host-session_id=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/);
  });

  test("shares the cookie with COOKIE_DOMAIN, and its own server asks who it is", async () => {
    const environment = { ...shared, COOKIE_NAME: "__Secure-session_id", COOKIE_DOMAIN: "example.test" };
    await using world = await createWorld(environment);
    const attributes = /; Path=\/; HttpOnly; SameSite=Lax; Domain=example\.test; Secure; Max-Age=\d+$/;
    assert.match(await walk(world), attributes);
    const [cookie = ""] = ((await fetched(world, app, "/sessions", login)).headers.get("Set-Cookie") ?? "").split(";");
    // A server passes on the Cookie header of the page's request, and has no Origin.
    const answer = world.request("/profile", { headers: { Cookie: `theme=dark; ${cookie}` } });
    assert.equal(await readStatusAndBody(answer), '200 {"email":"bob@example.com"}\n');
  });

  test("is alone in that: a neighbour or a stranger neither changes nor reads anything", async () => {
    await using world = await createWorld({ ...shared, COOKIE_NAME: "__Secure-session_id" });
    await walk(world);
    const [cookie = ""] = ((await fetched(world, app, "/sessions", login)).headers.get("Set-Cookie") ?? "").split(";");
    for (const origin of ["https://blog.example.test", "https://evil.test"]) {
      const profile = await fetched(world, origin, "/profile", {}, cookie);
      assert.equal(profile.headers.get("Access-Control-Allow-Origin"), null);
      await assertRejected(fetched(world, origin, "/sessions", { method: "DELETE" }, cookie), 403);
      await assertRejected(fetched(world, origin, "/sessions", login), 403);
    }
    assert.equal((await fetched(world, app, "/profile", {}, cookie)).status, 200);
  });
});
