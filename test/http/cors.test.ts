import assert from "node:assert/strict";
import { serve } from "../../src/http/server.ts";
import { test } from "../support/engines.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { bob, logIn, register } from "../support/steps.ts";
import { createWorld, form, type World } from "../support/world.ts";

const Origin = "https://app.example.com";
const shared = {
  PUBLIC_URL: "https://auth.example.com",
  CORS_ORIGINS: `${Origin},https://Admin.example.com:8443`,
  COOKIE_NAME: "session_id",
};
const otherOrigins = [
  "null",
  "",
  "https://evil.example",
  "https://app.example.com.evil.example",
  "https://evil.app.example.com",
  "http://app.example.com",
  "https://app.example.com:8443",
  "https://APP.example.com",
  "https://app.example.com, https://evil.example",
];

function preflight(origin: string, path = "/sessions"): [string, RequestInit] {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": "DELETE",
    "Access-Control-Request-Headers": "content-type",
    "Sec-Fetch-Site": "same-site",
    "Sec-Fetch-Mode": "cors",
  };
  return [path, { method: "OPTIONS", headers }];
}

/** Returns responses of every kind to a page of an origin. */
async function requestEveryKind(world: World, origin: string): Promise<Response[]> {
  const headers = { Origin: origin, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" };
  const Cookie = `session_id=${await logIn(world)}`;
  return [
    await world.request("/", { headers }),
    await world.request("/nope", { headers }),
    await world.request("/users", { headers }),
    await world.request("/users", { method: "OPTIONS", headers }),
    await world.request("/users", form(bob, { headers })),
    await world.request("/users", { method: "POST", body: "x".repeat(20_000), headers }),
    await world.request("/sessions", form({ ...bob, password: "wrong" }, { headers })),
    await world.request("/sessions", form(bob, { headers })),
    await world.request("/profile", { headers: { ...headers, Cookie } }),
    await world.request("/profile", { headers }),
    await world.request("/sessions", { method: "DELETE", headers: { ...headers, Cookie } }),
  ];
}

function corsHeaders({ headers }: Response): string[] {
  return [...headers.keys()].filter((name) => name.startsWith("access-control-"));
}

test("pages of CORS_ORIGINS can send the cookie and read every response, including errors", async () => {
  await using world = await createWorld(shared);
  await register(world);
  for (const origin of [Origin, "https://admin.example.com:8443"]) {
    const responses = await requestEveryKind(world, origin);
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200, 404, 405, 405, 400, 413, 401, 200, 200, 403, 302],
    );
    for (const { headers } of responses) {
      assert.equal(headers.get("Access-Control-Allow-Origin"), origin);
      assert.equal(headers.get("Access-Control-Allow-Credentials"), "true");
      assert.equal(headers.get("Access-Control-Expose-Headers"), "Error-Code, Retry-After");
      assert.match(headers.get("Vary") ?? "", /^Origin(, Accept)?$/);
      assert.equal(headers.get("Cache-Control"), "no-store");
    }
  }
});

test("a preflight of CORS_ORIGINS gets 204 with the allowed methods and headers, on every path", async () => {
  await using world = await createWorld(shared);
  for (const path of ["/", "/users", "/sessions", "/profile", "/reset_password", "/nope"]) {
    const response = await world.request(...preflight(Origin, path));
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    for (const [name, value] of Object.entries({
      "Access-Control-Allow-Origin": Origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE",
      "Access-Control-Allow-Headers": "content-type",
      "Access-Control-Max-Age": "600",
      Vary: "Origin",
      "Cache-Control": "no-store",
    })) {
      assert.equal(response.headers.get(name), value, name);
    }
  }
});

// id: other-origins-refused
test("other origins get no CORS headers, and their preflight gets 405 as without CORS", async () => {
  await using world = await createWorld(shared);
  await register(world);
  for (const origin of otherOrigins) {
    const responses = [...(await requestEveryKind(world, origin)), await world.request(...preflight(origin))];
    assert.deepEqual(
      responses.map(({ status }) => status),
      [200, 404, 405, 405, 403, 403, 403, 403, 200, 403, 403, 405],
      origin,
    );
    for (const response of responses) {
      assert.deepEqual(corsHeaders(response), [], origin);
      assert.match(response.headers.get("Vary") ?? "", /^Origin(, Accept)?$/);
    }
  }
});

test("without CORS_ORIGINS, responses have no CORS headers", async () => {
  await using world = await createWorld({ PUBLIC_URL: shared.PUBLIC_URL, COOKIE_NAME: "session_id" });
  await register(world);
  const responses = [...(await requestEveryKind(world, Origin)), await world.request(...preflight(Origin))];
  assert.equal(responses.at(-1)?.status, 405);
  for (const response of responses) {
    assert.deepEqual(corsHeaders(response), []);
    assert.doesNotMatch(response.headers.get("Vary") ?? "", /Origin/);
  }
});

test("responses over a socket have CORS headers, even with status 503", async () => {
  await using world = await createWorld(shared);
  const { fetch } = world.app;
  const log = { info() {}, warn() {}, error() {} };
  const server = await serve({ fetch, host: "127.0.0.1", port: 0, log });
  using connection = await openRawConnection(server.port);
  connection.send(formatRequest("GET /profile", { Origin }));
  const profile = await connection.readResponse();
  await world.db.close();
  connection.send(formatRequest("GET /profile", { Origin, Cookie: "session_id=x" }));
  const unavailable = await connection.readResponse();
  connection.send(formatRequest("OPTIONS /profile", { Origin, "Access-Control-Request-Method": "GET" }));
  const allowed = await connection.readResponse("HEAD");
  assert.deepEqual([profile.status, unavailable.status, allowed.status], [403, 503, 204]);
  for (const { headers } of [profile, unavailable, allowed]) {
    assert.equal(headers.get("access-control-allow-origin"), Origin);
    assert.equal(headers.get("vary"), "Origin");
  }
  await server.close(0);
});
