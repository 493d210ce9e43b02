import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "../support/service.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = await readFile(join(root, "docs/library.md"), "utf8");

test("every program of docs/library.md has the right types", async () => {
  const programs = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program = ""]) => program);
  assert.ok(programs.length >= 4);
  await using folder = await temporaryFolder();
  for (const [i, program] of programs.entries()) await writeFile(join(folder.path, `${i}.mts`), program);
  await symlink(join(root, "node_modules"), join(folder.path, "node_modules"));
  const compilerOptions = { paths: { "bienvenue-auth": [join(root, "src/index.ts")] }, noUnusedLocals: false };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.mts"] };
  await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify(config));
  const { stdout } = await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder.path]).catch(
    (error) => error,
  );
  assert.equal(stdout, "");
});
