import assert from "node:assert/strict";
import { Hono } from "hono";
import { routes } from "../../src/app.ts";
import { serve } from "../../src/http/server.ts";
import { test } from "../support/engines.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { assertRejected, bob, logIn, readStatusAndBody, register, withCookie } from "../support/steps.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld, form } from "../support/world.ts";

/** Returns a path with each of its slashes doubled in turn, and with all of them tripled. */
function spellings(path: string): string[] {
  const doubled = [...path.matchAll(/\//g)].map(({ index }) => `${path.slice(0, index)}/${path.slice(index)}`);
  return [...doubled, path.replaceAll("/", "///")];
}

const paths = routes.map((path) => path.replace(/:id\{.*/, "h".repeat(43)).replace(/:name\{.*/, "style.css"));

test("repeated slashes count as one on every path, with every method, for pages and JSON", async () => {
  await using world = await createWorld();
  const same = ["Allow", "Location", "Content-Type", "Error-Code", "Vary", "Content-Security-Policy"];
  for (const path of paths) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      for (const Accept of ["text/html", "*/*"]) {
        const plain = await world.request(path, { method, headers: { Accept } });
        for (const spelling of spellings(path)) {
          const response = await world.request(spelling, { method, headers: { Accept } });
          assert.equal(response.status, plain.status, `${method} ${spelling}`);
          for (const name of same)
            assert.equal(response.headers.get(name), plain.headers.get(name), `${spelling} ${name}`);
        }
      }
    }
  }
});

test("a request with repeated slashes keeps its body, query and cookie", async () => {
  await using world = await createWorld();
  assert.equal(
    await readStatusAndBody(world.request("//users", form(bob))),
    '200 {"email":"bob@example.com","message":"user created"}\n',
  );
  const login = await world.request("///sessions?a=//b", form(bob));
  const Cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  assert.equal(
    await readStatusAndBody(world.request("//profile", withCookie(Cookie))),
    '200 {"email":"bob@example.com"}\n',
  );
  const handle = (
    (await (await world.request("//sessions", withCookie(Cookie))).json()) as { sessions: { id: string }[] }
  ).sessions[0]?.id;
  assert.equal((await world.request("/sessions//others", withCookie(Cookie, { method: "DELETE" }))).status, 200);
  assert.equal((await world.request(`/sessions//${handle}`, withCookie(Cookie, { method: "DELETE" }))).status, 200);
  await assertRejected(world.request("/profile", withCookie(Cookie)), 403);
  assert.equal((await world.request("//login?lang=fr", { headers: { Accept: "text/html" } })).status, 200);
});

test("same-origin, CORS and body size checks apply to paths with repeated slashes", async () => {
  const Origin = "https://app.example.com";
  await using world = await createWorld({
    PUBLIC_URL: "https://auth.example.com",
    CORS_ORIGINS: Origin,
    COOKIE_NAME: "s",
  });
  await register(world);
  await assertRejected(world.request("//users", form(bob, { headers: { "Sec-Fetch-Site": "cross-site" } })), 403);
  await assertRejected(world.request("//users", form(bob, { headers: { Origin: "https://evil.example" } })), 403);
  await assertRejected(world.request("//users", form({ email: "x".repeat(20_000) })), 413);
  const preflight = { method: "OPTIONS", headers: { Origin, "Access-Control-Request-Method": "POST" } };
  assert.equal((await world.request("//users", preflight)).status, 204);
  for (const path of ["/users", "//users", "/nope//nope"]) {
    const { headers } = await world.request(path, form(bob, { headers: { Origin } }));
    assert.equal(headers.get("Access-Control-Allow-Origin"), Origin);
    assert.equal(headers.get("Vary"), "Origin");
  }
});

test("a path with repeated slashes counts in limits and metrics once", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_ACCOUNT: "2/15m" });
  await register(world);
  const guess = async (path: string) => (await world.request(path, form({ ...bob, password: "wrong" }))).status;
  assert.deepEqual([await guess("/sessions"), await guess("//sessions"), await guess("///sessions")], [401, 401, 429]);
  await world.request("//nope");
  await world.request("//users");
  assert.deepEqual(Object.fromEntries(world.metrics.refusals), {
    wrong_login: 2,
    too_many_tries: 1,
    not_found: 1,
    method_not_allowed: 1,
  });
});

test("encoded slashes and trailing slashes do not count as repeated", async () => {
  await using world = await createWorld();
  for (const path of [
    "/users/",
    "/users//",
    "//users/",
    "/%2Fusers",
    "/%2fusers",
    "//%2Fusers",
    "/%2F/users",
    "/users%2F",
  ]) {
    await assertRejected(world.request(path, form(bob)), 404);
  }
  assert.ok(await world.db.users.isEmpty());
  for (const path of ["//", "///", "//?a=b"])
    assert.equal(await readStatusAndBody(world.request(path)), '200 {"message":"Bienvenue"}\n');
});

test("no path redirects or links to another host", async () => {
  await using world = await createWorld();
  await register(world);
  const Cookie = `session_id=${await logIn(world)}`;
  for (const path of [
    "//evil.example",
    "//evil.example/account",
    "//evil.example//account//password",
    "///evil.example/login",
    "//login",
    "//account",
    "//logout",
    "//.well-known//change-password",
  ]) {
    for (const cookie of ["", Cookie]) {
      for (const method of ["GET", "POST"]) {
        const response = await world.request(path, { method, headers: { Accept: "text/html", Cookie: cookie } });
        assert.doesNotMatch(response.headers.get("Location") ?? "/", /^(?!\/(?![/\\]))|return_to=(%2F){2}/i, path);
        assert.doesNotMatch(await response.text(), /(href|src|action)="(\/\/|\/\\|https?:)/, path);
      }
    }
  }
});

test("over a socket, whole and chunked bodies arrive, and TRACE gets 405", async () => {
  await using world = await createWorld();
  await using server = closeAfterTest(
    await serve({ fetch: world.app.fetch, host: "127.0.0.1", port: 0, log: world.auth.log }),
  );
  using connection = await openRawConnection(server.port);
  const urlencoded = { "Content-Type": "application/x-www-form-urlencoded" };
  connection.send(formatRequest("POST //users", urlencoded, "email=bob@example.com&password=b4l0u"));
  assert.equal((await connection.readResponse()).body, '{"email":"bob@example.com","message":"user created"}\n');
  const text = "email=bob@example.com&password=b4l0u";
  connection.send(formatRequest("POST //sessions", { ...urlencoded, "Transfer-Encoding": "chunked" }));
  for (const character of text) connection.send(`1\r\n${character}\r\n`);
  connection.send("0\r\n\r\n");
  assert.equal((await connection.readResponse()).body, '{"email":"bob@example.com","message":"logged in"}\n');
  connection.send(formatRequest("TRACE //profile"));
  const trace = await connection.readResponse();
  assert.deepEqual([trace.status, trace.headers.get("allow")], [405, "GET, HEAD, DELETE"]);
  connection.send(formatRequest("POST //users", { ...urlencoded, "Content-Length": "20000" }));
  assert.equal((await connection.readResponse()).status, 413);
});

test("an app mounted in another one accepts repeated slashes, too", async () => {
  await using world = await createWorld();
  const outer = new Hono().mount("/auth", world.app.fetch as (request: Request) => Response);
  const send = async (path: string, init?: RequestInit) => outer.fetch(new Request(`http://localhost${path}`, init));
  assert.equal(
    await readStatusAndBody(send("/auth//users", form(bob))),
    '200 {"email":"bob@example.com","message":"user created"}\n',
  );
  assert.equal((await send("/auth///sessions//others")).headers.get("Allow"), "DELETE");
});
