import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server with the range API of Have I Been Pwned. */
export interface BreachServer extends AsyncDisposable {
  /** The value for PASSWORD_BREACH_CHECK. */
  readonly url: string;
  /** The requests received so far. */
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export async function startBreachServer(respond: Respond): Promise<BreachServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    respond(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    if (!server.listening) return;
    server.close().closeAllConnections();
    await once(server, "close");
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/range/`, requests, close, [Symbol.asyncDispose]: close };
}

/** Responds like the real API: with the hashes in the range, their counts, and padding. */
export function respondWithCounts(counts: Readonly<Record<string, number>>): Respond {
  const hashes = Object.entries(counts).map(([password, count]) => ({ hash: sha1(password), count }));
  return ({ url = "" }, response) => {
    const inRange = hashes.filter(({ hash }) => url === `/range/${hash.slice(0, 5)}`);
    const lines = inRange.map(({ hash, count }) => `${hash.slice(5)}:${count}`);
    response.end([...lines, ...createPaddingLines()].sort().join("\r\n"));
  };
}

let paddingLines: readonly string[] | undefined;

function createPaddingLines(): readonly string[] {
  paddingLines ??= Array.from({ length: 800 }, (_, i) => `${sha1(`padding ${i}`).slice(5)}:0`);
  return paddingLines;
}

export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex").toUpperCase();
}
