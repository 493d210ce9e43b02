import assert from "node:assert/strict";
import { describe } from "node:test";
import { test } from "../support/engines.ts";
import { assertRejected, bob, readStatusAndBody } from "../support/steps.ts";
import { createWorld, type World } from "../support/world.ts";

const app = "https://app.example.test";
const formHeaders = "application/x-www-form-urlencoded;charset=UTF-8";
const shared = { PUBLIC_URL: "https://auth.example.test", CORS_ORIGINS: app };

/** Sends what Chromium 156 sends for `fetch(url, { credentials: "include" })` on a page of an origin, with a given cookie. */
function fetchFrom(world: World, origin: string, path: string, init: RequestInit, cookie?: string): Promise<Response> {
  const site = origin.endsWith(".example.test") ? "same-site" : "cross-site";
  const fetchMetadata = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };
  const headers: Record<string, string> = { Host: "auth.example.test", Origin: origin, ...fetchMetadata };
  if (init.body) headers["Content-Type"] = formHeaders;
  if (cookie) headers.Cookie = cookie;
  return world.request(path, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
}

const login = { method: "POST", body: String(new URLSearchParams(bob)) };

/** Registers, logs in, reads the profile, logs out with the redirect, and reads the profile again. Returns Set-Cookie of the login. */
async function runAllSteps(world: World): Promise<string> {
  const call = (path: string, init: RequestInit, cookie?: string) => fetchFrom(world, app, path, init, cookie);
  const assertReadable = async (response: Response, status: number) => {
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), app);
    assert.equal(response.headers.get("Access-Control-Allow-Credentials"), "true");
    return response;
  };
  const mayDelete = { "Access-Control-Request-Method": "DELETE" };
  await assertReadable(await call("/users", login), 200);
  const setCookie = (await assertReadable(await call("/sessions", login), 200)).headers.get("Set-Cookie") ?? "";
  const [cookie = ""] = setCookie.split(";");
  const profile = await assertReadable(await call("/profile", {}, cookie), 200);
  assert.equal(await profile.text(), '{"email":"bob@example.com"}\n');
  await assertReadable(await call("/sessions", { method: "OPTIONS", headers: mayDelete }), 204);
  const logout = await assertReadable(await call("/sessions", { method: "DELETE" }, cookie), 302);
  const home = logout.headers.get("Location") ?? "";
  await assertReadable(await call(home, { method: "OPTIONS", headers: mayDelete }), 204);
  await assertReadable(await call(home, { method: "DELETE" }), 200);
  await assertReadable(await call("/profile", {}, cookie), 403);
  return setCookie;
}

describe("an application on a sibling host", () => {
  test("can use the session in its pages", async () => {
    await using world = await createWorld({ ...shared, COOKIE_NAME: "__Host-session_id" });
    assert.match(
      await runAllSteps(world),
      /^__Host-session_id=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/,
    );
  });

  test("receives the cookie with COOKIE_DOMAIN, and its server can find the user", async () => {
    const environment = { ...shared, COOKIE_NAME: "__Secure-session_id", COOKIE_DOMAIN: "example.test" };
    await using world = await createWorld(environment);
    const attributes = /; Path=\/; HttpOnly; SameSite=Lax; Domain=example\.test; Secure; Max-Age=\d+$/;
    assert.match(await runAllSteps(world), attributes);
    const [cookie = ""] = ((await fetchFrom(world, app, "/sessions", login)).headers.get("Set-Cookie") ?? "").split(
      ";",
    );
    // The server passes on the Cookie header of the browser, and sends no Origin.
    const profile = world.request("/profile", { headers: { Cookie: `theme=dark; ${cookie}` } });
    assert.equal(await readStatusAndBody(profile), '200 {"email":"bob@example.com"}\n');
  });

  test("is the only one with access: other hosts and sites can neither read nor change anything", async () => {
    await using world = await createWorld({ ...shared, COOKIE_NAME: "__Secure-session_id" });
    await runAllSteps(world);
    const [cookie = ""] = ((await fetchFrom(world, app, "/sessions", login)).headers.get("Set-Cookie") ?? "").split(
      ";",
    );
    for (const origin of ["https://blog.example.test", "https://evil.test"]) {
      const profile = await fetchFrom(world, origin, "/profile", {}, cookie);
      assert.equal(profile.headers.get("Access-Control-Allow-Origin"), null);
      await assertRejected(fetchFrom(world, origin, "/sessions", { method: "DELETE" }, cookie), 403);
      await assertRejected(fetchFrom(world, origin, "/sessions", login), 403);
    }
    assert.equal((await fetchFrom(world, app, "/profile", {}, cookie)).status, 200);
  });
});
