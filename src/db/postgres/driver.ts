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
import { breaksConnection, sqlState, toDatabaseError } from "./faults.ts";
import type { Client, Hosts } from "./hosts.ts";
import { OwnSchemaIntrospector } from "./introspector.ts";

/** Twice as many as there are statements of ours; a bound in case one is made of changing parts. */
const statementLimit = 400;

/** A name for every statement, under which a connection prepares it once. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** The name, or undefined when there are too many already. */
  name(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= statementLimit) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

export function dialect(hosts: Hosts, statements: StatementNames): Dialect {
  return {
    createDriver: () => new PostgresDriver(hosts, statements),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new UnlockedPostgresAdapter(),
    createIntrospector: (db) => new OwnSchemaIntrospector(db),
  };
}

/** Kysely's own lock outlives a migration that fails, and hides why it did; ours ends with the transaction. */
class UnlockedPostgresAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

/** Kysely's driver over the servers: it prepares statements by name, and trusts no connection after a fault. */
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

  /** PostgreSQL answers a commit of what it has already given up with ROLLBACK, and no error. */
  async commit(): Promise<void> {
    const { command } = await this.#query("commit", []);
    if (command !== "COMMIT") throw new DatabaseUnavailable("unreachable", "the transaction was rolled back");
  }

  async rollback(): Promise<void> {
    // Closing a connection rolls back; asking one that does not answer would only take time.
    if (!this.#broken) await this.#query("rollback", []);
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method; we read in pages.
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
      // "The transaction is aborted" says nothing of why: that was the error before.
      this.#failure = sqlState(error) === "25P02" ? this.#failure : error;
      throw toDatabaseError(this.#failure);
    }
  }
}
