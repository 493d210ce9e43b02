import pg from "pg";
import parseUrl from "pg-connection-string";
import { DatabaseUnavailable, OpenError } from "../../errors.ts";
import { parsePostgresUrl } from "../../settings/database-url.ts";
import { StandbyError } from "./faults.ts";

/** How long a statement, and finding a connection for it, may take, in milliseconds: together they stay below two seconds. */
const patience = 900;
/**
 * How long a statement may wait for a lock, in milliseconds: less than the whole statement, and less than PostgreSQL's
 * `deadlock_timeout` of a second, which only a superuser may shorten. It ends a deadlock, and the transaction is tried again.
 */
const lockPatience = 400;
/** The oldest PostgreSQL that it runs on. */
const oldestVersion = 14;

/** A connection, and what is known of it. */
export interface Client extends pg.PoolClient {
  /** Whether statements can be prepared on it: behind a pooler, the next one may go over another connection. */
  canPrepare?: boolean;
}

/** One server. */
interface Host {
  readonly pool: pg.Pool;
  /** How many connections to it are in use. */
  inUse: number;
}

/**
 * The servers of a URL, with a pool of connections to each. The first one that can be used is, and it is kept until it
 * fails: after a failover the next request finds the server that has taken over.
 */
export class Hosts {
  readonly #hosts: Host[];
  #current = 0;
  /** While migrating, statements may take their time, and connections are not kept. */
  #hurried = true;
  #closed = false;

  /**
   * @param url `postgres://user:password@host:5432,otherhost:5432/database?target_session_attrs=read-write&sslmode=…`
   * @param size connections to each server at most
   */
  constructor(url: string, size: number) {
    const urls = split(url);
    const connectionTimeoutMillis = Math.max(300, Math.floor(patience / urls.length));
    this.#hosts = urls.map((one) => {
      const pool = new pg.Pool({
        ...configured(one),
        max: size,
        connectionTimeoutMillis,
        idleTimeoutMillis: 60_000,
        query_timeout: patience,
        keepAlive: true,
        application_name: "bienvenue",
        types: { getTypeParser },
        onConnect: (client) => greet(client as Client),
      });
      const host = { pool, inUse: 0 };
      pool.on("acquire", () => host.inUse++);
      pool.on("release", () => host.inUse--);
      // A connection that breaks while nobody uses it is replaced when somebody does.
      pool.on("error", () => {});
      pool.on("connect", (client) => client.on("error", () => {}));
      return host;
    });
  }

  /** A connection to the server in use, else to the next that can be used. */
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
        return this.#hurried ? client : await unlimited(client);
      } catch (error) {
        failure = error;
        // Its connections are in use, and those of one that is gone are given back: the server is busy.
        if (host.inUse > 0) break;
      }
    }
    throw failure;
  }

  /** How long the next statement may take, in milliseconds. */
  get timeout(): number {
    return this.#hurried ? patience : 24 * 60 * 60 * 1000;
  }

  /** Whether connections are given back: on one that is closed, a prepared statement would run once, and use up a name. */
  get keepsConnections(): boolean {
    return this.#hurried;
  }

  async withoutTimeouts<T>(work: () => Promise<T>): Promise<T> {
    this.#hurried = false;
    try {
      return await work();
    } finally {
      this.#hurried = true;
    }
  }

  /** Gives a connection back, or closes it when it cannot be trusted any more. */
  release(client: Client, broken: boolean): void {
    client.release(broken || !this.#hurried);
  }

  async end(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#hosts.map(({ pool }) => pool.end()));
  }
}

/** Looks at a new connection once, and refuses it when it is not what was asked for. */
async function greet(client: Client): Promise<void> {
  const { rows } = await client.query(
    "select pg_backend_pid() as pid, pg_is_in_recovery() as standby, current_setting('server_version_num')::int as version",
  );
  const { pid, standby, version } = rows[0];
  if (version < oldestVersion * 10_000) {
    throw new OpenError(`PostgreSQL ${Math.floor(version / 10_000)} is too old; it needs ${oldestVersion} or later`);
  }
  if (standby) throw new StandbyError("this server is a standby");
  client.canPrepare = pid === (client as unknown as { processID: number }).processID;
  // The server gives up too, so that nothing piles up there; a pooler would hand the setting on to others.
  if (client.canPrepare) await client.query(`set statement_timeout = ${patience}; set lock_timeout = ${lockPatience}`);
}

/** Takes the server's limits off a connection, which is closed when it is given back. */
async function unlimited(client: Client): Promise<Client> {
  try {
    if (client.canPrepare) await client.query("set statement_timeout = 0; set lock_timeout = 0");
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Parses a URL with the driver, which opens the files of certificates and keys that it names. */
function configured(url: string): pg.PoolConfig {
  try {
    return parseUrl.parseIntoClientConfig(url) as pg.PoolConfig;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path === undefined) throw error;
    throw new OpenError(`the file ${path} cannot be read (${code}); look at sslrootcert, sslcert and sslkey`, {
      cause: error,
    });
  }
}

/** One URL a server. Whatever `target_session_attrs` says, only one that writes will do. */
function split(url: string): string[] {
  const parts = parsePostgresUrl(url);
  if (!parts) throw new OpenError("this is not a PostgreSQL URL");
  const { login, hosts, database, parameters } = parts;
  const attributes = parameters.get("target_session_attrs") ?? "any";
  if (!["any", "read-write", "primary"].includes(attributes)) {
    throw new OpenError(`target_session_attrs=${attributes} would find a server that cannot write; use read-write`);
  }
  parameters.delete("target_session_attrs");
  const mode = parameters.get("sslmode");
  if (mode === "allow" || mode === "prefer") {
    throw new OpenError(
      `sslmode=${mode} lets anyone in between turn TLS off; use disable, require, verify-ca or verify-full`,
    );
  }
  // Without it, the driver reads the modes otherwise than PostgreSQL's own programs do, and warns.
  if (mode !== null) parameters.set("uselibpqcompat", "true");
  return hosts.map((host) => `postgres://${login}${host}${database}?${parameters}`);
}

/** Times and counts are of type bigint, and fit a number. */
const getTypeParser = ((oid: number, format?: "text") =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
