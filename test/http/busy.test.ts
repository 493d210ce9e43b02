import assert from "node:assert/strict";
import type { Environment } from "../../src/settings/settings.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { computeQueueCapacity, createWorldWithFullQueue } from "../support/full-queue.ts";
import { createProductionWorld, logInForCookies, owner, registerAndVerify } from "../support/production.ts";
import { bob } from "../support/steps.ts";
import { createWorld, form, productionEnvironment, type World } from "../support/world.ts";

/** Returns an address. Each number gives an address of another network. */
const addressOf = (i: number) => `198.51.${i >> 8}.${i & 255}`;
/** Returns addresses of different networks. */
const addressesOf = (count: number) => Array.from({ length: count }, (_, i) => addressOf(i));

function logIn(world: World, ip: string, headers: Record<string, string> = {}): Promise<Response> {
  return world.request("/sessions", { ...form({ ...bob, password: "wrong" }, { headers }), ip });
}

/** Creates a world whose hash queue is full, with one login of each network. */
const createBusyWorld = (environment: Environment = {}) => createWorldWithFullQueue(environment, addressOf);

/** Sends logins, and waits until a further one is rejected. */
async function fill(world: World, ips: readonly string[]): Promise<Promise<Response>[]> {
  const logins = ips.map((ip) => logIn(world, ip));
  await waitUntil(async () => (await logIn(world, ips[0] as string)).status === 503);
  return logins;
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}

/** Waits for the next turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

/** Returns an empty body, and a function that returns true once the body is read. */
function createBody(): { body: ReadableStream; wasRead: () => boolean } {
  let read = false;
  const pull = (controller: ReadableStreamDefaultController) => {
    read = true;
    controller.close();
  };
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), wasRead: () => read };
}

const api = [
  "POST /users",
  "POST /sessions",
  "POST /sessions/confirm",
  "PUT /profile/password",
  "DELETE /profile",
  "PUT /reset_password",
  "PUT /email_verification",
];
const forms = ["login", "register", "reset", "verify", "account/password", "account/email", "account/export"]
  .concat("account/delete")
  .map((path) => `POST /${path}`);

// id: refused-before-body
test("while the hash queue is full, requests that hash a password are rejected before their body is read", async () => {
  await using world = await createBusyWorld({ CORS_ORIGINS: "https://app.example.com" });
  for (const route of [...api, ...forms]) {
    for (const [Accept, type] of [
      ["*/*", "application/json"],
      ["text/html", forms.includes(route) ? "text/html; charset=utf-8" : "application/json"],
    ] as const) {
      const [method = "", path = ""] = route.split(" ");
      const { body, wasRead } = createBody();
      const headers = { Accept, "Content-Type": "application/json", Origin: "https://app.example.com" };
      const response = await world.request(path, {
        method,
        headers,
        body,
        duplex: "half",
        ip: "192.0.2.1",
      } as RequestInit);
      assert.equal(response.status, 503, route);
      assert.equal(wasRead(), false, route);
      assert.match(response.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
      assert.equal(response.headers.get("Error-Code"), "busy");
      assert.equal(response.headers.get("Cache-Control"), "no-store");
      assert.equal(response.headers.get("Content-Type"), type, route);
      assert.equal(response.headers.get("Access-Control-Allow-Origin"), "https://app.example.com");
      assert.match(await response.text(), /Try again in|too many logins; try again in/);
    }
  }
  for (const path of ["/profile", "/health/live", "/login", "/"])
    assert.notEqual((await world.request(path, { ip: "192.0.2.1" })).status, 503, path);
});

test("the page of a busy response is in the user's language, and contains nothing of another request", async () => {
  await using world = await createBusyWorld();
  const post = async (path: string, language: string, cookie = "") => {
    const headers = { Accept: "text/html", "Accept-Language": language, Cookie: cookie };
    const response = await world.request(path, { ...form({}, { headers }), ip: "192.0.2.1" });
    return { text: await response.text(), set: response.headers.getSetCookie() };
  };
  const first = await post("/login?return_to=/secret&token=t0ken", "fr", "session_id=s3cret");
  const { text, set } = await post("/login", "fr");
  assert.match(text, /<html lang="fr">/);
  assert.ok(!/s3cret|t0ken|secret/.test(first.text + text));
  assert.deepEqual([...first.set, ...set], []);
  assert.match((await post("/login", "en")).text, /<html lang="en">/);
  assert.match((await post("/login?lang=fr", "en")).text, /<html lang="fr">/);
});

test("logins that the queue rejects write nothing, and share one audit entry", async () => {
  if (getCurrentEngine() === "postgres") return;
  await using database = await createEmptyDatabase(getCurrentEngine());
  await using world = await createBusyWorld({ ...productionEnvironment, DATABASE_URL: database.url });
  for (let i = 0; i < 150; i++) {
    const { status } = await world.request("/sessions", {
      ...form({ email: `${i}@x.org`, password: "x" }),
      ip: "192.0.2.1",
    });
    assert.equal(status, 503);
  }
  await world.auth.flush();
  assert.deepEqual(await database.run("select key from attempts where key like '%192.0.2.1%'"), []);
  assert.deepEqual(await database.run("select event from events where ip = '192.0.2.1'"), []);
  await world.auth.close();
  const refusals = await world.auth.audit.list({ limit: 1000 });
  const merged = refusals.filter(({ event }) => event === "request_refused");
  assert.equal(merged.length, 1);
  assert.match(merged[0]?.detail ?? "", /^busy, 15\d times$/);
});

test("a request with an invented device cookie is rejected before its body is read", async () => {
  await using world = await createBusyWorld(productionEnvironment);
  for (const count of [1, 5, 6]) {
    const { body, wasRead } = createBody();
    const Cookie = Array.from({ length: count }, (_, i) => `__Host-device_id=${String(i).repeat(43)}`).join("; ");
    const headers = { Cookie, "Content-Type": "application/json" };
    const sent = { method: "POST", headers, body, duplex: "half", ip: "192.0.2.1" } as RequestInit;
    assert.equal((await world.request("/sessions", sent)).status, 503);
    assert.equal(wasRead(), false);
  }
});

test("five /64 networks of one subscriber do not block other callers", async () => {
  const capacity = computeQueueCapacity(13);
  await using world = await createWorld({ BCRYPT_COST: "13" });
  const flood = await fill(
    world,
    Array.from({ length: 3 * capacity }, (_, i) => `2001:db8:1:${(i % 5) * 0x1000}::${i}`),
  );
  let rejected = 0;
  for (const login of flood) void login.then(({ status }) => (rejected += Number(status === 503)));
  await waitUntil(async () => rejected >= flood.length - capacity);
  const before = rejected;
  const others = addressesOf(4).map((ip) => logIn(world, ip));
  await waitUntil(async () => rejected >= before + 4);
  assert.equal(rejected, before + 4, "each other network gets a slot of the subscriber");
  assert.equal(await Promise.race([...others, nextTurn()]), undefined, "the other networks keep their slots");
});

// id: known-device-logs-in
test("a known device can log in while a thousand networks try to", async () => {
  // At this cost the queue is so short that the database serves all of it in time, even on a slow machine.
  await using world = await createProductionWorld({ BCRYPT_COST: "11" });
  await registerAndVerify(world);
  const device = (await logInForCookies(world)).split("; ")[1] as string;
  const flood = addressesOf(1000).map((ip) => logIn(world, ip));
  await waitUntil(async () => (await logIn(world, "192.0.2.1")).status === 503);
  await logInForCookies(world, owner, device, "192.0.2.1");
  await world.auth.close();
  await Promise.all(flood);
});

test("callers without an address share the queue like one network, and among themselves by account", async () => {
  const capacity = computeQueueCapacity(12);
  await using world = await createWorld({ BCRYPT_COST: "12" });
  const { auth } = world;
  const logins = Array.from({ length: 2 * capacity }, () => auth.validLogin("flooded@example.com", "wrong"));
  let rejected = 0;
  for (const login of logins) login.catch(() => rejected++);
  await nextTurn();
  const before = rejected;
  assert.equal(before, capacity);
  const other = auth.validLogin("other@example.com", "wrong");
  const network = auth.validLogin("other@example.com", "wrong", { ip: "192.0.2.1" });
  for (const login of [other, network]) login.catch(() => {});
  await waitUntil(async () => rejected >= before + 2);
  assert.equal(await Promise.race([other, network, nextTurn()]), undefined);
});
