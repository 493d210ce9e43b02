import assert from "node:assert/strict";
import { test } from "../engines.ts";
import { createWorld, form } from "../world.ts";
import { askForToken, bob, canLogIn, isOpen, logIn, refused, register } from "./steps.ts";

const PUBLIC_URL = "https://auth.example.com";
const Host = "internal.example:8080";

const passing: Record<string, string>[] = [
  {},
  { "Sec-Fetch-Site": "same-origin" },
  { "Sec-Fetch-Site": "same-origin", Origin: "https://evil.example" },
  { "Sec-Fetch-Site": "none" },
  { Origin: PUBLIC_URL },
  { Origin: `http://${Host}` },
  { Origin: `https://${Host}` },
  { Origin: "http://internal.example", Host: "Internal.Example:80" },
  { "Sec-Fetch-Site": "same-site", Origin: PUBLIC_URL },
];

const refusedOnes: Record<string, string>[] = [
  { "Sec-Fetch-Site": "cross-site" },
  { "Sec-Fetch-Site": "same-site" },
  { "Sec-Fetch-Site": "" },
  { "Sec-Fetch-Site": "SAME-ORIGIN" },
  { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" },
  { "Sec-Fetch-Site": "same-site", Origin: "https://www.example.com" },
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

test("programs, and pages of one's own, pass", async () => {
  await using world = await createWorld({ PUBLIC_URL, COOKIE_NAME: "session_id" });
  await register(world);
  for (const headers of passing) {
    const response = await world.request("/sessions", form(bob, { headers: { Host, ...headers } }));
    assert.equal(response.status, 200, JSON.stringify(headers));
  }
});

test("what another site's page sends is refused on every route, whatever the method, and changes nothing", async () => {
  await using world = await createWorld({ PUBLIC_URL, COOKIE_NAME: "session_id" });
  await register(world);
  const [sessionId, reset_token] = [await logIn(world), await askForToken(world)];
  const eve = { email: "eve@example.com", password: "other" };
  for (const given of refusedOnes) {
    const headers = { Host, Cookie: `session_id=${sessionId}`, ...given };
    const { length } = world.logged;
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
      await refused(response, 403, /^requests from pages of other sites are refused$/);
    }
    assert.equal(world.logged.length, length);
  }
  assert.ok((await isOpen(world, sessionId)) && (await canLogIn(world, bob)));
  assert.ok(!(await canLogIn(world, eve)));
});

test("a link from another site may be followed: GET and HEAD change nothing", async () => {
  await using world = await createWorld({ PUBLIC_URL, COOKIE_NAME: "session_id" });
  await register(world);
  const Cookie = `session_id=${await logIn(world)}`;
  for (const given of refusedOnes) {
    for (const [method, path] of [
      ["GET", "/"],
      ["HEAD", "/"],
      ["GET", "/profile"],
    ] as const) {
      assert.equal((await world.request(path, { method, headers: { Host, Cookie, ...given } })).status, 200);
    }
  }
});
