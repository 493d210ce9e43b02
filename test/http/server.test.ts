import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { serve } from "../../src/http/server.ts";
import { silent } from "../../src/observe/log.ts";
import { formatRequest, openRawConnection } from "../support/raw-connection.ts";
import {
  assertErrorResponse,
  closeAfterTest,
  formHeaders,
  shutdownTimeout,
  testServerSurvives,
} from "../support/test-server.ts";

testServerSurvives("the service listens on 127.0.0.1, localhost and 0.0.0.0", async ({ port }) => {
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0"]) {
    const response = await fetch(`http://${host}:${port}/`, { headers: { Connection: "close" } });
    assert.equal(await response.text(), '{"message":"Bienvenue"}\n');
  }
});

testServerSurvives(
  "following the redirect of a logout ends on the welcome message, with every method",
  async ({ port }) => {
    const url = `http://127.0.0.1:${port}`;
    const body = new URLSearchParams({ email: "bob@example.com", password: "b4l0u" });
    assert.equal((await fetch(`${url}/users`, { method: "POST", body })).status, 200);
    for (const method of ["DELETE", "GET", "POST", "PUT"]) {
      const login = await fetch(`${url}/sessions`, { method: "POST", body });
      const Cookie = login.headers.get("Set-Cookie")?.split(";")[0] ?? "";
      const logout = await fetch(`${url}/sessions`, { method: "DELETE", headers: { Cookie }, redirect: "manual" });
      assert.equal(logout.status, 302);
      const followed = await fetch(new URL(logout.headers.get("Location") ?? "", url), { method, headers: { Cookie } });
      assert.deepEqual([followed.status, await followed.text()], [200, '{"message":"Bienvenue"}\n']);
      assert.equal((await fetch(`${url}/profile`, { headers: { Cookie } })).status, 403);
    }
    const Cookie = (await fetch(`${url}/sessions`, { method: "POST", body })).headers.get("Set-Cookie") ?? "";
    const followed = await fetch(`${url}/sessions`, { method: "DELETE", headers: { Cookie } });
    assert.deepEqual([followed.status, followed.url], [200, `${url}/`]);
  },
);

testServerSurvives(
  "pipelined requests on one connection get their responses in order, however long each takes",
  async ({ open }) => {
    const connection = await open();
    connection.send(
      [
        formatRequest("POST /users", formHeaders, "email=bob@example.com&password=b4l0u"),
        formatRequest("GET /"),
        formatRequest("POST /sessions", formHeaders, "email=eve@example.com&password=b4l0u"),
        formatRequest("HEAD /"),
        formatRequest("GET /profile"),
        formatRequest("POST /users", formHeaders, "email=eve"),
      ].join(""),
    );
    const messages = [
      "user created",
      "Bienvenue",
      "wrong email or password",
      "",
      "not logged in",
      "password is missing",
    ];
    for (const message of messages) {
      const { body } = await connection.readResponse(message === "" ? "HEAD" : undefined);
      assert.ok(message === "" ? body === "" : JSON.parse(body).message === message, body);
    }
  },
);

testServerSurvives(
  "a form body of a GET request is ignored, and does not affect the next request",
  async ({ open }) => {
    const connection = await open();
    connection.send(
      formatRequest("GET /", formHeaders, "email=bob@example.com") +
        formatRequest("GET /profile", formHeaders, "GET / HTTP/1.1\r\n\r\n"),
    );
    connection.send(formatRequest("GET /nope"));
    for (const status of [200, 403, 404]) assert.equal((await connection.readResponse()).status, status);
  },
);

testServerSurvives(
  "a body of one gigabyte, with Content-Length or in chunks, gets 413 and the connection is closed",
  async ({ open }) => {
    const megabyte = Buffer.alloc(1024 * 1024, "x");
    const chunk = Buffer.concat([Buffer.from("100000\r\n"), megabyte, Buffer.from("\r\n")]);
    for (const [headers, piece] of [
      [{ "Content-Length": "1000000000" }, undefined],
      [{ "Content-Length": "1000000000" }, megabyte],
      [{ "Transfer-Encoding": "chunked" }, chunk],
    ] as const) {
      const connection = await open();
      connection.send(formatRequest("POST /users", { ...formHeaders, ...headers }));
      const pump = () => {
        while (piece && !connection.socket.destroyed && connection.socket.write(piece));
      };
      connection.socket.on("drain", pump);
      pump();
      const response = await connection.readResponse();
      assertErrorResponse(response, 413);
      assert.equal(response.headers.get("connection"), "close");
      await connection.closed;
      assert.ok(connection.socket.bytesWritten < 900_000_000);
    }
  },
);

testServerSurvives(
  "Expect: 100-continue gets 100, unless the body is too large",
  async ({ open, sendUntilClosed: sendLast }) => {
    const expecting = { ...formHeaders, Expect: "100-continue" };
    const body = "email=bob@example.com&password=b4l0u";
    for (const [headers, sent] of [
      [{ "Content-Length": String(body.length) }, body],
      [{ "Transfer-Encoding": "chunked" }, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
    ] as const) {
      const connection = await open();
      connection.send(formatRequest("POST /users", { ...expecting, ...headers }));
      assert.equal((await connection.readResponse()).status, 100);
      connection.send(sent);
      assert.match((await connection.readResponse()).body, /user created|already registered/);
    }
    assertErrorResponse(await sendLast(formatRequest("POST /users", { ...expecting, "Content-Length": "16385" })), 413);
    assertErrorResponse(
      await sendLast(formatRequest("POST /users", { ...formHeaders, Expect: "a miracle", "Content-Length": "5" })),
      417,
    );
  },
);

testServerSurvives(
  "headers and bodies that arrive too slowly get 408",
  async ({ sendUntilClosed: sendLast }) => {
    assertErrorResponse(await sendLast("GET / HTTP/1.1\r\nHost: local"), 408);
    assertErrorResponse(
      await sendLast(formatRequest("POST /users", { ...formHeaders, "Content-Length": "100" }, "email=")),
      408,
    );
    assertErrorResponse(
      await sendLast(formatRequest("POST /users", { ...formHeaders, "Transfer-Encoding": "chunked" })),
      408,
    );
  },
  { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 },
);

test("close waits for running requests, but not for idle connections", { timeout: 60_000 }, async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const respond = async ({ url }: Request) => {
    if (url.endsWith("/")) return new Response("immediately\n");
    begin();
    await gate;
    return new Response("done\n");
  };
  const limits = { headersTimeout: shutdownTimeout, requestTimeout: shutdownTimeout, connectionsCheckingInterval: 20 };
  await using server = closeAfterTest(await serve({ fetch: respond, host: "127.0.0.1", port: 0, log: silent, limits }));
  using kept = await openRawConnection(server.port);
  kept.send(formatRequest("GET /"));
  assert.equal((await kept.readResponse()).headers.get("connection"), "keep-alive");
  using unused = await openRawConnection(server.port);
  using busy = await openRawConnection(server.port);
  busy.send(formatRequest("GET /slow"));
  await begun;
  const ended = server.close(shutdownTimeout);
  await Promise.all([kept.closed, unused.closed]);
  await assert.rejects(openRawConnection(server.port), { code: "ECONNREFUSED" });
  open();
  const { body, headers } = await busy.readResponse();
  assert.deepEqual([body, headers.get("connection")], ["done\n", "close"]);
  await ended;
});

test("close ends requests that exceed its timeout", { timeout: 60_000 }, async () => {
  const forever = () => new Promise<Response>(() => {});
  await using server = closeAfterTest(await serve({ fetch: forever, host: "127.0.0.1", port: 0, log: silent }));
  using connection = await openRawConnection(server.port);
  connection.send(formatRequest("GET /"));
  await server.close(50);
  await connection.closed;
});

test("serve rejects with EADDRINUSE if the port is in use", async () => {
  const listening = { fetch: () => new Response(), host: "127.0.0.1", log: silent };
  await using server = closeAfterTest(await serve({ ...listening, port: 0 }));
  await assert.rejects(serve({ ...listening, port: server.port }), { code: "EADDRINUSE" });
});

test("docs/errors.md lists every response that the server itself sends", async () => {
  const text = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (\d+) \| `(.+?)` \| `(\w+)` \|/gm)].map(([, status, message, code]) => [
    Number(status),
    message,
    code,
  ]);
  const { port, close } = await serve({
    fetch: () => {
      throw new Error("unexpected");
    },
    host: "127.0.0.1",
    port: 0,
    log: silent,
    limits: { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 },
  });
  const responses: unknown[] = [];
  for (const bytes of [
    "hello\r\n\r\n",
    formatRequest("CONNECT example.com:443"),
    "GET /",
    formatRequest("GET /", { Expect: "a miracle" }),
    formatRequest("GET /", { "X-Long": "x".repeat(65_536) }),
    formatRequest("GET /"),
  ]) {
    using connection = await openRawConnection(port);
    connection.send(bytes);
    const { status, body, headers } = await connection.readResponse();
    responses.push([status, JSON.parse(body).message, headers.get("error-code")]);
  }
  assert.deepEqual(responses, rows);
  await close(shutdownTimeout);
});

testServerSurvives(
  "a request that names two hosts is rejected, even if both are this service's",
  async ({ sendUntilClosed: sendLast }) => {
    const end = "Connection: close\r\n\r\n";
    for (const head of [
      "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
      "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
      "GET /profile HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nhOST: localhost",
      "GET / HTTP/1.0\r\nHost: localhost\r\nHost: evil.example",
      "GET / HTTP/1.1\r\nHost: localhost, evil.example",
      "GET http://evil.example/ HTTP/1.1\r\nHost: localhost",
      "GET http://localhost:81/ HTTP/1.1\r\nHost: localhost",
      "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
      "POST /users HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nContent-Length: 9",
    ]) {
      assertErrorResponse(await sendLast(`${head}\r\n${end}`), 400);
    }
    for (const head of [
      "GET http://localhost/ HTTP/1.1\r\nHost: localhost",
      "GET http://LOCALHOST:80/ HTTP/1.1\r\nHost: localhost",
      "GET https://localhost/ HTTP/1.1\r\nHost: localhost:443",
      "GET / HTTP/1.0\r\nHost: localhost",
      "GET / HTTP/1.0",
    ]) {
      assert.equal((await sendLast(`${head}\r\n${end}`)).status, 200, head);
    }
  },
);
