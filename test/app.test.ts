import assert from "node:assert/strict";
import { type AppOptions, createApp } from "../src/app.ts";
import { Auth } from "../src/auth/auth.ts";
import { silent } from "../src/observe/log.ts";
import { Counters, uncounted } from "../src/observe/metrics.ts";
import { untraced } from "../src/observe/tracing.ts";
import { readSettings } from "../src/settings/settings.ts";
import { test } from "./support/engines.ts";
import { assertRejected, bob, readStatusAndBody } from "./support/steps.ts";
import { createRecordingLog, createWorld, form, productionEnvironment } from "./support/world.ts";

const allowed: Record<string, string> = {
  "/": "GET, HEAD, POST, PUT, DELETE",
  "/users": "POST",
  "/sessions": "GET, HEAD, POST, DELETE",
  "/sessions/confirm": "POST",
  "/sessions/others": "DELETE",
  [`/sessions/${"h".repeat(43)}`]: "DELETE",
  "/profile": "GET, HEAD, DELETE",
  "/profile/password": "PUT",
  "/profile/email": "PUT",
  "/profile/export": "GET, HEAD",
  "/reset_password": "POST, PUT",
  "/email_verification": "POST, PUT",
  "/health/live": "GET, HEAD",
  "/health/ready": "GET, HEAD",
  "/metrics": "GET, HEAD",
};
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "FOO", "get"];

test("an unsupported method gets 405, and Allow has the supported ones", async () => {
  await using world = await createWorld();
  for (const [path, Allow] of Object.entries(allowed)) {
    for (const method of methods) {
      const response = await world.request(path, { method });
      const has = Allow.split(", ").includes(method === "get" ? "GET" : method);
      assert.equal(response.status === 405, !has, `${method} ${path}`);
      assert.equal(response.headers.get("Allow"), has ? null : Allow, `${method} ${path}`);
      if (!has && method !== "HEAD") await assertRejected(response, 405, /^method not allowed; allowed: .*$/);
    }
  }
});

// id: unknown-route
test("an unknown path gets 404 with every method", async () => {
  await using world = await createWorld();
  const paths = ["/nope", "/Users", "/users.json", "/user", "/users/1", "//user", "/%00", "/%ff", "/%2f", "/*", "/:id"];
  for (const path of paths) {
    for (const method of methods) {
      const response = await world.request(path, { method });
      assert.equal(response.status, 404, `${method} ${path}`);
      if (method !== "HEAD") await assertRejected(response, 404, /^not found$/);
    }
  }
});

test("a path with a trailing slash gets 404", async () => {
  await using world = await createWorld();
  for (const path of Object.keys(allowed).filter((each) => each !== "/")) {
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      await assertRejected(world.request(`${path}/`, { method }), 404);
    }
  }
});

test("an unknown query parameter is ignored", async () => {
  await using world = await createWorld();
  assert.equal(await readStatusAndBody(world.request("/?email=a&email=b")), '200 {"message":"Bienvenue"}\n');
  await assertRejected(world.request("/profile?session_id=x"), 403);
});

test("HEAD returns the status and headers of GET without the body", async () => {
  await using world = await createWorld();
  for (const path of ["/", "/profile", "/health/live", "/health/ready"]) {
    const [head, get] = [await world.request(path, { method: "HEAD" }), await world.request(path)];
    assert.equal(head.status, get.status);
    assert.deepEqual([...head.headers], [...get.headers]);
    assert.equal(await head.text(), "");
  }
});

// id: unforeseen-error
test("an unexpected error is logged in full, and the response reveals nothing about it", async () => {
  await using world = await createWorld();
  const fault = new Error("the log's disk at /var/log is full");
  const breaking = () => {
    throw fault;
  };
  const errors: object[] = [];
  const log = { ...silent, info: breaking, error: (fields: object) => void errors.push(fields) };
  const auth = new Auth(world.db, { settings: world.settings, log });
  const app = createApp(auth);
  const response = await app.fetch(new Request("http://localhost/users", form(bob)));
  assert.equal(await readStatusAndBody(response), '500 {"message":"internal error; the log has the details"}\n');
  assert.deepEqual(errors, [{ err: fault, requestId: response.headers.get("X-Request-Id"), path: "/users" }]);
  await auth.close();
});

test("an app uses the settings, log, metrics and tracing of its Auth, and ignores others", async () => {
  const settings = readSettings(productionEnvironment);
  await using world = await createWorld();
  const logged: Record<string, unknown>[] = [];
  const metrics = new Counters();
  const trace = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  const tracing = { ...untraced, activeSpan: () => trace };
  const auth = new Auth(world.db, { settings, log: createRecordingLog(logged), metrics, tracing });
  const others = { settings: world.settings, log: silent, metrics: uncounted, tracing: untraced };
  for (const { fetch } of [createApp(auth), createApp(auth, others as AppOptions)]) {
    const local = { incoming: { headers: {}, socket: { remoteAddress: "127.0.0.1" } } };
    const send = async (path: string, init: RequestInit = {}) => {
      const headers = { Host: "localhost", ...init.headers } as Record<string, string>;
      return fetch(new Request(`http://localhost${path}`, { ...init, headers }), local);
    };
    const reset = await send("/reset_password", form({ email: bob.email }));
    assert.equal(await readStatusAndBody(reset), '200 {"email":"bob@example.com","message":"reset mail sent"}\n');
    assert.match(reset.headers.get("Strict-Transport-Security") ?? "", /^max-age=/);
    assert.equal((await send("/dev/outbox")).status, 404);
    assert.equal((await send("/metrics")).status, 404);
    assert.equal(metrics.refusals.get("not_found"), 2);
    metrics.refusals.clear();
    const page = await send("/login", { headers: { Accept: "text/html" } });
    assert.match(page.headers.getSetCookie().join(), /^__Host-form=.*; Secure/);
    assert.equal(logged.at(-1)?.trace_id, trace.traceId);
    logged.length = 0;
  }
  await auth.close();
});
