import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("docs/observability.md has all events that only the log has, and no others", async () => {
  const logged = new Set<string>();
  for await (const path of glob("src/**/*.ts", { cwd: root })) {
    const source = await readFile(join(root, path), "utf8");
    for (const [, event = ""] of source.matchAll(/log\.\w+\(\s*\{\s*event: "(\w+)"/g)) logged.add(event);
  }
  const page = await readFile(join(root, "docs/observability.md"), "utf8");
  const [, table = ""] = page.split("| event | level | when |");
  const rows = [...(table.split("\n\n")[0] ?? "").matchAll(/^\| (`.+`) \| (info|warn|error) \| \w.+ \|$/gm)];
  const documented = rows.flatMap(([, names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.ok(logged.size >= 14, `${logged.size} are logged`);
  assert.deepEqual(documented.toSorted(), [...logged].toSorted());
});
