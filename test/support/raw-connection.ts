import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** By lowercase name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A connection that sends raw bytes. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): void;
  /** Returns the next response, including `100 Continue`. Rejects if the connection ends first. A response to HEAD has no body. */
  readResponse(method?: "HEAD"): Promise<RawResponse>;
  /** Resolves when the connection has ended for any reason. */
  readonly closed: Promise<void>;
}

export async function openRawConnection(port: number, host = "127.0.0.1"): Promise<RawConnection> {
  const socket = connect(port, host);
  await once(socket, "connect");
  let received = "";
  let arrived = Promise.withResolvers<void>();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const notify = () => {
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  socket.setEncoding("latin1").on("data", (chunk) => {
    received += chunk;
    notify();
  });
  // Tests read the bytes before the end of a connection. How it ends does not matter.
  socket.on("error", () => {});
  closed.then(notify);
  return {
    socket,
    closed,
    send: (bytes) => void socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    async readResponse(method) {
      for (;;) {
        const parsed = parseResponse(received, method === "HEAD");
        if (parsed) {
          received = parsed.rest;
          return parsed.response;
        }
        if (socket.destroyed) throw new Error(`the connection ended after ${JSON.stringify(received)}`);
        await arrived.promise;
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Parses the first response once it is complete. All responses except `100 Continue` have a Content-Length. */
function parseResponse(received: string, bodiless: boolean): { response: RawResponse; rest: string } | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [first = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = bodiless ? 0 : Number(headers.get("content-length") ?? 0);
  const body = received.slice(end + 4, end + 4 + length);
  if (body.length < length) return undefined;
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  return { response: { status, headers, body }, rest: received.slice(end + 4 + length) };
}

/** Formats a request as text. */
export function formatRequest(line: string, headers: Record<string, string> = {}, body = ""): string {
  const all = { Host: "localhost", ...(body && { "Content-Length": String(body.length) }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
