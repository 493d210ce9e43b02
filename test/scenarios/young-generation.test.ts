import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { launchService } from "../support/service.ts";

const run = promisify(execFile);
/** A module whose `grow` allocates 30 times 100,000 objects and returns the size of the young generation in bytes. */
const growModule = `
  import { getHeapSpaceStatistics } from "node:v8";
  export function grow() {
    for (let round = 0; round < 30; round++) {
      const kept = [];
      for (let index = 0; index < 100_000; index++) kept.push({ index });
    }
    return getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size;
  }`;
const importGrow = `import { grow } from ${JSON.stringify(`data:text/javascript,${encodeURIComponent(growModule)}`)};`;
const growOnSignal = `${importGrow} import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("SIGUSR2", () => console.log(JSON.stringify({ event: "grown", size: grow() })));`;
const maxSize = 4 * 2 ** 20;

async function measureInService(options = ""): Promise<number> {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(growOnSignal)} ${options}`;
  await using service = launchService({ NODE_OPTIONS });
  await service.waitForEvent("listening");
  service.process.kill("SIGUSR2");
  return (await service.waitForEvent("grown")).size as number;
}

test("the service keeps V8's young generation small, however much it allocates", async () => {
  const size = await measureInService();
  assert.ok(size <= maxSize, `${size} bytes`);
});

test("a size of the young generation in NODE_OPTIONS takes precedence, with dashes or underscores", async () => {
  for (const option of ["--max-semi-space-size=16", "--max_semi_space_size=16"]) {
    const size = await measureInService(option);
    assert.ok(size > maxSize, `${option}: ${size} bytes`);
  }
});

test("importing the library does not change V8's young generation", async () => {
  const library = JSON.stringify(new URL("../../src/index.ts", import.meta.url).href);
  const program = `${importGrow} await import(${library}); console.log(grow());`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  assert.ok(Number(stdout) > maxSize, `${stdout} bytes`);
});
