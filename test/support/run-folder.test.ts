import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findProcesses } from "./run-processes.ts";
import { createTemporaryFolder } from "./service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The PostgreSQL of this run, for test runs that do not start one. */
const { TEST_DATABASE_URL } = process.env;

/** Starts a test run of one file as `npm test` does, with a separate temporary folder. */
async function begin(body: string, environment: NodeJS.ProcessEnv = {}) {
  const resources = new AsyncDisposableStack();
  const { path: folder } = resources.use(await createTemporaryFolder());
  const { path: temporary } = resources.use(await createTemporaryFolder());
  await chmod(temporary, 0o1777);
  const file = join(folder, "of-a-run.test.ts");
  const started = join(folder, "started");
  const modules = ["service", "postgres-server"].map((name) => JSON.stringify(join(root, `test/support/${name}.ts`)));
  await writeFile(
    file,
    `import { writeFileSync } from "node:fs";
    import { test } from "node:test";
    import { startService, createTemporaryFolder } from ${modules[0]};
    import { startPostgres } from ${modules[1]};
    const started = () => writeFileSync(${JSON.stringify(started)}, "");
    test("of a run", async () => {${body}});`,
  );
  const { NODE_TEST_CONTEXT: _, TEST_DATABASE_URL: __, ...env } = process.env;
  const setup = join(root, "test/support/global-setup.ts");
  const child = spawn(process.execPath, ["--test", "--test-force-exit", `--test-global-setup=${setup}`, file], {
    cwd: root,
    // If unset, Node passes the coverage folder of this run on, and the started run would remove it.
    env: { ...env, TMPDIR: temporary, NODE_V8_COVERAGE: "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return {
    child,
    ended,
    printed: () => printed,
    temporary,
    left: () => readdir(temporary),
    /** Waits until the test has started. */
    async started() {
      while (
        !(await access(started).then(
          () => true,
          () => false,
        ))
      ) {
        assert.equal(child.exitCode, null, printed);
        await sleep(20);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("a test run leaves nothing in the temporary folder, whether its tests pass or fail", async () => {
  for (const [body, expected] of [
    ["await using folder = await createTemporaryFolder(); await using server = await startPostgres();", 0],
    ["await using folder = await createTemporaryFolder(); throw new Error('fails');", 1],
  ] as const) {
    await using run = await begin(body);
    assert.equal(await run.ended, expected, run.printed());
    assert.deepEqual(await run.left(), []);
    assert.doesNotMatch(run.printed(), /tests left files/);
  }
});

test("a test run fails and names the file if a test leaves one behind", async () => {
  await using run = await begin("await createTemporaryFolder();", { TEST_DATABASE_URL });
  assert.equal(await run.ended, 1, run.printed());
  assert.match(run.printed(), /tests left files in the temporary folder: bienvenue-\w{6}\n/);
  assert.deepEqual(await run.left(), []);
});

test("an interrupted or killed test run leaves no files and no processes", async () => {
  const end = async (signal: NodeJS.Signals) => {
    await using run = await begin(
      `
      await using folder = await createTemporaryFolder();
      await using server = await startPostgres();
      await using service = await startService({ DATABASE_URL: "sqlite:" + folder.path + "/a.db" });
      started();
      await new Promise((resolve) => setTimeout(resolve, 200_000));`,
      { TEST_DATABASE_URL },
    );
    await run.started();
    run.child.kill(signal);
    await run.ended;
    // The process that outlives the run removes the folder.
    while ((await run.left()).length > 0 || findProcesses(run.temporary).length > 0) await sleep(20);
  };
  await Promise.all((["SIGINT", "SIGTERM", "SIGKILL"] as const).map(end));
});
