import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startTracing } from "../../src/observe/start-tracing.ts";
import { untraced } from "../../src/observe/tracing.ts";
import { createTemporaryFolder, startService } from "../support/service.ts";
import { form } from "../support/world.ts";

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Record<string, unknown>;
  readonly status: { code: number; message?: string };
  readonly events: unknown[];
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
}

const sdk = fileURLToPath(new URL("../support/tracing-sdk.ts", import.meta.url));
const bob = { email: "bob@example.com", password: "b4l0u" };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

/** Starts the service with an SDK that writes spans to standard error. */
async function startWithSdk(environment: Record<string, string> = {}) {
  const service = await startService({ NODE_OPTIONS: `--import=${sdk}`, ...environment });
  const spans: Span[] = [];
  const lines = createInterface({ input: service.process.stderr as NodeJS.ReadableStream });
  lines.on("line", (line) => spans.push(JSON.parse(line)));
  return {
    service,
    spans,
    /** Removes and returns the next span with this name. */
    async span(name: string): Promise<Span> {
      for (;;) {
        const index = spans.findIndex((span) => span.name === name);
        if (index !== -1) return spans.splice(index, 1)[0] as Span;
        await once(lines, "line");
      }
    },
    send: (path: string, init: RequestInit = {}) => fetch(`${service.url}${path}`, init),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

let shared: ReturnType<typeof startWithSdk> | undefined;
after(async () => (await shared)?.[Symbol.asyncDispose]());

/** The service of the tests that only send requests. The hashes of this service take long enough to overlap. */
const sharedService = () => (shared ??= startWithSdk({ BCRYPT_COST: "8" }));

test("a request gets a server span in the caller's trace, and its hash gets a child span", async () => {
  const world = await sharedService();
  const headers = { traceparent: `00-${traceId}-${spanId}-01` };
  await world.send("/users?token=s3cret", form(bob, { headers }));
  const hash = await world.span("hash password");
  const { attributes, ...server } = await world.span("POST /users");
  assert.deepEqual([server.kind, server.traceId, server.parent, server.status.code], [1, traceId, spanId, 0]);
  assert.deepEqual([hash.traceId, hash.parent, hash.attributes], [traceId, server.spanId, {}]);
  assert.deepEqual(attributes, {
    "http.request.method": "POST",
    "http.route": "/users",
    "url.path": "/users",
    "url.scheme": "http",
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
  });
});

test("a span has the name of its route, without values of parameters", async () => {
  const world = await sharedService();
  await world.send(`/sessions/${"a".repeat(43)}`, { method: "DELETE" });
  const { attributes } = await world.span("DELETE /sessions/:id");
  assert.equal(attributes["http.route"], "/sessions/:id");
  assert.ok(!("url.path" in attributes));
});

test("simultaneous requests have separate spans", async () => {
  const world = await sharedService();
  const logins = Array.from({ length: 8 }, () => world.send("/sessions", form({ ...bob, email: "eve@example.com" })));
  await Promise.all(logins);
  const pairs = await Promise.all(
    logins.map(async () => [await world.span("hash password"), await world.span("POST /sessions")] as const),
  );
  const parents = pairs.map(([hash]) => hash.parent).sort();
  assert.deepEqual(parents, pairs.map(([, server]) => server.spanId).sort());
  assert.equal(new Set(parents).size, 8);
  for (const [, { status, attributes }] of pairs)
    assert.deepEqual([status.code, attributes["http.response.status_code"]], [0, 401]);
});

test("spans contain no client data", async () => {
  const world = await sharedService();
  const secret = "s3cret";
  const headers = { Cookie: `session_id=${secret}`, "User-Agent": secret, Authorization: secret };
  await world.send(`/${secret}?${secret}`, { headers });
  await world.send("/users", form({ email: `${secret}@example.com`, password: secret }, { headers }));
  await world.send(`/profile?${secret}`, { method: "PROPFIND", headers });
  const spans = [await world.span("GET"), await world.span("POST /users"), await world.span("HTTP /profile")];
  assert.equal(spans[2]?.attributes["http.request.method"], "_OTHER");
  assert.ok(!("url.path" in (spans[0]?.attributes ?? {})));
  assert.ok(!JSON.stringify([...spans, ...world.spans]).includes(secret));
});

test("a malformed traceparent is ignored", async () => {
  const world = await sharedService();
  for (const traceparent of [`00-${traceId}-${spanId}`, `00-${"0".repeat(32)}-${spanId}-01`]) {
    await world.send("/", { headers: { traceparent } });
    const { traceId: own, parent } = await world.span("GET /");
    assert.notEqual(own, traceId);
    assert.equal(parent, undefined);
  }
});

test("a response with 503 marks its span as failed, and its log line has the span's ids", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "accounts.db");
  await using world = await startWithSdk({ DATABASE_URL: `sqlite:${path}` });
  using other = new DatabaseSync(path);
  other.exec("begin exclusive");
  assert.equal((await world.send("/users", form(bob))).status, 503);
  const server = await world.span("POST /users");
  assert.deepEqual([server.status, server.attributes["error.type"], server.events], [{ code: 2 }, "503", []]);
  const line = world.service.logEntries.find(({ event }) => event === "unavailable");
  assert.deepEqual([line?.trace_id, line?.span_id], [server.traceId, server.spanId]);
});

test("without an SDK there is no tracing, and OpenTelemetry's API is not loaded", async () => {
  assert.equal(await startTracing({ routeOf: () => "other", isTrusted: () => true }), untraced);
  assert.equal(await untraced.span("x", async () => 1), 1);
  assert.equal(untraced.activeSpan(), undefined);
});
