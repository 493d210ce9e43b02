import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { formatRequest } from "../support/raw-connection.ts";
import { assertErrorResponse, formHeaders, testServerSurvives } from "../support/test-server.ts";

testServerSurvives("headers of 64 KB get 431, and 10,000 cookies too", async ({ sendUntilClosed: sendLast }) => {
  assertErrorResponse(await sendLast(formatRequest("GET /", { "X-Long": "x".repeat(65_536) })), 431);
  assertErrorResponse(await sendLast(formatRequest("GET /profile", { Cookie: "session_id=x; ".repeat(10_000) })), 431);
  assertErrorResponse(
    await sendLast(formatRequest("GET /", Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`X${i}`, "x"])))),
    431,
  );
  assertErrorResponse(await sendLast(formatRequest(`GET /${"x".repeat(65_536)}`)), 431);
});

testServerSurvives("a client that disconnects during a request or its response causes no error", async ({ open }) => {
  const half = formatRequest("POST /users", { ...formHeaders, "Content-Length": "100" }, "email=bob@example.com");
  const chunked = `${formatRequest("POST /users", { ...formHeaders, "Transfer-Encoding": "chunked" })}5\r\nema`;
  const whole = formatRequest("POST /sessions", formHeaders, "email=bob@example.com&password=b4l0u");
  for (const bytes of ["", "GET / HT", half, chunked, whole, whole + whole, formatRequest("CONNECT example.com:443")]) {
    for (const leave of ["destroy", "resetAndDestroy", "end"] as const) {
      for (let i = 0; i < 20; i++) {
        const connection = await open();
        connection.send(bytes);
        connection.socket[leave]();
        await connection.closed;
      }
    }
  }
});

// id: not-http
testServerSurvives("data that is not HTTP/1.1 gets 400", async ({ sendUntilClosed: sendLast }) => {
  const clientHello = Buffer.from("16030100c8010000c40303", "hex");
  const line = "GET / HTTP/1.1\r\n";
  for (const bytes of [
    clientHello,
    Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10]),
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "hello\r\n\r\n",
    "GET /\r\n\r\n",
    formatRequest("FOO /"),
    formatRequest(`${"A".repeat(10_240)} /`),
    formatRequest("get /"),
    `${line}\r\n`,
    `${line}Host:\r\n\r\n`,
    `${line}Host: a b\r\n\r\n`,
    `${line}Host: a/b\r\n\r\n`,
    `${line}Host: localhost\r\nX: a\0b\r\n\r\n`,
    `${line}Host: localhost\r\n: b\r\n\r\n`,
    `${line}Host: localhost\r\nX Y: b\r\n\r\n`,
    formatRequest("POST /users", { "Content-Length": "-1" }),
    formatRequest("POST /users", { "Content-Length": "1e3" }),
    formatRequest("POST /users", { "Content-Length": "5", "Transfer-Encoding": "chunked" }),
    formatRequest("POST /users", { "Transfer-Encoding": "gzip" }),
    `${formatRequest("POST /users", { ...formHeaders, "Transfer-Encoding": "chunked" })}zz\r\n`,
    formatRequest("OPTIONS *"),
    formatRequest("GET http://example.com/"),
    formatRequest("GET \\"),
    formatRequest("GET /a\\b"),
  ]) {
    assertErrorResponse(await sendLast(bytes), 400);
  }
});

testServerSurvives("an unusual request target gets the response of its path", async ({ open }) => {
  const connection = await open();
  for (const [target, status] of [
    ["http://localhost/", 200],
    ["http://LOCALHOST:80/profile", 403],
    ["//", 200],
    ["//profile", 403],
    ["//evil.example/profile", 404],
    ["http://localhost//profile", 403],
    ["/%00", 404],
    ["/%ff", 404],
    ["/%", 404],
    ["/../x", 404],
    ["/../profile", 403],
    ["/./profile?a=b#c", 403],
    ["/?\0".replace("\0", "%00"), 200],
    [`/${"x".repeat(8000)}`, 404],
  ] as const) {
    connection.send(formatRequest(`GET ${target}`));
    const response = await connection.readResponse();
    assert.equal(response.status, status, target);
  }
});

// id: trace-and-connect
testServerSurvives(
  "TRACE and other methods get 405 with Allow, and CONNECT also ends the connection",
  async ({ open, sendUntilClosed: sendLast }) => {
    const connection = await open();
    for (const method of ["TRACE", "OPTIONS", "PATCH", "PROPFIND", "QUERY"]) {
      connection.send(formatRequest(`${method} /profile`));
      const response = await connection.readResponse();
      assertErrorResponse(response, 405);
      assert.equal(response.headers.get("allow"), "GET, HEAD, DELETE");
    }
    const response = await sendLast(formatRequest("CONNECT example.com:443"));
    assertErrorResponse(response, 405);
    assert.match(response.headers.get("allow") ?? "", /^GET, /);
  },
);

testServerSurvives(
  "HTTP/1.0 works with and without Host, and a request without Host does not count as from this machine",
  async ({ sendUntilClosed: sendLast }) => {
    for (const head of ["GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\nHost: localhost\r\n"]) {
      assert.equal((await sendLast(`${head}\r\n`)).status, 200);
    }
    const head =
      "POST /reset_password HTTP/1.0\r\nContent-Length: 7\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    assert.match((await sendLast(`${head}\r\nemail=a`)).body, /RESET_DELIVERY/);
    assertErrorResponse(await sendLast(`${head}Origin: http://unnamed\r\n\r\nemail=a`), 403);
  },
);

// id: no-upgrade
testServerSurvives("a request to upgrade the protocol gets a normal response", async ({ open }) => {
  const connection = await open();
  connection.send(formatRequest("GET /", { Connection: "Upgrade", Upgrade: "websocket" }));
  assert.equal((await connection.readResponse()).status, 200);
});

testServerSurvives("many connections that send garbage do not block other requests", async ({ open }) => {
  const connections = await Promise.all(Array.from({ length: 300 }, open));
  for (const connection of connections) connection.send(Buffer.concat([Buffer.from([0]), randomBytes(2000)]));
  const connection = await open();
  connection.send(formatRequest("GET /"));
  assert.equal((await connection.readResponse()).status, 200);
  for (const response of await Promise.all(connections.map((each) => each.readResponse())))
    assertErrorResponse(response, 400);
  await Promise.all(connections.map((each) => each.closed));
});
