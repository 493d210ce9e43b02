import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Auth } from "../../src/auth/auth.ts";
import { openDB } from "../../src/db/db.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { foreignHashes, foreignPassword } from "../support/foreign-hashes.ts";
import { createTemporaryFolder, runInSeparateProcess } from "../support/service.ts";

const hash = foreignHashes["bcrypt 2y"] as string;
const line = (email: string, fields: object = {}) => JSON.stringify({ email, hashed_password: hash, ...fields });

/** Creates an empty database of the engine under test, and a folder for the file to import. */
async function createWorld(environment: Environment = {}) {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createEmptyDatabase(getCurrentEngine()));
  const folder = resources.use(await createTemporaryFolder());
  const file = join(folder.path, "accounts.jsonl");
  return {
    database,
    folder: folder.path,
    run: (...args: string[]) => runInSeparateProcess(args, { DATABASE_URL: database.url, ...environment }),
    importing: async (content: string | Buffer, ...options: string[]) => {
      await writeFile(file, content);
      return runCommand(["import", file, ...options], { DATABASE_URL: database.url, ...environment });
    },
    emails: async () => (await database.run("select email from users order by id")).map(({ email }) => email),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("an export imported into another database exports the same", async () => {
  await using here = await createWorld();
  await using there = await createEmptyDatabase(getCurrentEngine() === "sqlite" ? "postgres" : "sqlite");
  const accounts = Object.values(foreignHashes).map((hashed_password, i) => ({
    email: `p${i}@example.com`,
    hashed_password,
    verified: i % 2 === 0,
    ...(i === 3 && { disabled: true }),
    created_at: `2026-11-21T09:30:00.00${i % 10}Z`,
  }));
  const many = Array.from({ length: 2200 }, (_, i) => ({
    ...accounts[0],
    email: `q${i}@example.com`,
  }));
  const content = [...accounts, ...many].map((account) => `${JSON.stringify(account)}\n`).join("");
  const imported = await here.importing(content);
  assert.equal(imported.stderr, "");
  assert.equal(imported.stdout, `imported ${accounts.length + 2200} accounts; 0 already existed\n`);
  assert.equal(imported.code, 0);

  const file = join(here.folder, "export.jsonl");
  assert.deepEqual(await runCommand(["export", file], { DATABASE_URL: here.database.url }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal(await readFile(file, "utf8"), content);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const environment = { DATABASE_URL: there.url };
  assert.equal((await runCommand(["import", file], environment)).code, 0);
  assert.equal((await runInSeparateProcess(["export"], environment)).stdout, content);

  await using db = await openDB(there.url);
  const auth = new Auth(db, { settings: readSettings({ BCRYPT_COST: "4" }) });
  assert.equal(await auth.validLogin("p2@example.com", foreignPassword), true);
  assert.equal(await auth.validLogin("p3@example.com", foreignPassword), false);
  await auth.close();
});

test("an invited user is exported and imported without a password, and can only use a reset", async () => {
  await using here = await createWorld();
  await using there = await createWorld();
  await (await openDB(here.database.url)).close();
  assert.equal((await runCommand(["users", "create", "bob@example.com"], { DATABASE_URL: here.database.url })).code, 0);
  const { stdout } = await here.run("export");
  assert.deepEqual(await there.importing(stdout), {
    code: 0,
    stdout: "imported 1 accounts; 0 already existed\n",
    stderr: "",
  });
  assert.equal((await there.run("export")).stdout, stdout);
  await using db = await openDB(there.database.url);
  const auth = new Auth(db, { settings: readSettings({ BCRYPT_COST: "4" }) });
  for (const guess of ["!", "", foreignPassword]) assert.equal(await auth.validLogin("bob@example.com", guess), false);
  await auth.updatePassword(await auth.getResetPasswordToken("bob@example.com"), foreignPassword);
  assert.equal(await auth.validLogin("bob@example.com", foreignPassword), true);
  await auth.close();
});

test("rejected lines are printed with the reason, and the others are imported", async () => {
  await using it = await createWorld({ EMAIL_FORMAT: "address" });
  const content = [
    `\ufeff${line("a@example.com")}\r`,
    "not json",
    line("no address"),
    "",
    line("b@example.com", { hashed_password: "secret" }),
    line("b@example.com", { hashed_password: `$2b$31$${"a".repeat(53)}` }),
    line(" A@EXAMPLE.com"),
    line("c@example.com", { pad: "x".repeat(300_000) }),
    Buffer.from([0xff, 0xfe]).toString("latin1"),
    line("b@example.com"),
  ].join("\n");
  const expected = [
    "line 2 rejected: it is not a JSON object",
    "line 3 rejected: its email is not a valid address",
    "line 5 rejected: its hash has an unsupported format",
    "line 6 rejected: the cost of its hash is out of range",
    "line 7 rejected: its email is the same as on line 1",
    "line 8 rejected: it is longer than 4096 bytes, or not UTF-8",
    "line 9 rejected: it is longer than 4096 bytes, or not UTF-8",
  ];
  // Only line 9 is not UTF-8.
  const bytes = Buffer.concat(
    content.split("\n").map((text, i) => Buffer.from(`${text}${i < 9 ? "\n" : ""}`, i === 8 ? "latin1" : "utf8")),
  );
  const { database } = it;
  await (await openDB(database.url)).close();
  for (const [options, word, stored] of [
    [["--dry-run"], "would import", []],
    [[], "imported", ["a@example.com", "b@example.com"]],
  ] as const) {
    const { code, stdout, stderr } = await it.importing(bytes, ...options);
    assert.equal(stdout, `${[...expected, `${word} 2 accounts; 0 already existed`].join("\n")}\n`);
    assert.equal(stderr, "bienvenue: 7 lines were rejected for the reasons above\n");
    assert.equal(code, 1);
    assert.deepEqual(await it.emails(), stored);
  }
});

test("importing again leaves existing accounts unchanged", async () => {
  await using it = await createWorld();
  assert.equal((await it.importing(line("a@example.com"))).code, 0);
  const before = await it.database.run("select * from users");
  for (const options of [["--dry-run"], []]) {
    const other = line("a@example.com", { hashed_password: foreignHashes.PBKDF2, verified: true });
    const { code, stdout, stderr } = await it.importing(other, ...options);
    assert.match(stdout, /^line 1: the account already exists and is unchanged\n.*import(ed)? 0 accounts; 1 /);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual(await it.database.run("select * from users"), before);
  }
});

test("a file or database that cannot be used is reported in one line, and no file is overwritten", async () => {
  await using it = await createWorld();
  await it.importing(line("a@example.com"));
  const kept = join(it.folder, "kept");
  await writeFile(kept, "kept");
  const elsewhere = { DATABASE_URL: `sqlite:${join(it.folder, "missing.db")}` };
  for (const [args, environment] of [
    [["import"], {}],
    [["import", join(it.folder, "missing.jsonl")], { DATABASE_URL: it.database.url }],
    [["import", it.folder], { DATABASE_URL: it.database.url }],
    [["import", kept, kept], {}],
    [["import", kept, "--dry"], {}],
    [["import", kept, "--dry-run"], elsewhere],
    [["export", kept], { DATABASE_URL: it.database.url }],
    [["export", join(it.folder, "no", "folder")], { DATABASE_URL: it.database.url }],
    [["export", "--all"], {}],
    [["export", "a", "b"], {}],
    [["export"], elsewhere],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(args, environment);
    assert.match(stderr, /^bienvenue: .+\n(See bienvenue \w+ --help\n)?$/, args.join(" "));
    assert.equal(stdout, "");
    assert.equal(code, stderr.includes("\nSee ") ? 2 : 1, args.join(" "));
  }
  assert.equal(await readFile(kept, "utf8"), "kept");
  await assert.rejects(stat(join(it.folder, "missing.db")));
});

test("an export whose reader stops early fails with one line", async () => {
  await using it = await createWorld();
  await it.importing(Array.from({ length: 2500 }, (_, i) => line(`p${i}@example.com`)).join("\n"));
  const program = fileURLToPath(new URL("../../bin/bienvenue.js", import.meta.url));
  const env = { PATH: process.env.PATH, DATABASE_URL: it.database.url };
  const child = spawn(process.execPath, [program, "export"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.destroy();
  const [code] = await once(child, "close");
  assert.equal(stderr, "bienvenue: the reader closed the output before the end\n");
  assert.equal(code, 1);
});
