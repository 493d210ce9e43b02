import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSettings } from "../../src/settings/settings.ts";
import { production } from "../support/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = await readFile(`${root}docs/security.md`, "utf8");

/** V6 and V7 of ASVS 5.0.0, section by section: all of levels 1 and 2. What is missing in between is of level 3. */
const required = {
  "6.1": [1, 2, 3],
  "6.2": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  "6.3": [1, 2, 3, 4],
  "6.4": [1, 2, 3, 4],
  "6.5": [1, 2, 3, 4, 5],
  "6.6": [1, 2, 3],
  "6.8": [1, 2, 3, 4],
  "7.1": [1, 2, 3],
  "7.2": [1, 2, 3, 4],
  "7.3": [1, 2],
  "7.4": [1, 2, 3, 4, 5],
  "7.5": [1, 2],
  "7.6": [1, 2],
};

/** The rows of the tables under a heading, cell by cell, without their heads. */
function rows(heading: string): string[][] {
  const [, section = ""] = page.split(new RegExp(`^## ${heading}.*$`, "m"));
  return [...(section.split(/^## /m)[0] ?? "").matchAll(/^\| (?!---|number|failure)(.*) \|$/gm)].map(([, row = ""]) =>
    row.split(" | "),
  );
}

/** The tests that a cell names: `` `app/limits` “its name” ``. */
function named(cell: string): { file: string; name: string }[] {
  return [...cell.matchAll(/`([\w/.-]+)` “([^”]+)”/g)].map(([, file = "", name = ""]) => ({ file, name }));
}

/** The names of a file's tests, and groups of tests, as they are written there. */
async function testsOf(file: string): Promise<Set<string>> {
  const source = await readFile(`${root}test/${file}.test.ts`, "utf8").catch(() => "");
  const names = source.matchAll(/\b(?:test|testOnce|survives|describe)\(\s*(["`])((?:\\.|(?!\1).)*)\1/g);
  return new Set(Array.from(names, ([, , name = ""]) => name));
}

const requirements = rows("OWASP ASVS");
const failures = rows("Failures of others");

test("every test that docs/security.md names is there", async () => {
  const all = [...requirements, ...failures].flatMap((cells) => named(cells.at(-1) ?? ""));
  assert.ok(all.length > 150, `${all.length} are named`);
  const files = new Map<string, Set<string>>();
  for (const { file } of all) if (!files.has(file)) files.set(file, await testsOf(file));
  const gone = all.filter(({ file, name }) => !files.get(file)?.has(name));
  assert.deepEqual(gone, []);
});

test("every requirement of levels 1 and 2 on authentication and sessions is in its table, and none twice", () => {
  const numbers = requirements.map(([number]) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  const missing = Object.entries(required)
    .flatMap(([section, numbers]) => numbers.map((number) => `${section}.${number}`))
    .filter((number) => !numbers.includes(number));
  assert.deepEqual(missing, []);
});

test("every row has a test that shows it, or says why there is none", () => {
  const answers = ["shown", "documented", "differs", "yours", "not here"];
  for (const [number = "", level = "", what = "", answer = "", ...more] of requirements) {
    assert.match(number, /^\d+\.\d+\.\d+$/);
    assert.match(level, /^[123]$/, number);
    assert.ok(what.length > 5 && answers.includes(answer), number);
    assert.equal(more.length, 1, number);
    const [text = ""] = more;
    if (answer === "shown") assert.ok(named(text).length > 0, number);
    else assert.ok(text.replaceAll(/`[\w/.-]+` “[^”]+”/g, "").length > 15, number);
  }
  for (const [failure = "", ...more] of failures)
    assert.ok(more.length === 1 && named(more[0] ?? "").length > 0, failure);
});

test("the limits are told as they are", () => {
  const settings = Object.entries(readSettings(production)).filter(([name]) => name.startsWith("LIMIT_"));
  const told = new Map(rows("How guessing is held off").map(([name = "", value = ""]) => [name, value]));
  for (const [name, limit] of settings) {
    const value = typeof limit === "number" ? `${limit}` : shown(limit as { tries: number; window: number });
    assert.equal(told.get(`\`${name}\``), value, name);
  }
});

function shown({ tries, window }: { tries: number; window: number }): string {
  return window % 3_600_000 === 0 ? `${tries} in ${window / 3_600_000} h` : `${tries} in ${window / 60_000} min`;
}

test("its links lead to files that are there", async () => {
  const links = [...page.matchAll(/\]\((?!https:|#)([^)#]+)/g)].map(([, path = ""]) =>
    path.startsWith("../") ? path.slice(3) : `docs/${path}`,
  );
  assert.ok(links.length >= 5);
  for (const path of links) assert.ok(await readFile(root + path), path);
});
