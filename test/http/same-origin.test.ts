import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  assertRejected,
  bob,
  canLogIn,
  isSessionOpen,
  logIn,
  multipart,
  register,
  requestResetToken,
  withBody,
} from "../support/steps.ts";
import { createWorld, form } from "../support/world.ts";

const PUBLIC_URL = "https://auth.example.com";
const Host = "internal.example:8080";
const shared = "https://app.example.com";
/** The session cookie has no `__Host-` prefix here, so that only this check protects it. */
const settings = { PUBLIC_URL, COOKIE_NAME: "session_id", CORS_ORIGINS: `${shared},https://other.example` };

const acceptedHeaders: Record<string, string>[] = [
  {},
  { "Sec-Fetch-Site": "same-origin" },
  { "Sec-Fetch-Site": "same-origin", Origin: "https://evil.example" },
  { "Sec-Fetch-Site": "none" },
  { Origin: PUBLIC_URL },
  { Origin: `http://${Host}` },
  { Origin: `https://${Host}` },
  { Origin: "http://internal.example", Host: "Internal.Example:80" },
  { "Sec-Fetch-Site": "same-site", Origin: PUBLIC_URL },
  { "Sec-Fetch-Site": "same-site", Origin: shared },
  { "Sec-Fetch-Site": "cross-site", Origin: "https://other.example" },
  { Origin: shared },
];

const rejectedHeaders: Record<string, string>[] = [
  { "Sec-Fetch-Site": "cross-site" },
  { "Sec-Fetch-Site": "same-site" },
  { "Sec-Fetch-Site": "" },
  { "Sec-Fetch-Site": "SAME-ORIGIN" },
  { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" },
  { "Sec-Fetch-Site": "same-site", Origin: "https://www.example.com" },
  { "Sec-Fetch-Site": "same-site", Origin: "null" },
  { "Sec-Fetch-Site": "cross-site", Origin: `https://${Host}` },
  { "Sec-Fetch-Site": "same-site", Origin: `${shared}:8443` },
  { "Sec-Fetch-Site": "same-site", Origin: `${shared},${PUBLIC_URL}` },
  { Origin: "http://app.example.com" },
  { Origin: "https://evil.app.example.com" },
  { Referer: `${shared}/`, "Sec-Fetch-Site": "same-site" },
  { Origin: "null" },
  { Origin: "" },
  { Origin: "https://evil.example" },
  { Origin: "http://auth.example.com" },
  { Origin: "https://auth.example.com:8443" },
  { Origin: "https://auth.example.com.evil.example" },
  { Origin: "http://internal.example" },
  { Origin: "http://undefined" },
  { Origin: "http://evil.example", "X-Forwarded-Host": "evil.example" },
];

test("requests of programs and of the service's own pages are accepted", async () => {
  await using world = await createWorld(settings);
  await register(world);
  for (const headers of acceptedHeaders) {
    const response = await world.request("/sessions", form(bob, { headers: { Host, ...headers } }));
    assert.equal(response.status, 200, JSON.stringify(headers));
  }
});

// id: other-sites-refused
test("requests from pages of other sites are rejected on every route, with every method, and change nothing", async () => {
  await using world = await createWorld(settings);
  await register(world);
  const [sessionId, reset_token] = [await logIn(world), await requestResetToken(world)];
  const eve = { email: "eve@example.com", password: "other" };
  for (const browserHeaders of rejectedHeaders) {
    const headers = { Host, Cookie: `session_id=${sessionId}`, ...browserHeaders };
    const { length } = world.logEntries;
    for (const [method, path, fields] of [
      ["POST", "/", {}],
      ["PUT", "/", {}],
      ["DELETE", "/", {}],
      ["POST", "/users", eve],
      ["POST", "/sessions", bob],
      ["DELETE", "/sessions", {}],
      ["POST", "/reset_password", { email: bob.email }],
      ["PUT", "/reset_password", { ...bob, reset_token, new_password: "stolen" }],
    ] as const) {
      const response = await world.request(path, form(fields, { method, headers }));
      assert.equal(response.headers.get("Set-Cookie"), null);
      await assertRejected(response, 403, /^requests from pages of other sites are not allowed$/);
    }
    for (const { event, detail } of world.logEntries
      .slice(length)
      .filter(({ event }) => event !== "undeclared_proxy")) {
      assert.deepEqual([event, detail], ["request_refused", "cross_site"]);
    }
  }
  assert.ok((await isSessionOpen(world, sessionId)) && (await canLogIn(world, bob)));
  assert.ok(!(await canLogIn(world, eve)));
});

// id: safe-methods-change-nothing
test("GET and HEAD from pages of other sites are accepted, because they change nothing", async () => {
  await using world = await createWorld(settings);
  await register(world);
  const Cookie = `session_id=${await logIn(world)}`;
  for (const browserHeaders of rejectedHeaders) {
    for (const [method, path] of [
      ["GET", "/"],
      ["HEAD", "/"],
      ["GET", "/profile"],
    ] as const) {
      assert.equal((await world.request(path, { method, headers: { Host, Cookie, ...browserHeaders } })).status, 200);
    }
  }
});

test("without CORS_ORIGINS, no other origin is accepted, not even of the same site", async () => {
  await using world = await createWorld({ PUBLIC_URL, COOKIE_NAME: "session_id" });
  await register(world);
  for (const site of [{ "Sec-Fetch-Site": "same-site" }, { "Sec-Fetch-Site": "cross-site" }, {}]) {
    await assertRejected(world.request("/sessions", form(bob, { headers: { Host, ...site, Origin: shared } })), 403);
  }
});

// id: three-form-types
test("all three types of forms from other sites are rejected, and so is JSON sent as text", async () => {
  await using world = await createWorld(settings);
  const fields = { email: "eve@example.com", password: "other" };
  const sent = [
    form(fields),
    multipart(Object.entries(fields)),
    withBody("text/plain", `{"email":"eve@example.com","password":"other","x":"="}`),
  ];
  for (const init of sent) {
    for (const site of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "null" }, { Origin: "https://evil.example" }]) {
      const headers = { Host, ...(init.headers as Record<string, string>), ...site };
      await assertRejected(world.request("/users", { ...init, headers }), 403);
    }
  }
  // Also without headers of a browser: only JSON's own type is accepted, which needs a preflight.
  for (const type of ["text/plain", "text/plain;charset=utf-8", "application/x-json", ""]) {
    await assertRejected(world.request("/users", withBody(type, JSON.stringify(fields))), 415);
  }
  assert.ok(!(await canLogIn(world, fields)));
});
