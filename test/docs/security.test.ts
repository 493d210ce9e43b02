import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readSettings } from "../../src/settings/settings.ts";
import { productionEnvironment } from "../support/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = await readFile(`${root}docs/security.md`, "utf8");

/** The numbers of the level 1 and 2 requirements in V6 and V7 of ASVS 5.0.0, by section. */
const requiredNumbers = {
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

/** Returns the cells of each table row under a heading, without the table heads. */
function rows(heading: string): string[][] {
  const [, section = ""] = page.split(new RegExp(`^## ${heading}.*$`, "m"));
  return [...(section.split(/^## /m)[0] ?? "").matchAll(/^\| (?!---|number|failure|setting)(.*) \|$/gm)].map(
    ([, row = ""]) => row.split(" | "),
  );
}

/** Returns the test ids in a text, such as `auth/limits/limits#rows-expire`. */
function testIdsIn(text: string): string[] {
  return Array.from(text.matchAll(mention), ([, name = ""]) => name);
}

const mention = /`([\w/.-]+#[\w-]+)`/g;

/** Returns the ids of the tests and groups of tests in a file. An id is a comment line directly above the call. */
async function idsOf(file: string): Promise<string[]> {
  const source = await readFile(`${root}test/${file}`, "utf8");
  const lines = source.split("\n");
  return lines.flatMap((line, i) => {
    const [, id] = /^ *\/\/ id: (.*)$/.exec(line) ?? [];
    if (id === undefined) return [];
    assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/, file);
    assert.match(lines[i + 1] ?? "", /^ *(?:test[a-zA-Z]*|describe)\(/, `${file}: ${id} is above no test`);
    return [`${file.slice(0, -".test.ts".length)}#${id}`];
  });
}

const requirements = rows("OWASP ASVS");
const failures = rows("Known failures of other systems");

test("docs/security.md names every test that has an id, and no other", async () => {
  const files = (await readdir(`${root}test`, { recursive: true })).filter((file) => file.endsWith(".test.ts"));
  const ids = (await Promise.all(files.map(idsOf))).flat();
  const names = testIdsIn(page);
  assert.ok(ids.length > 150, `${ids.length} have an id`);
  const missing = names.filter((name) => !ids.includes(name));
  const unnamed = ids.filter((id) => !names.includes(id));
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i);
  assert.deepEqual({ missing, unnamed, repeated }, { missing: [], unnamed: [], repeated: [] });
});

test("the tables have every requirement of levels 1 and 2 on authentication and sessions once", () => {
  const numbers = requirements.map(([number]) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  const missing = Object.entries(requiredNumbers)
    .flatMap(([section, numbers]) => numbers.map((number) => `${section}.${number}`))
    .filter((number) => !numbers.includes(number));
  assert.deepEqual(missing, []);
});

test("the list of what differs is complete", () => {
  const [, section = ""] = page.split("### What differs");
  const listed = Array.from(section.split("### ")[0]?.matchAll(/\d+\.\d+\.\d+/g) ?? [], ([number]) => number);
  const differing = requirements.filter(([, , , answer]) => answer === "differs").map(([number]) => number);
  assert.ok(differing.length > 0);
  assert.deepEqual(listed.sort(), differing.sort());
});

test("every row names a test or gives a reason", () => {
  const answers = ["met", "documented", "differs", "operator", "n/a"];
  for (const [number = "", level = "", requirement = "", answer = "", ...more] of requirements) {
    assert.match(number, /^\d+\.\d+\.\d+$/);
    assert.match(level, /^[123]$/, number);
    assert.ok(requirement.length > 5 && answers.includes(answer), number);
    assert.equal(more.length, 1, number);
    const [text = ""] = more;
    if (answer === "met") assert.ok(testIdsIn(text).length > 0, number);
    else assert.ok(text.replaceAll(mention, "").length > 15, number);
  }
  for (const [failure = "", ...more] of failures)
    assert.ok(more.length === 1 && testIdsIn(more[0] ?? "").length > 0, failure);
});

// id: limits-as-documented
test("the document has the current limits", () => {
  const settings = Object.entries(readSettings(productionEnvironment)).filter(([name]) => name.startsWith("LIMIT_"));
  const documented = new Map(rows("Limits").map(([name = "", value = ""]) => [name, value]));
  assert.equal(documented.size, settings.length);
  for (const [name, limit] of settings) {
    const value = typeof limit === "number" ? `${limit}` : formatLimit(limit as { attempts: number; window: number });
    assert.equal(documented.get(`\`${name}\``), value, name);
  }
});

function formatLimit({ attempts, window }: { attempts: number; window: number }): string {
  return window % 3_600_000 === 0 ? `${attempts} in ${window / 3_600_000} h` : `${attempts} in ${window / 60_000} min`;
}

test("the document has the current lifetimes of sessions and tokens", () => {
  const settings: Record<string, unknown> = { ...readSettings(productionEnvironment) };
  const documented = rows("Sessions");
  assert.equal(documented.length, 5);
  for (const [name = "", value = ""] of documented) {
    const [, amount = "", unit = ""] = /^(\d+)(?: (h|days))?$/.exec(value) ?? assert.fail(`${name}: ${value}`);
    const milliseconds = { "": 1, h: 3_600_000, days: 86_400_000 }[unit];
    assert.equal(settings[name.replaceAll("`", "")], Number(amount) * (milliseconds as number), name);
  }
});

test("the links of docs/security.md lead to files that exist", async () => {
  const links = [...page.matchAll(/\]\((?!https:|#)([^)#]+)/g)].map(([, path = ""]) =>
    path.startsWith("../") ? path.slice(3) : `docs/${path}`,
  );
  assert.ok(links.length >= 5);
  for (const path of links) assert.ok(await readFile(root + path), path);
});

test("README, SECURITY.md and docs name only settings that exist", async () => {
  const settings = Object.keys(readSettings());
  const others = ["NODE_OPTIONS"];
  let count = 0;
  for (const file of ["README.md", "SECURITY.md", "docs/security.md", "docs/decisions.md"]) {
    const text = await readFile(root + file, "utf8");
    for (const [, name = ""] of text.matchAll(/\b((?:[A-Z]+_)+[A-Z]+)\b(?!…)/g)) {
      count++;
      assert.ok(settings.includes(name) || others.includes(name), `${file}: ${name}`);
    }
  }
  assert.ok(count > 50);
});
