import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { routes } from "../../src/app.ts";
import { serve } from "../../src/http/server.ts";
import { createMailer } from "../../src/mail/mail.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { test } from "../support/engines.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld, productionEnvironment } from "../support/world.ts";

const Origin = "https://app.example.com";
const limits = { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 20 };
const form = "Content-Type: application/x-www-form-urlencoded";
const account = "email=bob@example.com&password=plough-Violet-9-harbour";
const paths = routes.map((path) => path.replace(/:id\{.*/, "h".repeat(43)).replace(/:name\{.*/, "style.css"));

/** The lines and the body of a request. */
type Lines = readonly [lines: readonly string[], body?: string];

/** The requests of each path, sent one after another on one connection. */
const requestsByPath: readonly (readonly Lines[])[] = paths.map((path) =>
  ["GET", "HEAD", "OPTIONS", "PATCH", "TRACE"].flatMap((method): Lines[] => [
    [[`${method} ${path} HTTP/1.1`]],
    [[`${method} ${path} HTTP/1.1`, "Accept: text/html", `Origin: ${Origin}`]],
  ]),
);

/** Further requests. Together, they get every kind of response. */
const others: readonly Lines[] = [
  [["POST /users HTTP/1.1", form], account],
  [["POST /sessions HTTP/1.1", form], account],
  [["POST /sessions HTTP/1.1", form, `Origin: ${Origin}`], account],
  [["POST /login HTTP/1.1", form, "Accept: text/html"], account],
  [["DELETE /sessions HTTP/1.1", "Cookie: session_id=x"]],
  [["POST /users HTTP/1.1", form, "Expect: 100-continue"], account],
  [["POST /users HTTP/1.1", form, "Expect: a miracle"], account],
  [["POST /users HTTP/1.1", "Content-Type: text/plain"], "x"],
  [["OPTIONS /users HTTP/1.1", `Origin: ${Origin}`, "Access-Control-Request-Method: POST"]],
  [["GET /assets/none.css HTTP/1.1"]],
  [["GET //profile HTTP/1.1"]],
  [["GET /dev/outbox HTTP/1.1"]],
  [["GET /dev/outbox HTTP/1.1", "Accept: text/html"]],
  [["CONNECT example.com:443 HTTP/1.1"]],
  [["GET / HTTP/1.1", "Host: other"]],
  [["GET / HTTP/1.0"]],
  [["GET / HTTP/1.1", `X-Long: ${"x".repeat(17_000)}`]],
  [["nonsense"]],
];

/** Requests that get a response because their body does not arrive in time. */
const unfinished: readonly Lines[] = [
  [["POST /users HTTP/1.1", form, "Content-Length: 20000"]],
  [["POST /users HTTP/1.1", form, "Content-Length: 10"], "x"],
];

function formatLines([lines, body = ""]: Lines, connection: "close" | "keep-alive"): string {
  const length = lines.some((line) => line.startsWith("Content-Length")) ? [] : [`Content-Length: ${body.length}`];
  const all = [lines[0], "Host: localhost", `Connection: ${connection}`, ...length, ...lines.slice(1)];
  return `${all.join("\r\n")}\r\n\r\n${body}`;
}

/** Sends requests on one connection and returns the header names of all responses. */
async function readHeaderNames(port: number, requests: readonly Lines[]): Promise<string[]> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(requests.map((each) => formatLines(each, each === requests.at(-1) ? "close" : "keep-alive")).join(""));
  const received = await text(socket);
  socket.destroy();
  const heads = [...received.matchAll(/HTTP\/1\.1 \d+ [\s\S]*?\r\n\r\n/g)];
  assert.ok(heads.length >= requests.length, requests.join());
  return heads.flatMap(([head]) =>
    head
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => line.slice(0, line.indexOf(":"))),
  );
}

for (const [mode, environment] of Object.entries({
  development: {},
  production: { ...productionEnvironment, RESET_DELIVERY: "email" },
})) {
  for (const CORS_ORIGINS of ["none", Origin]) {
    test(`every response spells header names the same way (${mode}, CORS ${CORS_ORIGINS})`, async () => {
      const { outbox } = await createMailer(readSettings(), silent);
      await using world = await createWorld(
        {
          ...environment,
          CORS_ORIGINS,
          ...(mode === "development" && CORS_ORIGINS !== "none" && { PUBLIC_URL: "https://auth.example.com" }),
        },
        { outbox },
      );
      const { log } = world.auth;
      await using server = closeAfterTest(
        await serve({ fetch: world.app.fetch, host: "127.0.0.1", port: 0, log, limits }),
      );
      const spellings = new Map<string, Set<string>>();
      const look = async (...requests: readonly Lines[]) => {
        for (const name of await readHeaderNames(server.port, requests)) {
          const key = name.toLowerCase();
          spellings.set(key, (spellings.get(key) ?? new Set()).add(name));
        }
      };
      const late = Promise.all(unfinished.map((each) => look(each)));
      for (const requests of requestsByPath) await look(...requests);
      for (const each of others) await look(each);
      await late;
      await world.db.close();
      await look([["GET /profile HTTP/1.1", "Cookie: session_id=x; __Host-session_id=x"]]);
      await look([["GET /account HTTP/1.1", "Accept: text/html", "Cookie: session_id=x; __Host-session_id=x"]]);
      for (const [key, names] of spellings) {
        const words = key.split("-").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
        assert.deepEqual([...names], [words.join("-")]);
      }
      for (const name of [
        "content-type",
        "content-length",
        "set-cookie",
        "location",
        "allow",
        "date",
        "connection",
        "error-code",
        "retry-after",
      ])
        assert.ok(spellings.has(name), name);
      assert.equal(spellings.has("access-control-expose-headers"), CORS_ORIGINS !== "none");
    });
  }
}
