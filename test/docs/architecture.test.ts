import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = await readFile(`${root}docs/architecture.md`, "utf8");

/** The steps of both walks: a file of src/, and the text about it. */
const steps = [...page.matchAll(/^\d+\. `([^`]+)`:([\s\S]*?)(?=\n\d+\. |\n\n)/gm)].map(([, file = "", text = ""]) => ({
  file,
  text,
}));

test("each step of a walk names a file of src/ and functions that it declares", async () => {
  assert.ok(steps.length > 20);
  let functions = 0;
  for (const { file, text } of steps) {
    const source = await readFile(`${root}src/${file}`, "utf8");
    for (const [, name = ""] of text.matchAll(/`([a-zA-Z]+)\(\)`/g)) {
      const declaration = new RegExp(`\\bfunction ${name}\\b|^ +(?:async |override )*${name}(?:<\\w+>)?\\(`, "m");
      assert.ok(declaration.test(source), `${name}() is not declared in ${file}`);
      functions++;
    }
  }
  assert.ok(functions > 20);
});

test("every file that docs/architecture.md names exists", async () => {
  const files = [...page.matchAll(/`([\w/.-]+\.(?:ts|js))`/g)].map(([, file = ""]) => file);
  assert.ok(files.length > 30);
  for (const file of files) assert.ok(await readFile(`${root}src/${file}`), file);
});

test("each walk has fewer than 400 words", () => {
  const walks = page.split(/^## /m).slice(1);
  assert.equal(walks.length, 2);
  for (const walk of walks) assert.ok(walk.split(/\s+/).length < 400, walk.slice(0, 20));
});
