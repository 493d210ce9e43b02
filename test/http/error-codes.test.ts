import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { routes } from "../../src/app.ts";
import type { ErrorCode, RefusalCode } from "../../src/errors.ts";
import { errorCodes } from "../../src/http/error-codes.ts";
import { serve } from "../../src/http/server.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { closeAfterTest } from "../support/test-server.ts";
import { createWorld, productionEnvironment } from "../support/world.ts";

const appCodes = Object.entries(errorCodes).map(([code, { status }]) => [code, status]);

/** The status of every error code. */
const statusByCode: Record<ErrorCode, number> = {
  ...(Object.fromEntries(appCodes) as Record<RefusalCode, number>),
  form_stale: 403,
  bad_request: 400,
  request_timeout: 408,
  expectation_failed: 417,
  headers_too_large: 431,
};

/** Sends bytes, waits until the server closes the connection, and returns the head of each response except `100 Continue`. */
async function readHeads(port: number, bytes: Uint8Array): Promise<string[]> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(bytes);
  const received = await text(socket);
  const heads = [...received.matchAll(/HTTP\/1\.1 (?!100)[\s\S]*?\r\n\r\n/g)].map(([head]) => head);
  socket.destroy();
  return heads;
}

/** Checks that a response has the right error code, or none, and returns its status. */
function checkErrorCode(head: string): number {
  const status = Number(head.slice(9, 12));
  const codes = [...head.matchAll(/^error-code:\s*(.*)\r$/gim)].map(([, code = ""]) => code);
  if (status < 400) assert.deepEqual(codes, [], head);
  else {
    assert.equal(codes.length, 1, head);
    assert.equal(statusByCode[codes[0] as ErrorCode], status, head);
  }
  return status;
}

const exact = routes.map((path) => path.replace(/:id\{.*/, "h".repeat(43)).replace(/:name\{.*/, "style.css"));
const paths = [...exact, ...routes.flatMap((path) => [`${path}/`, `/${path}`])];
/** After these methods, the connection stays open. */
const keptAlive = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"];
/** After these methods, the server closes the connection. */
const closing = ["CONNECT", "GTE", "get"];
const methods = [...keptAlive, ...closing];
const headers = [
  "Accept: text/html",
  "Accept: application/json",
  "Cookie: session_id=x; __Host-session_id=x; form=y",
  "Origin: https://evil.example",
  "Origin: https://app.example.com",
  "Sec-Fetch-Site: cross-site",
  "Sec-Fetch-Site: same-origin",
  "Content-Type: application/json",
  "Content-Type: multipart/form-data; boundary=X",
  "Content-Type: application/x-www-form-urlencoded",
  "Content-Encoding: gzip",
  "Expect: 100-continue",
  "Expect: the unexpected",
  "Access-Control-Request-Method: POST",
  "Transfer-Encoding: chunked",
  "Content-Length: 20000",
  "Content-Length: -1",
  "Host: localhost",
  "Host: a b",
  "Authorization: Bearer x",
  `X-Long: ${"x".repeat(17_000)}`,
  "no colon",
];
const bodies = ["", "{", "{}", "email=bob@example.com&password=b4l0u", '{"email":["a"]}', "--X--", "email=%ff", "a=1&"];

/** Generates paths much faster than fast-check's own arbitrary. */
const anyPath = fc
  .array(fc.string({ unit: fc.constantFrom(..."aZ09-._~!$&'()*+,;=:@", "%2F", "%20", "%00", "%C3%A9", "%ff") }))
  .map((segments) => `/${segments.join("/")}`);

const wellFormed = fc
  .tuple(
    fc.constantFrom(...methods),
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...paths) },
      anyPath,
      fc.string(),
      fc.constant("http://other.example/users"),
    ),
    fc.constantFrom("", "?token=x", "?lang=fr", "?return_to=//evil.example"),
    fc.subarray(headers, { maxLength: 6 }),
    fc.oneof(fc.constantFrom(...bodies), fc.string()),
  )
  .map(([method, path, query, chosen, body]) => {
    const hasHost = chosen.some((line) => line.startsWith("Host"));
    const hasLength = chosen.some((line) => /^(Content-Length|Transfer-Encoding)/.test(line));
    const lines = [
      `${method} ${path}${query} HTTP/1.1`,
      ...(hasHost ? [] : ["Host: localhost"]),
      ...(hasLength || body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      "Connection: close",
      ...chosen,
    ];
    return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
  });
/** Short timeouts, so that an incomplete request gets its response soon. */
const limits = { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 20 };

const garbage = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));

for (const [mode, environment] of Object.entries({
  development: { CORS_ORIGINS: "https://app.example.com" },
  production: { ...productionEnvironment, CORS_ORIGINS: "https://app.example.com" },
})) {
  test(`in ${mode}, every response with a status of 400 or more has one error code, and no other response has one`, async () => {
    await using world = await createWorld(environment);
    const { log } = world.auth;
    await using server = closeAfterTest(
      await serve({ fetch: world.app.fetch, host: "127.0.0.1", port: 0, log, limits }),
    );
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 19, arbitrary: wellFormed }, { weight: 1, arbitrary: garbage }),
        async (bytes) => {
          const heads = await readHeads(server.port, bytes);
          assert.ok(heads.length > 0);
          for (const head of heads) seen.add(checkErrorCode(head));
        },
      ),
      { numRuns: 300 },
    );
    for (const line of [
      "Expect: the unexpected",
      "Content-Length: 20000",
      `X-Long: ${"x".repeat(17_000)}`,
      "Content-Length: 1",
    ]) {
      const bytes = `POST /users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${line}\r\n\r\nx`;
      for (const head of await readHeads(server.port, Buffer.from(bytes))) seen.add(checkErrorCode(head));
    }
    // Extra slashes do not depend on the engine.
    for (const path of getCurrentEngine() === "sqlite" ? paths : exact) {
      for (const accept of ["text/html", "*/*"]) {
        const send = async (sentMethods: readonly string[]) => {
          const requests = sentMethods.map((method, i) => {
            const connection = i === sentMethods.length - 1 ? "close" : "keep-alive";
            return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\nAccept: ${accept}\r\n\r\n`;
          });
          const heads = await readHeads(server.port, Buffer.from(requests.join("")));
          assert.equal(heads.length, sentMethods.length, requests.join(""));
          for (const head of heads) seen.add(checkErrorCode(head));
        };
        // The service also closes the connection after a malformed path.
        const isPath = !path.includes("{");
        if (isPath) await send(keptAlive);
        for (const method of isPath ? closing : methods) await send([method]);
      }
    }
    for (const status of [200, 303, 400, 401, 403, 404, 405, 413, 415, 417, 431])
      assert.ok(seen.has(status), `${status}`);
    assert.deepEqual(
      world.logEntries.filter(({ level }) => level === "error"),
      [],
    );
  });
}
