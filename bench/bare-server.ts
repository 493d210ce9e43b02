import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { digest } from "../src/db/digest.ts";
import { readCookie } from "../src/http/cookies.ts";

// A minimal server for GET /profile: it reads one cookie, computes one SHA-256, runs one lookup and responds.

export interface BareServerOptions {
  /** A `DATABASE_URL`. */
  readonly url: string;
  readonly sql: string;
  /** Milliseconds after which an unused session expires. */
  readonly sessionIdle: number;
  /** Response headers that node:http does not add, except Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAliveTimeout: number;
}

type UserRow = { email?: unknown } | undefined;

const { url, sql, sessionIdle, headers, keepAliveTimeout } = JSON.parse(process.argv[2] as string) as BareServerOptions;
const lookUp = url.startsWith("sqlite:") ? prepareSqlite(url.slice("sqlite:".length)) : preparePostgres();

const server = createServer({ keepAliveTimeout }, (request, response) => {
  const respond = (user: UserRow) => {
    if (!user) {
      response.writeHead(403, headers).end();
      return;
    }
    const body = `${JSON.stringify({ email: user.email })}\n`;
    response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
  };
  const sessionId = readCookie(request.headers.cookie, "session_id");
  const now = Date.now();
  const user = sessionId === null ? undefined : lookUp([now, now - sessionIdle, digest(sessionId)]);
  if (user instanceof Promise) user.then(respond);
  else respond(user);
});

process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

function prepareSqlite(path: string): (values: (string | number)[]) => UserRow {
  const db = new DatabaseSync(path);
  db.exec("pragma journal_mode = wal");
  const lookup = db.prepare(sql);
  return (values) => lookup.get(...values);
}

/** Prepares the lookup with the driver and the default pool size of the service. */
function preparePostgres(): (values: (string | number)[]) => Promise<UserRow> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  return async (values) => (await pool.query({ name: "lookup", text: sql, values })).rows[0];
}
