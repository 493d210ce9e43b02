import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectionLimits, type RunningServer, serve } from "../../src/http/server.ts";
import { formatRequest, openRawConnection, type RawConnection, type RawResponse } from "./raw-connection.ts";
import { createWorld } from "./world.ts";

export const formHeaders = { "Content-Type": "application/x-www-form-urlencoded" };
/** Milliseconds. Longer than any test, so that the server never closes a connection by force. */
export const shutdownTimeout = 600_000;

/** A listening server with its own world. */
interface TestServer extends RunningServer {
  open(): Promise<RawConnection>;
  /** Sends bytes on a new connection, and returns the first response after the connection has ended. */
  sendUntilClosed(bytes: string | Uint8Array): Promise<RawResponse>;
}

/** Makes a server disposable, so that it closes when the test ends or fails. */
export function closeAfterTest(server: RunningServer): RunningServer & AsyncDisposable {
  return { ...server, [Symbol.asyncDispose]: () => server.close(0) };
}

/**
 * Registers a test of a listening server. After `act`, the server must still respond, all connections must end, and no error
 * may be logged.
 */
export function testServerSurvives(
  name: string,
  act: (server: TestServer) => Promise<void>,
  limits: Partial<ConnectionLimits> = {},
): void {
  test(name, { timeout: 60_000 }, async () => {
    await using world = await createWorld();
    const { fetch } = world.app;
    const { log } = world.auth;
    await using running = closeAfterTest(await serve({ fetch, host: "0.0.0.0", port: 0, log, limits }));
    const connections: RawConnection[] = [];
    const open = async () => {
      const connection = await openRawConnection(running.port);
      connections.push(connection);
      return connection;
    };
    const sendLast = async (bytes: string | Uint8Array) => {
      const connection = await open();
      connection.send(bytes);
      const response = await connection.readResponse();
      await connection.closed;
      return response;
    };
    await act({ ...running, open, sendUntilClosed: sendLast });
    const after = await sendLast(formatRequest("GET /", { Connection: "close" }));
    assert.deepEqual([after.status, after.body], [200, '{"message":"Bienvenue"}\n']);
    for (const connection of connections) connection[Symbol.dispose]();
    await running.close(shutdownTimeout);
    assert.deepEqual(
      world.logEntries.filter(({ level }) => level === "error"),
      [],
    );
  });
}

export function assertErrorResponse({ status, headers, body }: RawResponse, expected: number): void {
  assert.equal(status, expected, body);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.match(headers.get("error-code") ?? "", /^[a-z_]+$/);
  assert.deepEqual(Object.keys(JSON.parse(body)), ["message"]);
  assert.ok(body.endsWith("}\n"));
}
