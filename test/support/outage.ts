import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./service.ts";

export const email = "bob@example.com";
export const password = "b4l0u";

/**
 * The maximum time of a response while the database is unavailable, and until full recovery after its return, in milliseconds.
 */
const maxResponseTime = 2000;
const maxRecoveryTime = 5000;
/** Tolerance for a busy machine, in milliseconds: the test must fail if a request hangs. */
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

/** Repeats a request until the response is 200. Until the deadline it may be 503, but nothing else. */
async function retryUntilOk(
  ask: () => Promise<Response>,
  deadline = performance.now() + maxRecoveryTime,
): Promise<Response> {
  for (;;) {
    const answer = await ask();
    const text = await answer.text();
    if (answer.status === 200) return answer;
    assert.equal(answer.status, 503, text);
    assert.ok(performance.now() < deadline, "it does not serve in time");
    await sleep(20);
  }
}

/**
 * Starts a service that connects to two servers. It waits only half as long for each, which can be too short on a busy machine,
 * so it is started up to three times.
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
  const answered = async (i: number): Promise<Response> => {
    const answer = await request(nodes[i % nodes.length] as Service, i);
    if (answer.status !== 503) return answer;
    // An immediate retry would add load to a busy service.
    await sleep(100);
    return answered(i);
  };
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => answered(i)));
  for (const answer of answers) {
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    await answer.text();
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
  const answers = await Promise.all(
    requests.map(([method, path, fields]) => sendForm(service, method, path, fields, cookie)),
  );
  const waited = performance.now() - started;
  assert.ok(waited < maxResponseTime + slack, `answered after ${Math.round(waited)} ms`);
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.status, 503, requests[i]?.slice(0, 2).join(" "));
    assert.ok(Number(answer.headers.get("Retry-After")) >= 1);
    assert.deepEqual(await answer.json(), { message: "the database is unavailable; try again" });
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

/** Registers one user after the other until it is aborted, and returns the acknowledged addresses. */
export function registerUntilAborted(signal: AbortSignal, service: Service, prefix: string): Promise<string[]> {
  const registering = register(signal, service, prefix);
  // A failing test ends the service; this error must not hide its own.
  registering.catch(() => {});
  return registering;
}

async function register(signal: AbortSignal, service: Service, prefix: string): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; !signal.aborted; i++) {
    const address = `${prefix}${i}@example.com`;
    const answer = await sendForm(service, "POST", "/users", { email: address, password });
    await answer.body?.cancel();
    if (answer.status === 200) {
      acknowledged.push(address);
      continue;
    }
    assert.equal(answer.status, 503);
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
