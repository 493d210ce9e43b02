import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startService } from "../support/service.ts";

const script = fileURLToPath(new URL("../../e2e/main.ts", import.meta.url));
const run = promisify(execFile);

test("the end-to-end script prints nothing if all steps pass, and otherwise names the step that fails", async () => {
  await using service = await startService({});
  const { stdout, stderr } = await run(process.execPath, [script, service.url]);
  assert.equal(stdout + stderr, "");
  await assert.rejects(
    run(process.execPath, [script, service.url]),
    (error: Error & { code: number; stderr: string }) => {
      assert.equal(error.code, 1);
      assert.equal(
        error.stderr,
        'register_user: expected status 200, received status 400 and {"message":"email already registered"}\n',
      );
      return true;
    },
  );
});
