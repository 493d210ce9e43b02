import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { formatEntry } from "../src/observe/format-entry.ts";
import { readSettings } from "../src/settings/settings.ts";
import { anyText } from "./support/any-text.ts";
import { runCommand } from "./support/commands.ts";
import { formatRequest, openRawConnection, type RawResponse } from "./support/raw-connection.ts";
import { createTemporaryFolder, runProgram, type Service, startService } from "./support/service.ts";

const names = Object.keys(readSettings());
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const account = "email=bob@example.com&password=b4l0u";

describe("the command", () => {
  test("logs its URL, mode and database", async () => {
    await using service = await startService({});
    const { event, mode, url, database, level } = service.logEntries[0] ?? {};
    assert.deepEqual(
      { event, mode, url, database, level },
      { event: "listening", mode: "development", url: service.url, database: "sqlite::memory:", level: "info" },
    );
    assert.equal(await (await fetch(service.url)).text(), '{"message":"Bienvenue"}\n');
  });

  test("--help prints the usage and every setting, and --version the version", async () => {
    for (const argument of ["--help", "-h"]) {
      const { code, stdout, stderr } = await runProgram({}, [argument]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^Usage: bienvenue \[command\]\n/);
      for (const word of ["migrate", "copy", "backup", "restore", "mail"])
        assert.match(stdout, new RegExp(`^ {2}${word} `, "m"));
      for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, "m"));
    }
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await runProgram({}, ["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("does not start with an unknown argument", async () => {
    const { code, stdout, stderr } = await runProgram({}, ["--port"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(stderr, "bienvenue: unknown option '--port'\nSee bienvenue --help\n");
  });

  // id: no-default-account
  test("logs example requests if the database has no account", async () => {
    await using folder = await createTemporaryFolder();
    const environment = { DATABASE_URL: `sqlite:${join(folder.path, "accounts.db")}` };
    const hint = ({ logEntries }: Service) => logEntries.find(({ event }) => event === "first_run");
    {
      await using service = await startService(environment);
      await fetch(`${service.url}/users`, { method: "POST", body: new URLSearchParams(account) });
      assert.equal(await service.stop("SIGTERM"), 0);
      const commands = hint(service)?.try as string[];
      assert.equal(commands.length, 7);
      assert.match(
        String(hint(service)?.risk),
        /reset tokens and \/dev\/outbox .* Host: localhost.*TCP forward or tunnel/,
      );
      for (const command of commands) assert.ok(command.startsWith("curl ") && command.includes(`${service.url}/`));
    }
    await using service = await startService(environment);
    assert.equal(await service.stop("SIGTERM"), 0);
    assert.equal(hint(service), undefined);
  });
});

describe("a failed start prints the reason without a stack, and exits with 1", () => {
  const fails = async (environment: Record<string, string>, message: RegExp, run = runCommand) => {
    const { code, stdout, stderr } = await run([], environment);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at |node:|\.ts\b/m);
  };

  test("because of invalid settings, all in one message", async () => {
    const wrong = { PORT: "x", BCRYPT_COST: "3", SESSION_IDLE: "1s", PUBLIC_URL: "y", LOG_LEVEL: "loud" };
    const lines = Object.entries(wrong).map(([name, value]) => `(?=[^]*\n {2}${name}=${value}: must be \\S)`);
    await fails(wrong, new RegExp(`^${lines.join("")}bienvenue: invalid settings:(\n {2}.+){5}\n$`));
    await fails(
      { NODE_ENV: "production" },
      /^bienvenue: invalid settings:(\n {2}(PUBLIC_URL|SMTP_URL|MAIL_FROM|TRUSTED_PROXIES): missing; .* for example .+){4}\n$/,
    );
  });

  test("because the port is in use, or HOST is not an address of this machine", async () => {
    await using taken = createServer().listen(0, "0.0.0.0");
    await once(taken, "listening");
    const PORT = String((taken.address() as AddressInfo).port);
    await fails({ PORT }, new RegExp(`^bienvenue: port ${PORT} is in use .*PORT=5001\n$`));
    await fails({ HOST: "192.0.2.1" }, /^bienvenue: HOST=192\.0\.2\.1 is not an address of this machine; .*\n$/);
    // A name of this length cannot exist, so the lookup fails immediately and without a resolver.
    await fails({ HOST: `${"x".repeat(64)}.invalid` }, /^bienvenue: HOST=x+\.invalid is not an address .*\n$/);
  });

  const offline = ["unshare", "--map-root-user", "--net"];
  const cannot =
    spawnSync("unshare", [...offline.slice(1), "true"]).status !== 0 && "this user cannot unshare the network";
  test("because no resolver is available for HOST", { skip: cannot }, async () => {
    const run: typeof runCommand = (args, environment = {}) => runProgram(environment, [...args], { wrapper: offline });
    await fails({ HOST: "host.invalid" }, /^bienvenue: HOST=host\.invalid is not an address .*\n$/, run);
  });

  test("because the database cannot be used", async () => {
    await using folder = await createTemporaryFolder();
    const DATABASE_URL = `sqlite:${join(folder.path, "nowhere", "accounts.db")}`;
    await fails({ DATABASE_URL }, /^bienvenue: cannot use sqlite:.*nowhere.*\n$/);
    await fails(
      { DATABASE_URL: `sqlite:${fileURLToPath(new URL("../package.json", import.meta.url))}` },
      /^bienvenue: cannot use .*\n$/,
    );
  });
});

// The tests mostly wait.
describe("a shutdown", { concurrency: 4 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`by ${signal} waits for every accepted request, and exits with 0`, async () => {
      // The logins are still running when the signal arrives.
      await using service = await startService({ BCRYPT_COST: "11" });
      const [busy, ...connections] = await Promise.all(
        // One for other requests, one for each hash thread, and two whose logins wait.
        Array.from({ length: availableParallelism() + 3 }, () => openRawConnection(service.port)),
      );
      assert.ok(busy);
      busy.send(formatRequest("POST /users", form, account));
      assert.equal((await busy.readResponse()).status, 200);
      for (const connection of connections) {
        connection.send(formatRequest("GET /"));
        assert.equal((await connection.readResponse()).status, 200);
      }
      for (const connection of connections) connection.send(formatRequest("POST /sessions", form, account));

      let ended: Promise<number | null> | undefined;
      busy.send(formatRequest("GET /profile"));
      for (let rounds = 0, closing = false; !closing; rounds++) {
        busy.send(formatRequest("GET /profile"));
        if (rounds === 3) ended = service.stop(signal);
        const response: RawResponse = await busy.readResponse();
        assert.equal(response.status, 403);
        closing = response.headers.get("connection") === "close";
        assert.ok(!closing || ended);
      }
      for (const response of await Promise.all(connections.map((connection) => connection.readResponse()))) {
        assert.equal(response.body, '{"email":"bob@example.com","message":"logged in"}\n');
        assert.equal(response.headers.get("connection"), "close");
      }
      assert.equal(await ended, 0);
      const events = service.logEntries.map(({ event }) => event);
      assert.equal(events.at(-1), "stopped");
      assert.ok(events.lastIndexOf("logged_in") > events.indexOf("stopping"));
    });
  }

  test("does not wait for idle connections, nor forever for an unfinished request", async () => {
    await using service = await startService({});
    const [kept, , half] = await Promise.all(Array.from({ length: 3 }, () => openRawConnection(service.port)));
    kept?.send(formatRequest("GET /"));
    assert.equal((await kept?.readResponse())?.status, 200);
    half?.send(formatRequest("POST /users", { ...form, "Content-Length": "100" }, "email="));
    assert.equal(await service.stop("SIGTERM"), 0);
  });

  test("ends immediately on a second signal", { timeout: 60_000 }, async () => {
    await using service = await startService({});
    using connection = await openRawConnection(service.port);
    connection.send(formatRequest("POST /users", { ...form, Expect: "100-continue", "Content-Length": "100" }));
    assert.equal((await connection.readResponse()).status, 100);
    const ended = service.stop("SIGTERM");
    await waitForEvent(service, "stopping");
    service.process.kill("SIGTERM");
    assert.equal(await ended, 1);
    assert.ok(!service.logEntries.some(({ event }) => event === "stopped"));
  });
});

/** Waits until an event has been logged. */
async function waitForEvent({ logEntries, process }: Service, event: string): Promise<void> {
  while (!logEntries.some((entry) => entry.event === event))
    await once(process.stdout as NodeJS.ReadableStream, "data");
}

describe("the log in a terminal", () => {
  test("is formatted as lines", { skip: !hasScript() && "script(1) is not installed" }, async () => {
    const program = fileURLToPath(new URL("../bin/bienvenue.js", import.meta.url));
    const env = { PATH: process.env.PATH, PORT: "0", DATABASE_URL: "sqlite::memory:", BCRYPT_COST: "4", TERM: "xterm" };
    const command = `exec '${process.execPath}' '${program}'`;
    const terminal = spawn("script", ["-qfec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    for await (const chunk of terminal.stdout.iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.includes("reset_token=")) break;
    }
    const lines = stripVTControlCharacters(output).split("\r\n");
    assert.notEqual(lines.join("\r\n"), output);
    assert.match(
      lines[0] ?? "",
      /^\d\d:\d\d:\d\d info {2}listening mode=development url=http:\/\/localhost:\d+ database=/,
    );
    assert.match(lines[1] ?? "", /^\d\d:\d\d:\d\d warn {2}BCRYPT_COST is below 10: .* BCRYPT_COST=4$/);
    assert.match(lines[2] ?? "", /^\d\d:\d\d:\d\d info {2}no account yet; try these requests$/);
    assert.match(lines[3] ?? "", /^ {4}curl http:\/\/localhost:\d+\/$/);
    terminal.stdin.write("\x03");
    const [code] = await once(terminal, "close");
    assert.equal(code, 0);
  });

  // id: no-forged-line
  test("cannot contain forged lines or move the cursor", () => {
    process.env.NO_COLOR = "1";
    const hostile = fc.string({
      unit: fc.oneof(
        fc.constantFrom(
          "\r",
          "\n",
          "\x1b[2J",
          "\x1b]0;x\x07",
          "\x9b1A",
          "\u0085",
          "\u202e",
          "\b",
          "\0",
          "12:00:00 info",
        ),
        anyText({ minLength: 1, maxLength: 1 }),
      ),
    });
    const entry = fc.record({
      msg: hostile,
      path: hostile,
      deep: fc.record({ name: hostile }),
      list: fc.array(hostile),
    });
    fc.assert(
      fc.property(entry, hostile, (fields, stack) => {
        const time = "2030-01-01T12:00:00.000Z";
        const text = formatEntry({ time, level: "info", ...fields, err: { stack } });
        const [first = "", ...others] = text.split("\n");
        assert.ok(first.startsWith("12:00:00 info "));
        assert.equal(others.pop(), "");
        for (const line of others) assert.ok(line.startsWith("    "));
        assert.doesNotMatch(others.join(first), /\p{C}/u);
      }),
      { numRuns: 1000 },
    );
  });
});

function hasScript(): boolean {
  try {
    return /util-linux/.test(execFileSync("script", ["--version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
}

test("a login of a client that disconnects immediately is logged with its address", async () => {
  await using service = await startService({});
  const login = formatRequest("POST /sessions", form, "email=nobody@example.com&password=wrong");
  const refusals = () => service.logEntries.filter(({ event }) => event === "login_refused");
  // The server does not read every request before its client disconnects.
  while (refusals().length < 10) {
    const socket = connect(service.port, "127.0.0.1");
    await once(socket, "connect");
    await new Promise<void>((sent) => socket.write(login, () => sent()));
    socket.resetAndDestroy();
    await fetch(`${service.url}/health/live`);
  }
  assert.equal(await service.stop("SIGTERM"), 0);
  assert.deepEqual([...new Set(refusals().map(({ ip }) => ip))], ["127.0.0.1"]);
});
