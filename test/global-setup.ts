import { type PostgresServer, startPostgres } from "./postgres-server.ts";

let server: PostgresServer | undefined;

/** One PostgreSQL for all tests: the one that TEST_DATABASE_URL names, else one of their own. */
export async function globalSetup(): Promise<void> {
  if (process.env.TEST_DATABASE_URL) return;
  server = await startPostgres({ configuration: { max_connections: 500 } });
  process.env.TEST_DATABASE_URL = server.url;
}

export async function globalTeardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
