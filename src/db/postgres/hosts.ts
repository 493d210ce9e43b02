import pg from "pg";
import parseUrl from "pg-connection-string";
import { DatabaseUnavailable, OpenError } from "../../errors.ts";
import { parsePostgresUrl } from "../../settings/database-url.ts";
import { StandbyError } from "./faults.ts";

/**
 * The timeout of a statement, and of connecting to up to three servers, in milliseconds. Both together take less than two
 * seconds.
 */
const statementTimeout = 900;
/**
 * The timeout of a lock, in milliseconds. It ends a deadlock sooner than PostgreSQL's `deadlock_timeout` of one second, which
 * only a superuser can shorten; the transaction is then retried.
 */
const lockTimeout = 400;
/** The oldest supported version of PostgreSQL. */
const oldestVersion = 14;

export interface Client extends pg.PoolClient {
  /** False behind a pooler: the next statement may use another server connection, on which it is not prepared. */
  canPrepare?: boolean;
}

interface Host {
  readonly pool: pg.Pool;
  /** The number of connections in use. */
  inUse: number;
}

/**
 * The servers of a URL, each with a connection pool. Uses the first writable server until it fails; after a failover, the next
 * request finds the new primary.
 */
export class Hosts {
  readonly #hosts: Host[];
  #current = 0;
  /** False during `withoutTimeouts`: a statement may then take a day, and connections are closed after use. */
  #hasTimeouts = true;
  #closed = false;

  /**
   * @param url `postgres://user:password@host:5432,otherhost:5432/database?target_session_attrs=read-write&sslmode=…`
   * @param size the maximum number of connections to each server
   */
  constructor(url: string, size: number) {
    const urls = splitUrl(url);
    const connectionTimeoutMillis = Math.max(300, Math.floor(statementTimeout / urls.length));
    this.#hosts = urls.map((one) => {
      const pool = new pg.Pool({
        ...parseConfig(one),
        max: size,
        connectionTimeoutMillis,
        idleTimeoutMillis: 60_000,
        query_timeout: statementTimeout,
        keepAlive: true,
        application_name: "bienvenue",
        types: { getTypeParser },
        onConnect: (client) => checkServer(client as Client),
      });
      const host = { pool, inUse: 0 };
      pool.on("acquire", () => host.inUse++);
      pool.on("release", () => host.inUse--);
      // The pool replaces a connection that breaks while idle.
      pool.on("error", () => {});
      pool.on("connect", (client) => client.on("error", () => {}));
      return host;
    });
  }

  /** Connects to the current server, or to the next writable one. */
  async connect(): Promise<Client> {
    if (this.#closed) throw new DatabaseUnavailable("closed");
    const first = this.#current;
    let failure: unknown;
    for (let i = 0; i < this.#hosts.length; i++) {
      const index = (first + i) % this.#hosts.length;
      const host = this.#hosts[index] as Host;
      try {
        const client: Client = await host.pool.connect();
        this.#current = index;
        return this.#hasTimeouts ? client : await removeTimeouts(client);
      } catch (error) {
        failure = error;
        // Connections to a failed server are released, so if connections are in use, the server is only busy.
        if (host.inUse > 0) break;
      }
    }
    throw failure;
  }

  /** The timeout of the next statement, in milliseconds. */
  get timeout(): number {
    return this.#hasTimeouts ? statementTimeout : 24 * 60 * 60 * 1000;
  }

  /** False if connections are closed after use. Preparing a statement on such a connection would only use up a name. */
  get keepsConnections(): boolean {
    return this.#hasTimeouts;
  }

  async withoutTimeouts<T>(work: () => Promise<T>): Promise<T> {
    this.#hasTimeouts = false;
    try {
      return await work();
    } finally {
      this.#hasTimeouts = true;
    }
  }

  /** Returns a connection to its pool, or closes it if it is broken. */
  release(client: Client, broken: boolean): void {
    client.release(broken || !this.#hasTimeouts);
  }

  async end(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#hosts.map(({ pool }) => pool.end()));
  }
}

/** Checks the server of a new connection, and sets its timeouts. */
async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query(
    "select pg_backend_pid() as pid, pg_is_in_recovery() as standby, current_setting('server_version_num')::int as version",
  );
  const { pid, standby, version } = rows[0];
  if (version < oldestVersion * 10_000) {
    throw new OpenError(
      `PostgreSQL ${Math.floor(version / 10_000)} is too old; version ${oldestVersion} or later is required`,
    );
  }
  if (standby) throw new StandbyError("this server is a standby");
  client.canPrepare = pid === (client as unknown as { processID: number }).processID;
  // Makes the server cancel slow statements too. Behind a pooler, other clients would inherit the timeouts.
  if (client.canPrepare)
    await client.query(`set statement_timeout = ${statementTimeout}; set lock_timeout = ${lockTimeout}`);
}

/** Removes the server-side timeouts of a connection. `release` closes the connection later. */
async function removeTimeouts(client: Client): Promise<Client> {
  try {
    if (client.canPrepare) await client.query("set statement_timeout = 0; set lock_timeout = 0");
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Parses a URL with the driver, which also reads the certificate and key files. */
function parseConfig(url: string): pg.PoolConfig {
  try {
    return parseUrl.parseIntoClientConfig(url) as pg.PoolConfig;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path === undefined) throw error;
    throw new OpenError(`cannot read the file ${path} (${code}); check sslrootcert, sslcert and sslkey`, {
      cause: error,
    });
  }
}

/** Returns one URL per server. */
function splitUrl(url: string): string[] {
  const parts = parsePostgresUrl(url);
  if (!parts) throw new OpenError("this is not a PostgreSQL URL");
  const { credentials, hosts, database, parameters } = parts;
  const attributes = parameters.get("target_session_attrs") ?? "any";
  if (!["any", "read-write", "primary"].includes(attributes)) {
    throw new OpenError(`target_session_attrs=${attributes} may select a read-only server; use read-write`);
  }
  parameters.delete("target_session_attrs");
  const mode = parameters.get("sslmode");
  if (mode === "allow" || mode === "prefer") {
    throw new OpenError(
      `sslmode=${mode} lets an attacker on the network disable TLS; use disable, require, verify-ca or verify-full`,
    );
  }
  // Without this parameter, the driver interprets the modes differently from PostgreSQL's own clients, and prints a warning.
  if (mode !== null) parameters.set("uselibpqcompat", "true");
  return hosts.map((host) => `postgres://${credentials}${host}${database}?${parameters}`);
}

/** Parses bigint as a number, because every stored time and count is a safe integer. */
const getTypeParser = ((oid: number, format?: "text") =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
