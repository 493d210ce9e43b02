import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { readCookie } from "../src/app/cookies.ts";
import { digest } from "../src/db/digest.ts";

/** What the bare server is told. */
export interface Bare {
  readonly path: string;
  readonly sql: string;
  /** How long a session lasts unused, in milliseconds. */
  readonly sessionIdle: number;
  /** What it answers beside what node:http adds, and the length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAliveTimeout: number;
}

// The least that answers /profile: one cookie, one SHA-256, one lookup, one answer.
const { path, sql, sessionIdle, headers, keepAliveTimeout } = JSON.parse(process.argv[2] as string) as Bare;
const db = new DatabaseSync(path);
db.exec("pragma journal_mode = wal");
const lookup = db.prepare(sql);

const server = createServer({ keepAliveTimeout }, (request, response) => {
  const sessionId = readCookie(request.headers.cookie, "session_id");
  const now = Date.now();
  const user = sessionId === null ? undefined : lookup.get(digest(sessionId), now, now - sessionIdle);
  if (!user) {
    response.writeHead(403, headers).end();
    return;
  }
  const body = `${JSON.stringify({ email: user.email })}\n`;
  response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
});

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
