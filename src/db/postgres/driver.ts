import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import { DatabaseUnavailable } from "../../errors.ts";
import { breaksConnection, sqlStateOf, toDatabaseError } from "./faults.ts";
import type { Client, Hosts } from "./hosts.ts";
import { OwnSchemaIntrospector } from "./introspector.ts";

/** The maximum number of statement names. `db/` has fewer statements, unless the text of a statement varies. */
const statementLimit = 400;

/** Names statements, so that each connection prepares each of them only once. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** Returns the name of a statement; undefined if there are too many names. */
  name(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= statementLimit) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

export function createDialect(hosts: Hosts, statements: StatementNames): Dialect {
  return {
    createDriver: () => new PostgresDriver(hosts, statements),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new UnlockedPostgresAdapter(),
    createIntrospector: (db) => new OwnSchemaIntrospector(db),
  };
}

/**
 * Disables Kysely's migration lock, which outlives a failed migration and hides its error. Bienvenue's own lock ends with the
 * transaction.
 */
class UnlockedPostgresAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** A Kysely driver that prepares statements by name, and closes a connection after a fault. */
class PostgresDriver implements Driver {
  readonly #hosts: Hosts;
  readonly #statements: StatementNames;

  constructor(hosts: Hosts, statements: StatementNames) {
    this.#hosts = hosts;
    this.#statements = statements;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<PostgresConnection> {
    return PostgresConnection.open(this.#hosts, this.#statements);
  }

  async beginTransaction(
    connection: PostgresConnection,
    { isolationLevel, accessMode }: TransactionSettings,
  ): Promise<void> {
    const level = isolationLevel ? ` isolation level ${isolationLevel}` : "";
    await connection.executeQuery({ sql: `begin${level}${accessMode ? ` ${accessMode}` : ""}`, parameters: [] });
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.close();
  }

  async destroy(): Promise<void> {
    await this.#hosts.end();
  }
}

export class PostgresConnection implements DatabaseConnection {
  readonly #client: Client;
  readonly #hosts: Hosts;
  readonly #statements: StatementNames;
  #broken = false;
  #failure: unknown;

  static async open(hosts: Hosts, statements: StatementNames): Promise<PostgresConnection> {
    try {
      return new PostgresConnection(await hosts.connect(), hosts, statements);
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  constructor(client: Client, hosts: Hosts, statements: StatementNames) {
    this.#client = client;
    this.#hosts = hosts;
    this.#statements = statements;
  }

  async executeQuery<Row>({ sql, parameters }: Pick<CompiledQuery, "sql" | "parameters">): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.#query<Row>(sql, parameters);
    return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
  }

  /** Throws if PostgreSQL rolls back an aborted transaction instead. PostgreSQL then responds with ROLLBACK and no error. */
  async commit(): Promise<void> {
    const { command } = await this.#query("commit", []);
    if (command !== "COMMIT") throw new DatabaseUnavailable("unreachable", "the transaction was rolled back");
  }

  async rollback(): Promise<void> {
    // Closing a broken connection rolls back the transaction. A statement on the connection might only time out.
    if (!this.#broken) await this.#query("rollback", []);
  }

  // biome-ignore lint/correctness/useYield: Kysely requires the method; we read in pages.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("streaming is not supported: read in pages");
  }

  close(): void {
    this.#hosts.release(this.#client, this.#broken);
  }

  async #query<Row>(text: string, values: readonly unknown[]) {
    const name = this.#client.canPrepare && this.#hosts.keepsConnections ? this.#statements.name(text) : undefined;
    const query = { text, values: values as unknown[], query_timeout: this.#hosts.timeout };
    try {
      return await this.#client.query<Row & object>(name === undefined ? query : { ...query, name });
    } catch (error) {
      this.#broken ||= breaksConnection(error);
      // 25P02 means that an earlier error aborted the transaction. The earlier error is thrown instead.
      this.#failure = sqlStateOf(error) === "25P02" ? this.#failure : error;
      throw toDatabaseError(this.#failure);
    }
  }
}
