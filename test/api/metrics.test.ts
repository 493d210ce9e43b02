import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test as testOnce } from "node:test";
import { createApp, routes } from "../../src/app.ts";
import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import { createRouteFinder } from "../../src/http/routes.ts";
import { Counters, Histogram } from "../../src/observe/metrics.ts";
import { createRegistry } from "../../src/observe/prometheus.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import { createTemporaryFolder, type Service, startService } from "../support/service.ts";
import { assertRejected, bob, register, withCookie } from "../support/steps.ts";
import { createWorld, form, productionEnvironment, type World } from "../support/world.ts";

const METRICS_TOKEN = "of-the-prometheus-server";

/** Returns the value of every sample by its name and labels. */
function parseSamples(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

async function scrape(world: World, init: RequestInit = {}): Promise<Map<string, number>> {
  const response = await world.request("/metrics", init);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  return parseSamples(await response.text());
}

async function scrapeService({ url }: Service): Promise<Map<string, number>> {
  return parseSamples(await (await fetch(`${url}/metrics`)).text());
}

const hidden = '404 {"message":"not found"}\n';
const requestMetrics = async (world: World, init: RequestInit & { ip?: string }) => {
  const response = await world.request("/metrics", init);
  return `${response.status} ${response.status === 200 ? "" : await response.text()}`;
};
const bearer = (authorization: string) => ({ headers: { Authorization: authorization } });

// id: closed-without-token
test("without METRICS_TOKEN, only this machine can read metrics in development, and no one in production", async () => {
  await using world = await createWorld();
  assert.equal(await requestMetrics(world, {}), "200 ");
  assert.equal(await requestMetrics(world, { ip: "192.0.2.1" }), hidden);
  assert.equal(await requestMetrics(world, { headers: { "X-Forwarded-For": "192.0.2.1" } }), hidden);
  await using production = await createWorld(productionEnvironment);
  for (const init of [{}, bearer("Bearer none"), bearer("Bearer "), bearer("Bearer null")])
    assert.equal(await requestMetrics(production, init), hidden);
  await assertRejected(production.request("/metrics", { method: "POST" }), 404);
});

test("with METRICS_TOKEN, only callers with the token can read metrics", async () => {
  for (const mode of [{}, productionEnvironment]) {
    await using world = await createWorld({ ...mode, METRICS_TOKEN });
    assert.equal(await requestMetrics(world, { ...bearer(`Bearer ${METRICS_TOKEN}`), ip: "192.0.2.1" }), "200 ");
    assert.equal(await requestMetrics(world, bearer(`bearer ${METRICS_TOKEN}`)), "200 ");
    for (const wrong of [
      "",
      METRICS_TOKEN,
      `Basic ${METRICS_TOKEN}`,
      "Bearer",
      `Bearer ${METRICS_TOKEN}x`,
      `Bearer ${METRICS_TOKEN.slice(1)}`,
      `Bearer x ${METRICS_TOKEN}`,
    ])
      assert.equal(await requestMetrics(world, bearer(wrong)), hidden, wrong);
    assert.equal(await requestMetrics(world, {}), hidden);
    const inQuery = await world.request(`/metrics?token=${METRICS_TOKEN}`);
    assert.equal(inQuery.status, 404);
  }
});

test("an app without counters has no metrics endpoint", async () => {
  await using world = await createWorld();
  const auth = new Auth(world.db, { settings: world.settings });
  const app = createApp(auth);
  const incoming = { headers: {}, socket: { remoteAddress: "127.0.0.1" } };
  const headers = { Host: "localhost" };
  assert.equal((await app.fetch(new Request("http://localhost/metrics", { headers }), { incoming })).status, 404);
  await auth.close();
});

test("refusals are counted by their code", async () => {
  await using world = await createWorld();
  await register(world);
  for (const _ of [1, 2]) await world.request("/sessions", form({ ...bob, password: "wrong" }));
  await world.request("/nope");
  await world.request("/users");
  await world.request("/profile");
  const found = await scrape(world);
  for (const [code, count] of Object.entries({ wrong_login: 2, not_found: 1, method_not_allowed: 1, not_logged_in: 1 }))
    assert.equal(found.get(`bienvenue_refusals_total{code="${code}"}`), count, code);
  assert.equal([...found.keys()].filter((key) => key.startsWith("bienvenue_refusals_total")).length, 4);
});

test("database errors are counted by their fault, and do not hide other metrics", async () => {
  await using world = await createWorld();
  await register(world);
  world.metrics.addQueue("mail", () => Promise.reject(new Error("no answer")));
  await world.db.close();
  for (const _ of [1, 2]) await world.request("/profile", withCookie("session_id=x"));
  const found = await scrape(world);
  assert.equal(found.get('bienvenue_database_errors_total{fault="closed"}'), 2);
  assert.equal(found.get('bienvenue_refusals_total{code="database_unavailable"}'), 2);
  assert.deepEqual(found.get("bienvenue_mail_queue_length"), Number.NaN);
  assert.equal(found.get("bienvenue_hash_queue_length"), 0);
});

testOnce("a failure to write when sessions were last used counts as a database error", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  const metrics = new Counters();
  const db = await openDB(`sqlite:${path}`);
  const auth = new Auth(db, {
    settings: readSettings({ BCRYPT_COST: "4" }),
    metrics,
    clock: () => Date.now() + 120_000,
  });
  await auth.registerUser(bob.email, bob.password);
  assert.ok(await auth.getUserFromSessionId(await auth.createSession(bob.email)));
  {
    using other = new DatabaseSync(path);
    other.exec("begin immediate");
    await auth.flush();
  }
  assert.deepEqual([...metrics.databaseErrors], [["locked", 1]]);
  await auth.close();
  await db.close();
});

testOnce("the metrics have the length of the hash queue, and how long passwords waited", async () => {
  await using world = await createWorld({ BCRYPT_COST: "8" });
  const login = () => world.request("/sessions", form({ ...bob, password: "wrong" }));
  const logins = Array.from({ length: 7 * availableParallelism() }, login);
  await Promise.race(logins);
  const waiting = (await scrape(world)).get("bienvenue_hash_queue_length") ?? 0;
  assert.ok(waiting > 0, String(waiting));
  await Promise.all(logins);
  const found = await scrape(world);
  assert.equal(found.get("bienvenue_hash_queue_length"), 0);
  assert.ok((found.get("bienvenue_hash_queue_wait_seconds_count") ?? 0) > waiting);
  assert.ok((found.get("bienvenue_hash_queue_wait_seconds_sum") ?? 0) > 0);
});

testOnce("each scrape counts the emails in the outbox", async () => {
  await using world = await createWorld();
  let mails = 3;
  world.metrics.addQueue("mail", async () => mails);
  assert.equal((await scrape(world)).get("bienvenue_mail_queue_length"), 3);
  mails = 2;
  assert.equal((await scrape(world)).get("bienvenue_mail_queue_length"), 2);
});

testOnce("responses are counted by method, route and status, and unknown paths create no new metrics", async () => {
  await using service = await startService({});
  const to = (path: string, init: RequestInit = {}) => fetch(`${service.url}${path}`, { redirect: "manual", ...init });
  await to("/profile?token=s3cret");
  await to("/profile", { method: "HEAD" });
  for (const id of ["a", "b"]) await to(`/sessions/${id.repeat(43)}`, { method: "DELETE" });
  await to("/users", { method: "POST", body: new URLSearchParams(bob) });
  for (const path of ["/users/", "/made-up-1", "/made-up-2"]) await to(path);
  for (const method of ["PROPFIND", "MKCOL", "PATCH"]) await to("/profile", { method });
  for (const bytes of [
    "nonsense\r\n\r\n",
    formatRequest("CONNECT example.com:443"),
    formatRequest("GET /", { Expect: "more" }),
  ]) {
    using connection = await openRawConnection(service.port);
    connection.send(bytes);
    await connection.readResponse();
  }
  const found = await scrapeService(service);
  const counted = [...found].filter(([key]) => key.startsWith("bienvenue_http_requests_total"));
  const key = (method: string, route: string, status: number) =>
    `bienvenue_http_requests_total{method="${method}",route="${route}",status="${status}"}`;
  assert.deepEqual(Object.fromEntries(counted), {
    [key("GET", "/profile", 403)]: 1,
    [key("HEAD", "/profile", 403)]: 1,
    [key("DELETE", "/sessions/:id", 403)]: 2,
    [key("POST", "/users", 200)]: 1,
    [key("GET", "other", 404)]: 3,
    [key("other", "/profile", 405)]: 3,
    [key("other", "other", 400)]: 1,
    [key("other", "other", 405)]: 1,
    [key("other", "other", 417)]: 1,
  });
  const durations = 'bienvenue_http_request_duration_seconds_count{method="GET",route="other"}';
  assert.equal(found.get(durations), 3);
  assert.equal(found.get('bienvenue_http_request_duration_seconds_count{method="other",route="other"}'), 0);
  const slowest = 'bienvenue_http_request_duration_seconds_bucket{le="+Inf",method="POST",route="/users"}';
  assert.equal(found.get(slowest), 1);
  assert.ok((found.get('bienvenue_http_request_duration_seconds_sum{method="POST",route="/users"}') ?? 0) > 0);
  assert.ok((found.get("process_resident_memory_bytes") ?? 0) > 1_000_000);
  const next = await scrapeService(service);
  assert.equal(next.get(key("GET", "/metrics", 200)), 1);
  assert.equal(next.get(key("POST", "/users", 200)), 1);
});

testOnce("the route of a request is the path of a resource, or other", () => {
  const routeOf = createRouteFinder([...routes, "/things/:id", "/things/others", "/things/:id/parts/:part"]);
  for (const route of routes.filter((path) => !path.includes(":"))) {
    assert.equal(routeOf(route), route);
    assert.equal(routeOf(`${route}?a=b?c`), route);
  }
  assert.equal(routeOf(`/sessions/${"a".repeat(43)}`), "/sessions/:id");
  assert.equal(routeOf("/assets/style-1.css"), "/assets/:name");
  assert.equal(routeOf("/things/1?x"), "/things/:id");
  assert.equal(routeOf("/things/others"), "/things/others");
  assert.equal(routeOf("/things/1/parts/2"), "/things/:id/parts/:part");
  for (const [url, route] of [
    ["//users", "/users"],
    ["///profile//password?a=//b", "/profile/password"],
    [`//sessions//${"a".repeat(43)}`, "/sessions/:id"],
    ["//", "/"],
    ["http://h", "/"],
    ["HTTPS://h:1/users", "/users"],
    ["http://h//users?x", "/users"],
  ] as const)
    assert.equal(routeOf(url), route, url);
  for (const url of [
    ...routes.filter((path) => path.includes("{")),
    undefined,
    "",
    "*",
    "/x",
    "/users/",
    "//users/",
    "/%2Fusers",
    "/things/",
    "/things/1/2",
    "x/things/1",
    "http://h/x",
    "http:///users",
  ])
    assert.equal(routeOf(url), "other", url);
});

testOnce("a duration counts in every bucket with an equal or larger limit", async () => {
  const counters = new Counters();
  for (const milliseconds of [0, 0.25, 0.5, 64, 16_384]) counters.countResponse("GET", "/", 200, milliseconds);
  const found = parseSamples(await createRegistry(counters).metrics());
  const bucket = (le: string) =>
    found.get(`bienvenue_http_request_duration_seconds_bucket{le="${le}",method="GET",route="/"}`);
  const at = ["0.00025", "0.0005", "0.05", "0.1", "10", "+Inf"].map(bucket);
  assert.deepEqual(at, [2, 3, 3, 4, 4, 5]);
  assert.equal(found.get('bienvenue_http_request_duration_seconds_sum{method="GET",route="/"}'), 16.44875);
  assert.equal(found.get('bienvenue_http_request_duration_seconds_count{method="GET",route="/"}'), 5);
  assert.deepEqual(
    [...Histogram.bounds].sort((a, b) => a - b),
    Histogram.bounds,
  );
});

testOnce("docs/observability.md names exactly the existing metrics, with type and labels", async () => {
  const text = await readFile(new URL("../../docs/observability.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \|(.*?)\| .+ \|$/gm)];
  const documented = new Map(
    rows.map(([, name, type, labels = ""]) => [
      name,
      [type, ...[...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
    ]),
  );
  const counters = new Counters();
  counters.countResponse("GET", "/", 200, 1);
  counters.countRefusal("busy");
  counters.databaseErrors.set("locked", 1);
  counters.countMail("sent");
  const exposed = await createRegistry(counters).metrics();
  const found = new Map(
    [...exposed.matchAll(/^# TYPE (bienvenue_\w+) (\w+)$/gm)].map(([, name = "", type]) => {
      const labels = new RegExp(`^${name}(?:_count)?\\{(.*)\\} `, "m").exec(exposed)?.[1] ?? "";
      return [name, [type, ...[...labels.matchAll(/(\w+)=/g)].map(([, label]) => label)]];
    }),
  );
  assert.ok(found.size >= 7);
  const own = new Map([...documented].filter(([name]) => name?.startsWith("bienvenue_")));
  assert.deepEqual(Object.fromEntries(own), Object.fromEntries(found));
  const ofNode = [...documented.keys()].filter((name) => !name?.startsWith("bienvenue_"));
  assert.ok(ofNode.length >= 2);
  for (const name of ofNode) assert.match(exposed, new RegExp(`^# TYPE ${name} `, "m"));
});
