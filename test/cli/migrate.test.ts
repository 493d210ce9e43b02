import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { startService } from "../support/service.ts";

test("migrate updates the schema, and --status lists what it would do", async () => {
  for (const engine of ["sqlite", "postgres"] as const) {
    await using database = await createEmptyDatabase(engine);
    const run = (args: string[]) => runCommand(["migrate", ...args], { DATABASE_URL: database.url });
    if (engine === "postgres") assert.match((await run(["--status"])).stdout, /^(pending +\d{4}_\S+\n)+$/);
    else assert.match((await run(["--status"])).stderr, /the file does not exist\n$/);
    const failed = await runCommand([], { DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.equal(failed.code, 1);
    assert.match(
      failed.stderr,
      /schema is older than this version; run: bienvenue migrate\n$|the file does not exist\n$/,
    );
    const migrated = await runCommand(["migrate"], { DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.match(migrated.stdout, /^(applied +\d{4}_\S+\n)+$/, migrated.stderr);
    assert.match((await run([])).stdout, /^(applied +\d{4}_\S+\n)+$/);
    assert.match((await run(["--status"])).stdout, /^(applied +\d{4}_\S+\n)+$/);
    await using service = await startService({ DATABASE_URL: database.url, AUTO_MIGRATE: "off" });
    assert.equal((await fetch(`${service.url}/health/ready`)).status, 200);
  }
});
