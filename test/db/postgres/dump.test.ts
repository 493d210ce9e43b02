import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openDB } from "../../../src/db/db.ts";
import { startPostgres } from "../../support/postgres-server.ts";
import { createTemporaryFolder } from "../../support/service.ts";

/** Finds the directory of PostgreSQL's server and dump programs, which are not installed by npm. */
function findPrograms(): string | undefined {
  const postgres = execFileSync("bash", ["-c", "command -v postgres || true"], { encoding: "utf8" }).trim();
  const folder = postgres && dirname(realpathSync(postgres));
  return folder && existsSync(join(folder, "pg_dump")) ? folder : undefined;
}

const skip = findPrograms() === undefined && "PostgreSQL is not installed";

test("the commands of docs/backup.md back up and restore a database", { skip }, async () => {
  const docs = await readFile(new URL("../../../docs/backup.md", import.meta.url), "utf8");
  const [dump = "", restore = ""] = docs.split("\n").filter((line) => /^pg_(dump|restore) /.test(line));
  await using server = await startPostgres({ programs: findPrograms() as string });
  await using folder = await createTemporaryFolder();
  const run = (command: string) =>
    execFileSync("bash", ["-c", `PATH=${findPrograms()}:$PATH; ${command}`], {
      cwd: folder.path,
      env: { ...process.env, DATABASE_URL: server.url },
    });
  await using db = await openDB(server.url);
  const bob = await db.addUser("bob@example.com", "hash");
  await db.updateUser(bob.id, { sessionId: "bob's" });
  run(dump);
  await db.updateUser(bob.id, { sessionId: null, email: "changed@example.com" });
  run(restore);
  assert.equal((await db.sessions.findUser("bob's"))?.email, "bob@example.com");
});
