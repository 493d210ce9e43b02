import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./service.ts";

export const email = "bob@example.com";
export const password = "b4l0u";

/** Milliseconds within which every request gets a response while the database is unavailable. */
const maxResponseTime = 2000;
/** Milliseconds within which the service recovers once the database is available again. */
const maxRecoveryTime = 5000;
/** Extra milliseconds for a busy machine. A request that hangs takes longer. */
const slack = 1500;

/** Sends a request, with a form if there are fields. */
export function sendForm(
  service: Service,
  method: string,
  path: string,
  fields?: Record<string, string>,
  cookie?: string,
) {
  return fetch(new URL(path, service.url), {
    method,
    headers: cookie === undefined ? {} : { Cookie: cookie },
    body: fields ? new URLSearchParams(fields) : null,
  });
}

/** Retries a request until the status is 200. Before the deadline it may be 503, but no other status. */
async function retryUntilOk(
  request: () => Promise<Response>,
  deadline = performance.now() + maxRecoveryTime,
): Promise<Response> {
  for (;;) {
    const response = await request();
    const text = await response.text();
    if (response.status === 200) return response;
    assert.equal(response.status, 503, text);
    assert.ok(performance.now() < deadline, "the service did not recover in time");
    await sleep(20);
  }
}

/**
 * Starts a service that connects to two servers, with up to three attempts. It waits only half as long for each server, which
 * can be too short on a busy machine.
 */
export async function retryStart<T>(start: () => Promise<T>, attempts = 3): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (attempts > 1 && /cannot use \S+: it is unreachable;/.test(String(error)))
      return retryStart(start, attempts - 1);
    throw error;
  }
}

/** Registers a user, logs in, and returns the cookie. */
export async function registerAndLogIn(service: Service, address = email): Promise<string> {
  await retryUntilOk(() => sendForm(service, "POST", "/users", { email: address, password }));
  const login = await retryUntilOk(() => sendForm(service, "POST", "/sessions", { email: address, password }));
  return login.headers.get("Set-Cookie")?.split(";")[0] ?? assert.fail("no cookie");
}

/**
 * Sends `count` requests at the same time, to each node in turn, and counts the responses by status. A 503, which a busy
 * machine can cause, is retried.
 */
export async function countStatuses(
  nodes: Service[],
  count: number,
  request: (node: Service, i: number) => Promise<Response>,
) {
  const statuses: Record<number, number> = {};
  const sendUntilServed = async (i: number): Promise<Response> => {
    const response = await request(nodes[i % nodes.length] as Service, i);
    if (response.status !== 503) return response;
    // An immediate retry would add load to a busy service.
    await sleep(100);
    return sendUntilServed(i);
  };
  const responses = await Promise.all(Array.from({ length: count }, (_, i) => sendUntilServed(i)));
  for (const response of responses) {
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    await response.text();
  }
  return statuses;
}

/** Asserts that every kind of request promptly gets a 503 with Retry-After. */
export async function assertUnavailable(service: Service, cookie: string): Promise<void> {
  const requests = [
    ["GET", "/profile", undefined],
    ["GET", "/health/ready", undefined],
    ["POST", "/users", { email: "alice@example.com", password }],
    ["POST", "/sessions", { email, password }],
    ["POST", "/reset_password", { email }],
  ] as const;
  const started = performance.now();
  const responses = await Promise.all(
    requests.map(([method, path, fields]) => sendForm(service, method, path, fields, cookie)),
  );
  const waited = performance.now() - started;
  assert.ok(waited < maxResponseTime + slack, `responded after ${Math.round(waited)} ms`);
  for (const [i, response] of responses.entries()) {
    assert.equal(response.status, 503, requests[i]?.slice(0, 2).join(" "));
    assert.ok(Number(response.headers.get("Retry-After")) >= 1);
    assert.deepEqual(await response.json(), { message: "the database is unavailable; try again" });
  }
  assert.equal((await sendForm(service, "GET", "/health/live")).status, 200);
}

/** Asserts that the same process serves existing sessions and new logins again in time. */
export async function assertRecovered(service: Service, cookie: string): Promise<void> {
  const deadline = performance.now() + maxRecoveryTime;
  await retryUntilOk(() => sendForm(service, "GET", "/health/ready"), deadline);
  await retryUntilOk(() => sendForm(service, "GET", "/profile", undefined, cookie), deadline);
  await retryUntilOk(() => sendForm(service, "POST", "/sessions", { email, password }), deadline);
  assert.equal(service.process.exitCode, null);
}

/** Registers one user after the other until the signal aborts, and returns the acknowledged addresses. */
export function registerUntilAborted(signal: AbortSignal, service: Service, prefix: string): Promise<string[]> {
  const registering = register(signal, service, prefix);
  // A failing test stops the service. The error that this causes must not hide the error of the test.
  registering.catch(() => {});
  return registering;
}

async function register(signal: AbortSignal, service: Service, prefix: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; !signal.aborted; i++) {
    const address = `${prefix}${i}@example.com`;
    const response = await sendForm(service, "POST", "/users", { email: address, password });
    await response.body?.cancel();
    if (response.status === 200) {
      acknowledged.push(address);
      continue;
    }
    assert.equal(response.status, 503);
    // Immediate retries would give a service without a database more load than one with it.
    await sleep(20);
  }
  return acknowledged;
}

/** Asserts that every acknowledged user can log in. */
export async function assertRegistered(service: Service, acknowledged: readonly string[]): Promise<void> {
  assert.ok(acknowledged.length > 0);
  for (const address of acknowledged) {
    await retryUntilOk(() => sendForm(service, "POST", "/sessions", { email: address, password }));
  }
}
