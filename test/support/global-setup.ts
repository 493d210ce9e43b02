import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportUnseenAnswers } from "./descriptions/report-unseen.ts";
import { type PostgresServer, prepareServers, startPostgres } from "./postgres-server.ts";
import { createRunFolder, removeRunFolder } from "./run-folder.ts";
import { keepSchemas } from "./schemas.ts";

let folder: string | undefined;
let prepared: string | undefined;
let server: PostgresServer | undefined;
let isInterrupted = false;

/**
 * One temporary folder for all tests, and one PostgreSQL: the one that TEST_DATABASE_URL names, else one of their own.
 */
export async function globalSetup(): Promise<void> {
  // Each file of tests is a process, which would spend half of its start on compiling what the one before it has compiled.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../../.cache", import.meta.url));
  folder = createRunFolder();
  process.env.TEST_ANSWERS ??= join(folder, "answers");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      isInterrupted = true;
    });
  }
  if (!process.env.TEST_POSTGRES) prepared = await prepareServers();
  if (process.env.TEST_DATABASE_URL) return;
  // A vacuum would write into a schema that is kept for the next test how many rows its tables have: none.
  server = await startPostgres({ configuration: { max_connections: 500, autovacuum: "off" } });
  process.env.TEST_DATABASE_URL = server.url;
  await keepSchemas(server.url);
}

/**
 * Removes the folder, and fails if a test has left anything in it. It is synchronous, because with `--test-force-exit` the
 * process ends when it returns. Then it is also called more than once.
 */
export function globalTeardown(): void {
  if (folder === undefined) return;
  // The compile cache that npm turns on in Node.
  const own = [
    prepared && basename(prepared),
    server && basename(dirname(server.data)),
    "node-compile-cache",
    "answers",
  ];
  // Chromium and playwright remove their own after a browser was closed, and not where the run ends before.
  const left = readdirSync(folder).filter(
    (name) => !own.includes(name) && !/^(\.org\.chromium\.|playwright)/.test(name),
  );
  if (process.env.TEST_ANSWERS !== undefined) reportUnseenAnswers(process.env.TEST_ANSWERS);
  removeRunFolder(folder);
  folder = undefined;
  if (left.length === 0 || isInterrupted) return;
  console.error(`\ntests left files in the temporary folder: ${left.join(", ")}`);
  process.exitCode = 1;
}
