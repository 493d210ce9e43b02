import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { promisify } from "node:util";
import { localUrl } from "../../src/http/local-url.ts";
import { serve } from "../../src/http/server.ts";
import { exampleRequests } from "../../src/observe/example-requests.ts";
import { logStartup } from "../../src/observe/log-startup.ts";
import { createTemporaryFolder, startService } from "../support/service.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld } from "../support/world.ts";

const run = promisify(execFile);

test("localUrl returns a URL that reaches the service, for every HOST", () => {
  for (const [host, expected] of [
    ["0.0.0.0", "http://localhost:5000"],
    ["0", "http://localhost:5000"],
    ["::", "http://localhost:5000"],
    ["::0", "http://localhost:5000"],
    ["0:0:0:0:0:0:0:0", "http://localhost:5000"],
    ["::ffff:0.0.0.0", "http://localhost:5000"],
    ["127.0.0.1", "http://127.0.0.1:5000"],
    ["::1", "http://[::1]:5000"],
    ["0:0:0:0:0:0:0:1", "http://[::1]:5000"],
    ["2001:DB8::1", "http://[2001:db8::1]:5000"],
    ["::ffff:127.0.0.1", "http://[::ffff:7f00:1]:5000"],
    ["fe80::1%eth0", "http://[fe80::1%25eth0]:5000"],
    ["localhost", "http://localhost:5000"],
    ["auth.internal", "http://auth.internal:5000"],
    ["my_host", "http://my_host:5000"],
  ] as const) {
    assert.equal(localUrl(host, 5000), expected, host);
  }
});

/** A link-local address of this machine, with its interface. */
const linkLocal = Object.entries(networkInterfaces())
  .flatMap(([name, addresses = []]) => addresses.map(({ address }) => ({ name, address })))
  .filter(({ address }) => address.startsWith("fe80:"))
  .map(({ name, address }) => `${address}%${name}`)[0];

interface RunningService extends AsyncDisposable {
  readonly url: string;
  /** Returns the logged example requests. */
  loggedRequests(): unknown;
}

const findExampleRequests = (logEntries: Record<string, unknown>[]) =>
  logEntries.find(({ event }) => event === "first_run")?.try;

/** Starts the service as a process. */
async function startProgram(HOST: string): Promise<RunningService> {
  const service = await startService({ HOST });
  const loggedRequests = async () => {
    assert.equal(await service.stop("SIGTERM"), 0);
    return findExampleRequests(service.logEntries);
  };
  return { ...service, loggedRequests };
}

/** Starts the service in this process. */
async function startInProcess(HOST: string): Promise<RunningService> {
  await using resources = new AsyncDisposableStack();
  const { settings, app, auth, logEntries } = resources.use(await createWorld({ HOST }));
  const server = resources.use(closeAfterTest(await serve({ fetch: app.fetch, host: HOST, port: 0, log: auth.log })));
  const url = localUrl(HOST, server.port);
  logStartup(settings, auth.log, url, true);
  const opened = resources.move();
  return {
    url,
    loggedRequests: () => findExampleRequests(logEntries),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

for (const HOST of ["::1", "::", "0.0.0.0", "127.0.0.1", "localhost", "::ffff:127.0.0.1", linkLocal]) {
  const skip = HOST === undefined && "this machine has no link-local address";
  const start = HOST === "::1" ? startProgram : startInProcess;
  test(`the logged example requests work when pasted into a shell, with HOST=${HOST}`, { skip }, async () => {
    await using folder = await createTemporaryFolder();
    await using service = await start(HOST as string);
    const steps = exampleRequests(service.url);
    const responses: string[] = [];
    for (const step of steps.slice(0, 4)) {
      const { stdout } = await run("sh", ["-c", step.replace(/^curl/, "curl -sS --max-time 20")], { cwd: folder.path });
      responses.push(stdout);
    }
    const bob = "bob@example.com";
    assert.deepEqual(
      responses.map((response) => JSON.parse(response)),
      [
        { message: "Bienvenue" },
        { email: bob, message: "user created" },
        { email: bob, message: "logged in" },
        { email: bob },
      ],
    );
    assert.deepEqual(await service.loggedRequests(), steps);
  });
}

test("a URL that a shell would read as a pattern is quoted", () => {
  for (const step of exampleRequests("http://[::1]:5000")) assert.match(step, /"http:\/\/\[::1\]:5000\/\w*"/);
  for (const step of exampleRequests("http://localhost:5000")) assert.ok(!step.includes('"'));
});
