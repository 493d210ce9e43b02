import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { countStatuses, password, registerAndLogIn, sendForm } from "../../support/outage.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";
import { type Service, startService } from "../../support/service.ts";

let server: PostgresServer;
/** Five nodes that start at the same time on an empty database. */
let starts: Promise<Service>[];
/** Two of the five nodes. */
let one: Service;
let two: Service;
const resources = new AsyncDisposableStack();
before(async () => {
  server = resources.use(await startPostgres({ configuration: { max_connections: 300 } }));
  starts = Array.from({ length: 5 }, async () => resources.use(await startService({ DATABASE_URL: server.url })));
  // If one fails to start, the others are still stopped.
  await Promise.allSettled(starts);
  [one, two] = (await Promise.all(starts)) as [Service, Service];
});
after(() => resources.disposeAsync());

test("200 simultaneous registrations of an address over two nodes create exactly one account", async () => {
  const email = "bob@example.com";
  const statuses = await countStatuses([one, two], 200, (node) =>
    sendForm(node, "POST", "/users", { email, password }),
  );
  assert.deepEqual(statuses, { 200: 1, 400: 199 });
});

// id: redeemed-once
test("200 simultaneous redemptions of one reset token over two nodes change the password exactly once", async () => {
  const email = "mia@example.com";
  await registerAndLogIn(one, email);
  const { reset_token } = (await (await sendForm(one, "POST", "/reset_password", { email })).json()) as {
    reset_token: string;
  };
  const passwords: string[] = [];
  const statuses = await countStatuses([one, two], 200, async (node, i) => {
    const response = await sendForm(node, "PUT", "/reset_password", { email, reset_token, new_password: `new ${i}` });
    if (response.status === 200) passwords.push(`new ${i}`);
    return response;
  });
  assert.deepEqual(statuses, { 200: 1, 403: 199 });
  assert.equal((await sendForm(two, "POST", "/sessions", { email, password: passwords[0] as string })).status, 200);
});

// id: ended-on-every-node
test("after a logout or a password reset on one node, the other rejects the session immediately", async () => {
  const email = "eve@example.com";
  const cookie = await registerAndLogIn(one, email);
  assert.equal((await sendForm(two, "GET", "/profile", undefined, cookie)).status, 200);
  const out = await fetch(`${one.url}/sessions`, { method: "DELETE", headers: { Cookie: cookie }, redirect: "manual" });
  assert.equal(out.status, 302);
  assert.equal((await sendForm(two, "GET", "/profile", undefined, cookie)).status, 403);

  const login = await sendForm(two, "POST", "/sessions", { email, password });
  const again = login.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  const { reset_token } = (await (await sendForm(one, "POST", "/reset_password", { email })).json()) as {
    reset_token: string;
  };
  const reset = { email, reset_token, new_password: "t4rt1fl3tt3" };
  assert.equal((await sendForm(one, "PUT", "/reset_password", reset)).status, 200);
  assert.equal((await sendForm(two, "GET", "/profile", undefined, again)).status, 403);
});

test("a login that races a password reset on another node opens no session that survives the reset", async () => {
  const email = "ada@example.com";
  await registerAndLogIn(one, email);
  for (let i = 0; i < 20; i++) {
    const old = i === 0 ? password : `new ${i - 1}`;
    const { reset_token } = (await (await sendForm(one, "POST", "/reset_password", { email })).json()) as {
      reset_token: string;
    };
    const [reset, ...logins] = await Promise.all([
      sendForm(one, "PUT", "/reset_password", { email, reset_token, new_password: `new ${i}` }),
      ...Array.from({ length: 6 }, () => sendForm(two, "POST", "/sessions", { email, password: old })),
    ]);
    assert.equal(reset?.status, 200);
    for (const login of logins) {
      const cookie = login.headers.get("Set-Cookie")?.split(";")[0];
      if (cookie) assert.equal((await sendForm(two, "GET", "/profile", undefined, cookie)).status, 403, `round ${i}`);
      else assert.equal(login.status, 401);
    }
  }
});

test("five nodes that start at the same time on an empty database migrate it once, and all work", async () => {
  const [first, ...others] = await Promise.all(starts);
  assert.ok(first);
  const cookie = await registerAndLogIn(first, "amy@example.com");
  for (const node of others) assert.equal((await sendForm(node, "GET", "/profile", undefined, cookie)).status, 200);
});

test("a rolling restart under load fails no accepted request", async () => {
  const DATABASE_URL = server.url;
  const cookie = await registerAndLogIn(one, "joe@example.com");
  await using nodes = new AsyncDisposableStack();
  let current = two;
  let running = true;
  /** Throttles the load while a node starts. */
  let isStarting = true;
  let responseCount = 0;
  /**
   * Behaves like a load balancer, which skips a node that refuses connections. Every response must be correct, except that a node
   * that has just started may return 503.
   */
  const load = async () => {
    while (running) {
      if (isStarting) await sleep(10);
      const node = current;
      const [response, failure] = await sendForm(node, "GET", "/profile", undefined, cookie).then(
        (response) => [response, undefined] as const,
        (error: Error & { cause?: { code?: string } }) => [undefined, error.cause?.code] as const,
      );
      await response?.text();
      if (response?.status === 503 && node === current) continue;
      if (response) assert.equal(response.status, 200);
      else assert.equal(failure, "ECONNREFUSED");
      responseCount++;
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, load));
  clients.catch(() => {
    running = false;
  });
  for (let i = 0; i < 3; i++) {
    isStarting = true;
    const next = nodes.use(await startService({ DATABASE_URL }));
    isStarting = false;
    let before = responseCount;
    while (running && responseCount < before + 50) await sleep(2);
    before = responseCount;
    const old = current;
    current = next;
    assert.equal(await old.stop("SIGTERM"), 0);
    while (running && responseCount < before + 150) await sleep(2);
  }
  running = false;
  await clients;
});
