import assert from "node:assert/strict";
import { test as testOnce } from "node:test";
import { createApp } from "../../src/app.ts";
import { createCallerFinder, type RequestContext } from "../../src/http/caller.ts";
import { traceSourceMatcher } from "../../src/http/peers.ts";
import { requestIdReader } from "../../src/http/request-ids.ts";
import { silent } from "../../src/observe/log.ts";
import { parseTraceParent, toLogFields } from "../../src/observe/request-ids.ts";
import { untraced } from "../../src/observe/tracing.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { withCookie } from "../support/steps.ts";
import { createWorld, type World } from "../support/world.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${spanId}-01`;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Sends a request that gets 503, checks the request id of the response, and returns the log entry. */
async function requestUnavailable(world: World, headers: Record<string, string>, ip?: string) {
  world.logEntries.length = 0;
  const response = await world.request("/profile?token=s3cret", {
    headers: { ...withCookie("session_id=x").headers, ...headers } as Record<string, string>,
    ...(ip !== undefined && { ip }),
  });
  assert.equal(response.status, 503);
  const [line, ...others] = world.logEntries;
  assert.equal(others.length, 0);
  assert.equal(line?.path, "/profile");
  assert.equal(line?.requestId, response.headers.get("X-Request-Id"));
  return line ?? {};
}

test("a request that gets 503 has its id in the log and in the response", async () => {
  await using world = await createWorld();
  await world.db.close();
  const [one, other] = [await requestUnavailable(world, {}), await requestUnavailable(world, {})];
  assert.match(String(one.requestId), uuid);
  assert.notEqual(one.requestId, other.requestId);
  assert.ok(!("trace_id" in one) && !("span_id" in one));
});

// id: ids-from-trusted-proxies
test("an id is accepted only from trusted proxies, a trace also from programs on this machine", async () => {
  await using world = await createWorld({ TRUSTED_PROXIES: "192.0.2.0/24,2001:db8::1" });
  await world.db.close();
  const headers = { "X-Request-Id": "abc.DEF_1-2", traceparent };
  for (const ip of ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"]) {
    const { requestId, trace_id, span_id } = await requestUnavailable(world, headers, ip);
    assert.deepEqual([requestId, trace_id, span_id], ["abc.DEF_1-2", traceId, spanId], ip);
  }
  for (const ip of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"]) {
    const { requestId, trace_id, span_id } = await requestUnavailable(world, headers, ip);
    assert.match(String(requestId), uuid, ip);
    assert.deepEqual([trace_id, span_id], [traceId, spanId], ip);
    // An undeclared proxy: both can come from any client.
    for (const name of ["X-Forwarded-For", "Via", "X-Real-IP"]) {
      const passedOn = await requestUnavailable(world, { ...headers, [name]: "198.51.100.7" }, ip);
      assert.match(String(passedOn.requestId), uuid, ip);
      assert.equal(passedOn.trace_id, undefined, ip);
    }
  }
  for (const ip of ["192.0.3.1", "10.0.0.1", "2001:db8::2", "::ffff:10.0.0.1", "nonsense", ""]) {
    const { requestId, trace_id } = await requestUnavailable(world, headers, ip);
    assert.match(String(requestId), uuid, ip);
    assert.equal(trace_id, undefined, ip);
  }
});

test("an implausible id is replaced", async () => {
  await using world = await createWorld({ TRUSTED_PROXIES: "127.0.0.1" });
  await world.db.close();
  for (const id of ["", "a b", "a,b", 'a"b', "a;b", "<a>", "é", "x".repeat(65)]) {
    assert.match(String((await requestUnavailable(world, { "X-Request-Id": id })).requestId), uuid, id);
  }
  const longest = "x".repeat(64);
  assert.equal((await requestUnavailable(world, { "X-Request-Id": longest })).requestId, longest);
});

test("responses below 500 have no id, so identical requests get identical responses", async () => {
  await using world = await createWorld();
  for (const path of ["/", "/profile", "/nope"]) {
    const response = await world.request(path, { headers: { "X-Request-Id": "abc" } });
    assert.equal(response.headers.get("X-Request-Id"), null);
  }
});

test("without the address of the peer, neither id nor trace is accepted", async () => {
  await using world = await createWorld();
  await world.db.close();
  const headers = { Cookie: "session_id=x", "X-Request-Id": "abc" };
  const response = await createApp(world.auth).fetch(new Request("http://localhost/profile", { headers }));
  assert.match(response.headers.get("X-Request-Id") ?? "", uuid);
});

testOnce("a caller contains the ids of its request, the same on each call", () => {
  const variables = new Map<string, unknown>();
  const raw = new Request("http://localhost/", { headers: { "X-Request-Id": "abc", traceparent } });
  const c = {
    env: { incoming: { headers: {}, socket: { remoteAddress: "127.0.0.1" } } },
    req: { raw, header: (name: string) => raw.headers.get(name) ?? undefined },
    get: (name: string) => variables.get(name),
    set: (name: string, value: unknown) => void variables.set(name, value),
  } as unknown as RequestContext;
  const settings = readSettings({ TRUSTED_PROXIES: "127.0.0.1" });
  const idsOf = requestIdReader(settings, untraced);
  const caller = createCallerFinder(settings, silent, idsOf);
  const { requestIds } = caller(c);
  assert.deepEqual(requestIds, { id: "abc", traceId, spanId });
  assert.equal(caller(c).requestIds, requestIds);
  assert.deepEqual(toLogFields(requestIds), { requestId: "abc", trace_id: traceId, span_id: spanId });
  assert.deepEqual(toLogFields({ id: "abc" }), { requestId: "abc" });
  assert.deepEqual(toLogFields(undefined), {});
});

testOnce("a traceparent is parsed as W3C Trace Context defines", () => {
  const trace = { traceId, spanId };
  for (const header of [
    traceparent,
    `00-${traceId}-${spanId}-00`,
    `cc-${traceId}-${spanId}-09`,
    `cc-${traceId}-${spanId}-01-what-comes`,
  ])
    assert.deepEqual(parseTraceParent(header), trace, header);
  for (const header of [
    undefined,
    "",
    `${traceparent} `,
    ` ${traceparent}`,
    `${traceparent}-`,
    `${traceparent}-more`,
    `${traceparent}, ${traceparent}`,
    `${traceparent}\n`,
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `cc-${traceId}-${spanId}-01.more`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}0-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-0g`,
    `00-${traceId}-${spanId}`,
  ])
    assert.equal(parseTraceParent(header), undefined, header);
});

testOnce("trusted peers are addresses or networks", () => {
  const isTrusted = traceSourceMatcher(["198.51.100.7", "2001:db8::/32"]);
  for (const address of ["198.51.100.7", "2001:db8:1::1", "127.255.0.1"])
    assert.equal(isTrusted(address), true, address);
  for (const address of [undefined, "", "198.51.100.8", "2001:db9::1", "x", "128.0.0.1"])
    assert.equal(isTrusted(address), false, address);
  assert.equal(isTrusted("127.0.0.1", ["host", "x-forwarded-for"]), false);
  assert.equal(isTrusted("198.51.100.7", ["host", "x-forwarded-for"]), true);
});
