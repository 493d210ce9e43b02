import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { digest } from "../src/db/digest.ts";
import { readCookie } from "../src/http/cookies.ts";

/** What the bare server is told. */
export interface Bare {
  /** The service's DATABASE_URL. */
  readonly url: string;
  readonly sql: string;
  /** How long a session lasts unused, in milliseconds. */
  readonly sessionIdle: number;
  /** What it answers beside what node:http adds, and the length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAliveTimeout: number;
}

type Found = { email?: unknown } | undefined;

// The least that answers /profile: one cookie, one SHA-256, one lookup, one answer.
const { url, sql, sessionIdle, headers, keepAliveTimeout } = JSON.parse(process.argv[2] as string) as Bare;
const lookUp = url.startsWith("sqlite:") ? inFile(url.slice("sqlite:".length)) : inPostgres();

const server = createServer({ keepAliveTimeout }, (request, response) => {
  const answer = (user: Found) => {
    if (!user) {
      response.writeHead(403, headers).end();
      return;
    }
    const body = `${JSON.stringify({ email: user.email })}\n`;
    response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
  };
  const sessionId = readCookie(request.headers.cookie, "session_id");
  const now = Date.now();
  const found = sessionId === null ? undefined : lookUp([now, now - sessionIdle, digest(sessionId)]);
  if (found instanceof Promise) found.then(answer);
  else answer(found);
});

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

function inFile(path: string): (values: (string | number)[]) => Found {
  const db = new DatabaseSync(path);
  db.exec("pragma journal_mode = wal");
  const lookup = db.prepare(sql);
  return (values) => lookup.get(...values);
}

/** The same driver, with as many connections as the service has by default, and its statement prepared. */
function inPostgres(): (values: (string | number)[]) => Promise<Found> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  return async (values) => (await pool.query({ name: "lookup", text: sql, values })).rows[0];
}
