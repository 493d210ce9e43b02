import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { ErrorCode } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { HttpListener } from "../observe/tracing.ts";
import { commonHeaders } from "./answers.ts";
import { maxBodySize } from "./body.ts";
import { TitleCaseResponse } from "./header-case.ts";

/** What one connection may take, in bytes and milliseconds. */
export interface ConnectionLimits {
  /** Of the request line and all headers together. */
  readonly maxHeaderSize: number;
  /** Until all headers are there. */
  readonly headersTimeout: number;
  /** Until the body is there too. */
  readonly requestTimeout: number;
  /** How often those two are looked after. */
  readonly connectionsCheckingInterval: number;
  /** Between two requests. */
  readonly keepAliveTimeout: number;
}

const defaultLimits: ConnectionLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 65_000,
};
/** How often connections that have fallen idle are closed while stopping, in milliseconds. */
const idleCheckInterval = 100;

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  /** Takes no new connection, lets every accepted request end, and closes what is left after `patience` milliseconds. */
  close(patience: number): Promise<void>;
}

interface ServeOptions {
  readonly fetch: Parameters<typeof getRequestListener>[0];
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  /**
   * Told of each answer and how many milliseconds it took; of what was never understood there is neither request nor time.
   */
  readonly onResponse?: ((status: number, request?: IncomingMessage, milliseconds?: number) => void) | undefined;
  /** Wraps the listener that answers requests, for tracing. */
  readonly wrapListener?: (listener: HttpListener) => HttpListener;
  /** Where they are not the standard ones. */
  readonly limits?: Partial<ConnectionLimits>;
}

/**
 * Serves an app over HTTP/1.1. What never becomes a Request (broken syntax, headers that are too large, a body that
 * takes too long) gets a JSON answer too.
 *
 * @throws {NodeJS.ErrnoException} when it cannot listen, such as EADDRINUSE
 */
export async function serve(listening: ServeOptions): Promise<RunningServer> {
  const { fetch, host, port, log, limits, onResponse, wrapListener = (listener) => listener } = listening;
  const listener = getRequestListener(fetch, {
    errorHandler: (error) => {
      const malformed = error instanceof RequestError;
      if (!malformed) log.error({ err: error }, "unforeseen error");
      const { status, headers, body } = connectionError(malformed ? 400 : 500);
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
  const underWay = new Set<ServerResponse>();
  let closing = false;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (closing) response.shouldKeepAlive = false;
    // HTTP/1.0 need not name a host. This is no name of this machine's, nor of any.
    if (request.httpVersion === "1.0") request.headers.host ??= "unnamed";
    // The listener accepts IPv6 addresses only in the spelling of URLs.
    if (request.headers.host?.startsWith("[")) request.headers.host = normalizeHost(request.headers.host);
    if (namesTwoHosts(request)) {
      const { status, headers, body } = connectionError(400);
      response.writeHead(status, headers).end(body);
      onResponse?.(status);
      return;
    }
    underWay.add(response);
    const began = onResponse && performance.now();
    await handle(request, response);
    underWay.delete(response);
    if (began !== undefined) onResponse?.(response.statusCode, request, performance.now() - began);
  };
  // Read now, Node keeps it. Whoever has gone by the time it is asked for would have no address, and no share to be held to.
  server.on("connection", (socket) => {
    if (socket.remoteAddress === undefined) socket.destroy();
  });
  server.on("request", answer);
  server.on("checkContinue", (request, response) => {
    // Whoever asks before sending too much is told before, and keeps it.
    if (Number(request.headers["content-length"] ?? 0) <= maxBodySize) response.writeContinue();
    void answer(request, response);
  });
  server.on("checkExpectation", (_, response) => {
    const { status, headers, body } = connectionError(417);
    response.writeHead(status, headers).end(body);
    onResponse?.(status);
  });
  server.on("connect", (_, socket) => {
    // Nobody else listens: a caller who is gone by now would end the process.
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
    close: (patience) =>
      new Promise((resolve) => {
        closing = true;
        // Else a client could send its next request on a connection that is just being closed as idle.
        for (const response of underWay) if (!response.headersSent) response.shouldKeepAlive = false;
        // A connection that has sent nothing yet is not idle to Node: it is waited for as long as for headers.
        server.headersTimeout = idleCheckInterval;
        // http.Server's own close ends idle connections at once, on some of which a request is already under way.
        NetServer.prototype.close.call(server, () => {
          clearInterval(idle);
          clearTimeout(end);
          resolve();
        });
        const idle = setInterval(() => server.closeIdleConnections(), idleCheckInterval);
        const end = setTimeout(() => server.closeAllConnections(), patience);
      }),
  };
}

/**
 * Whether a request names more than one host: two Host headers, which RFC 9112 (section 3.2) tells servers to refuse, or a
 * target with another host than the header. A proxy in front may have checked the other one.
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

/** Writes an IPv6 address in a Host header as URLs do; leaves other hosts as they are. */
function normalizeHost(host: string): string {
  return /^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host) ? (parseHost("http", host) ?? host) : host;
}

/** A host as URLs write it: in lower case, without the default port of the scheme. */
function parseHost(scheme: string, host = ""): string | undefined {
  return URL.parse(`${scheme}://${host}`)?.host;
}

/** The code for each status that the server itself answers with. */
const codes = {
  400: "bad_request",
  405: "method_not_allowed",
  408: "request_timeout",
  417: "expectation_failed",
  431: "headers_too_large",
  500: "internal",
} as const satisfies Record<number, ErrorCode>;

type Status = keyof typeof codes;

function statusOf({ code }: NodeJS.ErrnoException): Status | undefined {
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return 400;
}

/** Answers where no response was made, and closes: nothing more of that connection can be understood. */
function endSocket(socket: Duplex, status: Status | undefined, more: Record<string, string> = {}): void {
  if (status === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = connectionError(status);
  const lines = Object.entries({ ...headers, ...more }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}

/** What is said of a request that the app was not asked about. The connection ends with it. */
function connectionError(status: Status) {
  const body = `${JSON.stringify({ message: STATUS_CODES[status]?.toLowerCase() })}\n`;
  const headers = {
    ...commonHeaders,
    "Content-Type": "application/json",
    "Error-Code": codes[status],
    "Content-Length": String(body.length),
    Connection: "close",
  };
  return { status, headers, body };
}
