import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Auth } from "../../src/auth/auth.ts";
import * as library from "../../src/index.ts";
import { createWorld } from "../support/world.ts";

const page = await readFile(fileURLToPath(new URL("../../docs/library.md", import.meta.url)), "utf8");

/** Returns the words in backticks. Commands and paths are not words. */
function namesIn(text: string): string[] {
  return Array.from(text.matchAll(/`(\w+)`/g), ([, name = ""]) => name);
}

test("the table of docs/library.md has every group and function of Auth, and no other", async () => {
  await using world = await createWorld();
  const groups = Object.entries(world.auth).filter(([, value]) => Object.getPrototypeOf(value) === Object.prototype);
  const methods = Object.getOwnPropertyNames(Auth.prototype).filter((name) => name !== "constructor");
  const actual = [
    ["auth", methods.toSorted()],
    ...groups.map(([name, group]) => [`auth.${name}`, Object.keys(group).toSorted()]),
  ];
  const documented = Array.from(
    page.matchAll(/^\| `(auth(?:\.\w+)?)` \| (.*) \|$/gm),
    ([, name = "", functions = ""]) => [name, namesIn(functions).toSorted()],
  );
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(actual));
});

test("docs/library.md names every exported value, and no other", () => {
  const [, section = ""] = page.split("## Exported names");
  const [values = ""] = section.split(/^- types/m);
  assert.deepEqual(namesIn(values).toSorted(), Object.keys(library).toSorted());
});
