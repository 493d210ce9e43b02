import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Log } from "../observe/log.ts";
import type { HttpListener } from "../observe/tracing.ts";
import { commonHeaders } from "./answers.ts";
import { maxBodySize } from "./body.ts";
import { connectionErrors } from "./connection-errors.ts";
import { TitleCaseResponse } from "./header-case.ts";

/** Limits of a connection. Sizes are in bytes, times in milliseconds. */
export interface ConnectionLimits {
  /** The size of the request line and all headers together. */
  readonly maxHeaderSize: number;
  /** The time until all headers have arrived. */
  readonly headersTimeout: number;
  /** The time until the body has arrived. */
  readonly requestTimeout: number;
  /** How often the two timeouts above are checked. */
  readonly connectionsCheckingInterval: number;
  /** The idle time between two requests. */
  readonly keepAliveTimeout: number;
}

const defaultLimits: ConnectionLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000,
};
/** How often idle connections are closed during shutdown, in milliseconds. */
const idleCheckInterval = 100;

export interface RunningServer {
  readonly port: number;
  /** Stops accepting connections, waits for accepted requests, and closes the remaining connections after `timeout` milliseconds. */
  close(timeout: number): Promise<void>;
}

interface ServeOptions {
  readonly fetch: Parameters<typeof getRequestListener>[0];
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  /** Called after each response. `request` and `milliseconds` are unset if the request did not reach the app. */
  readonly onResponse?: ((status: number, request?: IncomingMessage, milliseconds?: number) => void) | undefined;
  /** Wraps the request listener, for tracing. */
  readonly wrapListener?: (listener: HttpListener) => HttpListener;
  /** Overrides of the default limits. */
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * Serves an app over HTTP/1.1. Requests that do not reach the app (malformed requests, headers that are too large, timeouts) also
 * get a JSON response.
 *
 * @throws {NodeJS.ErrnoException} if it cannot listen, such as EADDRINUSE
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { fetch, host, port, log, limits, onResponse, wrapListener = (listener) => listener } = options;
  const listener = getRequestListener(fetch, {
    errorHandler: (error) => {
      const malformed = error instanceof RequestError;
      if (!malformed) log.error({ err: error }, "unexpected error");
      const { status, headers, body } = createErrorResponse(malformed ? 400 : 500);
      return new Response(body, { status, headers });
    },
  });
  const handle = wrapListener(listener);
  const server = createServer({
    ...defaultLimits,
    ...limits,
    requireHostHeader: false,
    ServerResponse: TitleCaseResponse,
  });
  const pending = new Set<ServerResponse>();
  let closing = false;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    if (closing) response.shouldKeepAlive = false;
    // HTTP/1.0 does not require Host. No host has this name.
    if (request.httpVersion === "1.0") request.headers.host ??= "unnamed";
    // The listener accepts IPv6 addresses only as URLs write them.
    if (request.headers.host?.startsWith("[")) request.headers.host = normalizeHost(request.headers.host);
    if (namesTwoHosts(request)) {
      const { status, headers, body } = createErrorResponse(400);
      response.writeHead(status, headers).end(body);
      onResponse?.(status);
      return;
    }
    pending.add(response);
    const start = onResponse && performance.now();
    await handle(request, response);
    pending.delete(response);
    if (start !== undefined) onResponse?.(response.statusCode, request, performance.now() - start);
  };
  // Reads remoteAddress now, because Node caches it: later, a disconnected client would have no address to rate-limit.
  server.on("connection", (socket) => {
    if (socket.remoteAddress === undefined) socket.destroy();
  });
  server.on("request", respond);
  server.on("checkContinue", (request, response) => {
    // A client with a body that is too large gets no 100 Continue, so it does not send the body.
    if (Number(request.headers["content-length"] ?? 0) <= maxBodySize) response.writeContinue();
    void respond(request, response);
  });
  server.on("checkExpectation", (_, response) => {
    const { status, headers, body } = createErrorResponse(417);
    response.writeHead(status, headers).end(body);
    onResponse?.(status);
  });
  server.on("connect", (_, socket) => {
    // Without a listener, an error of a disconnected client would end the process.
    socket.on("error", () => socket.destroy());
    onResponse?.(405);
    endSocket(socket, 405, { Allow: "GET, HEAD, POST, PUT, DELETE" });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const status = statusOf(error);
    if (status !== undefined) onResponse?.(status);
    endSocket(socket, status);
  });
  server.listen(port, host);
  await new Promise<void>((resolve, reject) => server.once("listening", resolve).once("error", reject));
  return {
    port: (server.address() as AddressInfo).port,
    close: (timeout) =>
      new Promise((resolve) => {
        closing = true;
        // Otherwise, a client could send its next request on a connection that is being closed as idle.
        for (const response of pending) if (!response.headersSent) response.shouldKeepAlive = false;
        // Node does not count a connection that has sent nothing as idle: the headers timeout closes it.
        server.headersTimeout = idleCheckInterval;
        // http.Server.close ends idle connections immediately, even if a request is already on its way on one of them.
        NetServer.prototype.close.call(server, () => {
          clearInterval(idle);
          clearTimeout(end);
          resolve();
        });
        const idle = setInterval(() => server.closeIdleConnections(), idleCheckInterval);
        const end = setTimeout(() => server.closeAllConnections(), timeout);
      }),
  };
}

/**
 * Returns true if a request names more than one host: in two Host headers, which servers must reject (RFC 9112, 3.2), or in a
 * target with another host than the header. A proxy may have checked the other host.
 */
function namesTwoHosts({ rawHeaders, headers, url = "" }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host" && ++hosts > 1) return true;
  }
  if (url.startsWith("/")) return false;
  const [, scheme, host] = /^(https?):\/\/([^/?#]*)/i.exec(url) ?? [];
  return scheme !== undefined && parseHost(scheme, host) !== parseHost(scheme, headers.host);
}

/** Normalizes an IPv6 address in a Host header as URLs do; returns other hosts unchanged. */
function normalizeHost(host: string): string {
  return /^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host) ? (parseHost("http", host) ?? host) : host;
}

/** Normalizes a host as URLs do: in lower case, without the default port of the scheme. */
function parseHost(scheme: string, host = ""): string | undefined {
  return URL.parse(`${scheme}://${host}`)?.host;
}

type Status = keyof typeof connectionErrors;

function statusOf({ code }: NodeJS.ErrnoException): Status | undefined {
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return 400;
}

/** Writes a response to a socket without a ServerResponse and closes it: the rest of the connection cannot be parsed. */
function endSocket(socket: Duplex, status: Status | undefined, extraHeaders: Record<string, string> = {}): void {
  if (status === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = createErrorResponse(status);
  const lines = Object.entries({ ...headers, ...extraHeaders }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}

/** Creates the error response to a request that does not reach the app. It closes the connection. */
function createErrorResponse(status: Status) {
  const body = `${JSON.stringify({ message: STATUS_CODES[status]?.toLowerCase() })}\n`;
  const headers = {
    ...commonHeaders,
    "Content-Type": "application/json",
    "Error-Code": connectionErrors[status].code,
    "Content-Length": String(body.length),
    Connection: "close",
  };
  return { status, headers, body };
}
