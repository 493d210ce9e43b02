import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportUnseenAnswers } from "./descriptions/report-unseen.ts";
import { type PostgresServer, prepareServers, startPostgres } from "./postgres-server.ts";
import { createRunFolder, removeRunFolder } from "./run-folder.ts";
import { enableSchemaReuse } from "./schemas.ts";

let folder: string | undefined;
let prepared: string | undefined;
let server: PostgresServer | undefined;
let isInterrupted = false;

/** Creates a temporary folder for all tests, and starts one PostgreSQL server unless TEST_DATABASE_URL names one. */
export async function globalSetup(): Promise<void> {
  // Each test file runs in its own process. Without a compile cache, compiling takes half of its startup time.
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
  // Vacuum would record that the tables of a reused schema have no rows, which changes the plans of the next test.
  server = await startPostgres({ configuration: { max_connections: 500, autovacuum: "off" } });
  process.env.TEST_DATABASE_URL = server.url;
  await enableSchemaReuse(server.url);
}

/**
 * Removes the folder, and fails if a test left a file in it. With `--test-force-exit`, Node calls this function more than once
 * and exits when it returns, so it is synchronous.
 */
export function globalTeardown(): void {
  if (folder === undefined) return;
  const expected = [
    prepared && basename(prepared),
    server && basename(dirname(server.data)),
    // The compile cache that npm enables in Node.
    "node-compile-cache",
    "answers",
  ];
  // Chromium and playwright remove their files after a browser closes, but not if the run ends first.
  const leftFiles = readdirSync(folder).filter(
    (name) => !expected.includes(name) && !/^(\.org\.chromium\.|playwright)/.test(name),
  );
  if (process.env.TEST_ANSWERS !== undefined) reportUnseenAnswers(process.env.TEST_ANSWERS);
  removeRunFolder(folder);
  folder = undefined;
  if (leftFiles.length === 0 || isInterrupted) return;
  console.error(`\ntests left files in the temporary folder: ${leftFiles.join(", ")}`);
  process.exitCode = 1;
}
