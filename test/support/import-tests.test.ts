import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const find = (pattern: string) => globSync(pattern, { cwd: root }).toSorted();

test("every test file runs once: in its own process, or in one of test/all/", () => {
  const named = ["package.json", ...find("test/all/*.ts")].flatMap((file) =>
    Array.from(
      readFileSync(join(root, file), "utf8").matchAll(/"(test\/[^"\\]*\.test\.ts)\\?"/g),
      ([, glob = ""]) => glob,
    ),
  );
  assert.ok(named.length > 2);
  assert.deepEqual(named.flatMap(find).toSorted(), find("test/**/*.test.ts"));
});
