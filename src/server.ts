import { createServer, type ServerResponse, STATUS_CODES } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import { largestBody } from "./app/body.ts";
import type { Log } from "./log.ts";

/** What one connection may take, in bytes and milliseconds. */
const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000,
};
/** How often connections that have fallen idle are closed while stopping, in milliseconds. */
const idleCheck = 100;

/** A server that listens. */
export interface Running {
  readonly port: number;
  /** Takes no new connection, lets every accepted request end, and closes what is left after `patience` milliseconds. */
  close(patience: number): Promise<void>;
}

export interface Listening {
  readonly fetch: Parameters<typeof getRequestListener>[0];
  readonly host: string;
  readonly port: number;
  readonly log: Log;
}

/**
 * Serves an app over HTTP/1.1. What never becomes a Request (broken syntax, headers that are too large, a body that
 * takes too long) gets a JSON answer too.
 *
 * @throws {NodeJS.ErrnoException} when it cannot listen, such as EADDRINUSE
 */
export async function serve({ fetch, host, port, log }: Listening): Promise<Running> {
  const listener = getRequestListener(fetch, {
    errorHandler: (error) => {
      if (error instanceof RequestError) return Response.json({ message: "the request is malformed" }, { status: 400 });
      log.error({ err: error }, "unforeseen error");
      return Response.json({ message: "something went wrong here; it is in the log" }, { status: 500 });
    },
  });
  const server = createServer({ ...limits, requireHostHeader: false });
  let closing = false;
  const answer: typeof listener = (request, response) => {
    if (closing) (response as ServerResponse).shouldKeepAlive = false;
    return listener(request, response);
  };
  server.on("request", answer);
  server.on("checkContinue", (request, response) => {
    // Whoever asks before sending too much is told before, and keeps it.
    if (Number(request.headers["content-length"]) <= largestBody) response.writeContinue();
    void answer(request, response);
  });
  server.on("checkExpectation", (_, response) => {
    response.writeHead(417, { "Content-Type": "application/json" }).end(body(417));
  });
  server.on("connect", (_, socket) => endRaw(socket, 405));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => endRaw(socket, statusOf(error)));
  server.listen(port, host);
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return {
    port: (server.address() as AddressInfo).port,
    close: (patience) =>
      new Promise((resolve) => {
        closing = true;
        // http.Server's own close ends idle connections at once, on some of which a request is already under way.
        NetServer.prototype.close.call(server, () => {
          clearInterval(idle);
          clearTimeout(end);
          resolve();
        });
        const idle = setInterval(() => server.closeIdleConnections(), idleCheck);
        const end = setTimeout(() => server.closeAllConnections(), patience);
      }),
  };
}

function statusOf({ code }: NodeJS.ErrnoException): number | undefined {
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return 400;
}

/** Answers where no response was made, and closes: nothing more of that connection can be understood. */
function endRaw(socket: Duplex, status: number | undefined): void {
  if (status === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const content = body(status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json",
    "Cache-Control: no-store",
    `Content-Length: ${content.length}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${content}`, () => socket.destroy());
}

function body(status: number): string {
  return `${JSON.stringify({ message: STATUS_CODES[status]?.toLowerCase() })}\n`;
}
