import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import { bob, logIn, redeemResetToken, register, requestResetToken, withCookie, withJson } from "../support/steps.ts";
import { createWorld, form, type World } from "../support/world.ts";

/** Returns responses of every kind. */
async function requestEveryKind(world: World): Promise<Response[]> {
  await register(world);
  const responses = [
    await world.request("/"),
    await world.request("/", { method: "HEAD" }),
    await world.request("/nope"),
    await world.request("/users"),
    await world.request("/users", form(bob)),
    await world.request("/users", withJson([])),
    await world.request("/users", { method: "POST", body: "x".repeat(20_000) }),
    await world.request("/users", form(bob, { headers: { "Sec-Fetch-Site": "cross-site" } })),
    await world.request("/sessions", form({ ...bob, password: "wrong" })),
    await world.request("/sessions", form(bob)),
    await world.request("/profile"),
    await world.request("/reset_password", form(bob, { ip: "192.0.2.1" } as RequestInit)),
    await redeemResetToken(world, { ...bob, reset_token: await requestResetToken(world), new_password: "new" }),
    await redeemResetToken(world, { ...bob, reset_token: "x" }),
  ];
  const sessionId = await logIn(world, { ...bob, password: "new" });
  const cookie = `${world.settings.COOKIE_NAME}=${sessionId}`;
  responses.push(await world.request("/profile", withCookie(cookie)));
  responses.push(await world.request("/sessions", withCookie(cookie, { method: "DELETE" })));
  return responses;
}

// id: safe-headers
test("every response forbids caching, framing, scripts and content sniffing", async () => {
  await using world = await createWorld();
  const responses = await requestEveryKind(world);
  assert.deepEqual(
    [...new Set(responses.map(({ status }) => status))].sort(),
    [200, 302, 400, 401, 403, 404, 405, 413],
  );
  for (const { headers } of responses) {
    assert.equal(headers.get("Cache-Control"), "no-store");
    assert.equal(
      headers.get("Content-Security-Policy"),
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers.get("Referrer-Policy"), "same-origin");
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("Strict-Transport-Security"), null);
    assert.equal(headers.get("Access-Control-Allow-Origin"), null);
    assert.equal(headers.get("Server"), null);
  }
});

// id: https-stays-https
test("with an https PUBLIC_URL every response has HSTS, and covers subdomains only if HSTS_SUBDOMAINS is on", async () => {
  for (const [environment, policy] of [
    [{}, "max-age=31536000"],
    [{ HSTS_SUBDOMAINS: "off" }, "max-age=31536000"],
    [{ HSTS_SUBDOMAINS: "on" }, "max-age=31536000; includeSubDomains"],
  ] as const) {
    await using world = await createWorld({ PUBLIC_URL: "https://auth.example.com", ...environment });
    for (const { headers } of await requestEveryKind(world)) {
      assert.equal(headers.get("Strict-Transport-Security"), policy);
    }
  }
});

// id: only-login-sets-cookies
test("only a login and a logout set a cookie", async () => {
  await using world = await createWorld();
  const setting = (await requestEveryKind(world)).filter(({ headers }) => headers.has("Set-Cookie"));
  assert.deepEqual(
    setting.map(({ status }) => status),
    [200, 302],
  );
});
