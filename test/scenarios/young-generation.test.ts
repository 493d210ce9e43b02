import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { launchService } from "../support/service.ts";

const run = promisify(execFile);
/** The size in bytes of the young generation, after much more than that was allocated and kept alive for a while. */
const grow = `
  import { getHeapSpaceStatistics } from "node:v8";
  export function grow() {
    for (let round = 0; round < 30; round++) {
      const kept = [];
      for (let index = 0; index < 100_000; index++) kept.push({ index });
    }
    return getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size;
  }`;
const importGrow = `import { grow } from ${JSON.stringify(`data:text/javascript,${encodeURIComponent(grow)}`)};`;
const onSignal = `${importGrow} import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("SIGUSR2", () => console.log(JSON.stringify({ event: "grown", size: grow() })));`;
const bound = 4 * 2 ** 20;

async function sizeInService(options = ""): Promise<number> {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(onSignal)} ${options}`;
  await using service = launchService({ NODE_OPTIONS });
  await service.waitFor("listening");
  service.process.kill("SIGUSR2");
  return (await service.waitFor("grown")).size as number;
}

test("V8's young generation stays small in the service, however much is allocated", async () => {
  const size = await sizeInService();
  assert.ok(size <= bound, `${size} bytes`);
});

test("an operator's own size of the young generation takes precedence, however it is spelled", async () => {
  for (const option of ["--max-semi-space-size=16", "--max_semi_space_size=16"]) {
    const size = await sizeInService(option);
    assert.ok(size > bound, `${option}: ${size} bytes`);
  }
});

test("a program that imports the library keeps V8 as it was", async () => {
  const library = JSON.stringify(new URL("../../src/index.ts", import.meta.url).href);
  const program = `${importGrow} await import(${library}); console.log(grow());`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  assert.ok(Number(stdout) > bound, `${stdout} bytes`);
});
