import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Environment } from "../../src/settings/settings.ts";
import { runCommand } from "../support/commands.ts";
import { createTemporaryFolder, runInSeparateProcess, runProgram } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

const commands = ["migrate", "copy", "import", "export", "adopt", "backup", "restore", "mail", "users", "events"];

/** Runs a command in a folder whose shell lacks the service's environment. */
function runIn(folder: string, args: string[], environment: Environment = {}) {
  return runCommand(args, { DATABASE_URL: "", ...environment } as Record<string, string>, folder);
}

test("--help and help print the help of every command and subcommand to standard output", async () => {
  for (const args of [["help"], ["--help", "-h"], ["help", "--help"]])
    assert.match((await runCommand(args)).stdout, /^Usage: bienvenue \[command\]\n(?:.*\n)*? {2}PORT /);
  const helpCalls = commands.flatMap((name) => [
    [name, "--help"],
    [name, "-h"],
    ["help", name],
    ["--help", name],
  ]);
  const subcommandCalls = [
    ["users", "list", "--help"],
    ["users", "delete", "bob@example.com", "-h"],
    ["users", "list", "--limit", "x", "--help"],
    ["mail", "test", "-h"],
    ["help", "users", "list"],
    ["import", "missing.jsonl", "--help"],
  ];
  for (const args of [...helpCalls, ...subcommandCalls]) {
    const { code, stdout, stderr } = await runCommand(args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    const [name, subcommand] = args.filter((arg) => [...commands, "list", "delete", "test"].includes(arg));
    const path = subcommand === undefined ? name : `${name} ${subcommand}`;
    assert.match(stdout, new RegExp(`^Usage: bienvenue ${path} .+\\n\\n[A-Z]`), args.join(" "));
    assert.match(stdout, /^ {2}-h, --help +Print help$/m);
  }
});

test("wrong arguments get one line and a pointer to the help, never a stack, and create nothing", async () => {
  await using folder = await createTemporaryFolder();
  await mkdir(join(folder.path, "folder"));
  await writeFile(join(folder.path, "empty"), "");
  const unknown = [[""], ["nonsense"], ["-x"], ["--port=1"], ["toString"], ["__proto__"], ["help", "nonsense"]];
  const misused = commands.flatMap((name) => [
    [name, "--nonsense"],
    [name, "-x"],
    [name, "a", "b", "c"],
  ]);
  const others = [
    ["--help", "nonsense"],
    ["copy"],
    ["copy", "--from"],
    ["copy", "--from", "x", "--to"],
    ["import"],
    ["import", ""],
    ["import", "--dry-run=yes", "x"],
    ["export", ""],
    ["adopt"],
    ["adopt", ""],
    ["adopt", "x", "--verified=yes"],
    ["backup"],
    ["backup", ""],
    ["restore"],
    ["restore", ""],
    ["mail", "nonsense"],
    ["mail", "test"],
    ["mail", "test", "bob", "eve"],
    ["mail", "list", "--limit"],
    ["mail", "list", "--limit", "1e3"],
    ["mail", "retry", "x"],
    ["users", "nonsense"],
    ["users", "show"],
    ["users", "show", "1", "2"],
    ["users", "list", "--limit", "0x10"],
    ["users", "list", "--limit", ""],
    ["users", "list", "--after", "1.5"],
    ["users", "list", "--json=1"],
    ["users", "create", "bob@example.com", "--language"],
    ["events", "--limit", "9999999"],
    ["events", "--user"],
  ];
  const failures = [
    ["copy", "--from", "sqlite:folder", "--to", "sqlite:new.db"],
    ["copy", "--from", "sqlite:empty", "--to", "sqlite:new.db"],
    ["import", "missing.jsonl"],
    ["import", "folder"],
    ["import", "missing.jsonl", "--dry-run"],
    ["adopt", "missing.db"],
    ["adopt", "folder"],
    ["adopt", "empty"],
    ["users", "show", "-1"],
  ];
  for (const args of [...unknown, ...misused, ...others, ...failures]) {
    const { code, stdout, stderr } = await runIn(folder.path, args, { DATABASE_URL: "sqlite:service.db" });
    assert.deepEqual([code, stdout], [failures.includes(args) ? 1 : 2, ""], args.join(" "));
    assert.match(stderr, /^bienvenue: .+\n(?: {2}.+\n)?(See bienvenue .*--help\n)?$/, args.join(" "));
    assert.equal(stderr.includes("\nSee "), code === 2);
    assert.doesNotMatch(stderr, /^ +at |node:/m);
    assert.deepEqual((await readdir(folder.path)).sort(), ["empty", "folder"], args.join(" "));
  }
  const { stderr } = await runInSeparateProcess(["\x1b[2J"]);
  assert.equal(stderr, "bienvenue: unknown command '?[2J'\nSee bienvenue --help\n");
});

test("without the service's environment, a command prints which database and mode it uses, and creates no database", async () => {
  await using folder = await createTemporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  const uses = (file: string, mode: string, names: string) =>
    `bienvenue: DATABASE_URL is not set: using ${file} in ${mode} mode; set ${names}\n`;
  const both = "DATABASE_URL and NODE_ENV as the service does";
  for (const args of [
    ["users", "list"],
    ["users", "show", "1"],
    ["users", "create", "bob@example.com"],
    ["users", "delete", "1", "--yes"],
    ["events"],
    ["events", "--follow"],
    ["export"],
    ["mail", "list"],
    ["mail", "retry"],
    ["backup", "copy.db"],
    ["restore", "copy.db"],
    ["import", "missing.jsonl"],
    ["import", "/dev/null", "--dry-run"],
    ["adopt", "missing.db"],
    ["migrate", "--status"],
  ]) {
    const { code, stdout, stderr } = await runIn(folder.path, args);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    const [warning, reason] = stderr.split(/(?<=\n)/);
    assert.equal(warning, uses(`${path} (does not exist)`, "development", both));
    assert.match(reason ?? "", /the file does not exist\)?\n$/);
    assert.deepEqual(await readdir(folder.path), [], args.join(" "));
  }

  const migrated = await runIn(folder.path, ["migrate"]);
  assert.deepEqual([migrated.code, migrated.stderr], [0, uses(`${path} (does not exist)`, "development", both)]);
  for (const [environment, mode, names] of [
    [{}, "development", both],
    [productionEnvironment, "production", "DATABASE_URL as the service does"],
  ] as const) {
    const { code, stdout, stderr } = await runIn(folder.path, ["users", "list"], environment);
    assert.deepEqual([code, stdout, stderr], [0, "no accounts\n", uses(path, mode, names)]);
  }
  const named = await runIn(folder.path, ["users", "list"], { DATABASE_URL: `sqlite:${path}` });
  assert.deepEqual(named, { code: 0, stdout: "no accounts\n", stderr: "" });
  const inMemory = await runIn(folder.path, ["users", "list"], { DATABASE_URL: "sqlite::memory:" });
  assert.match(inMemory.stderr, /^bienvenue: an in-memory database is invisible to other processes; .+\n$/);
});

test("at a terminal, a command always prints the database it uses, without the password", async () => {
  const run = `'${process.execPath}' bin/bienvenue.js users list`;
  for (const DATABASE_URL of [
    "postgres://bob:s3cret@localhost:1/none",
    "postgres://localhost:1/none?password=s3cret",
  ]) {
    const env = { PATH: process.env.PATH, DATABASE_URL };
    const running = promisify(execFile)("script", ["-qec", run, "/dev/null"], { env });
    const { stdout } = await running.catch((error: { stdout: string }) => error);
    assert.match(stdout, /^bienvenue: using postgres:\/\/.*localhost:1\/none\S* in development mode\r\n/);
    assert.doesNotMatch(stdout, /s3cret/);
  }
});

test("a command fails if its output cannot be written, but not if the reader stops early", async () => {
  const into = (target: string) => ["sh", "-c", `"$@" ${target}`, "sh"];
  for (const args of [["--help"], ["--version"], ["help", "users"]]) {
    const { code, stderr } = await runProgram({}, args, { wrapper: into("> /dev/full") });
    assert.deepEqual([code, stderr], [1, "bienvenue: cannot write to standard output: the disk is full\n"]);
  }
  const { stderr } = await runProgram({}, ["--help"], { wrapper: into("| true") });
  assert.equal(stderr, "");
});

test("a misspelled command or option gets a suggestion, and a missing subcommand the help, on standard error", async () => {
  for (const [args, expected] of [
    [["usres"], "unknown command 'usres' (Did you mean users?)\nSee bienvenue --help\n"],
    [["usres", "--help"], "unknown command 'usres' (Did you mean users?)\nSee bienvenue --help\n"],
    [["help", "users", "lst"], "unknown command 'lst' (Did you mean list?)\nSee bienvenue users --help\n"],
    [
      ["users", "list", "--limt", "3"],
      "unknown option '--limt' (Did you mean --limit?)\nSee bienvenue users list --help\n",
    ],
    [["migrate", "--staus"], "unknown option '--staus' (Did you mean --status?)\nSee bienvenue migrate --help\n"],
  ] as const) {
    assert.deepEqual(await runCommand(args), { code: 2, stdout: "", stderr: `bienvenue: ${expected}` });
  }
  for (const name of ["users", "mail"]) {
    const { code, stdout, stderr } = await runCommand([name]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, new RegExp(`^Usage: bienvenue ${name} .+\\n[\\s\\S]*^Commands:$`, "m"));
  }
});

test("a usage error never repeats a URL, which may hold a password", async () => {
  const url = "postgres://bob:s3'cr3t@localhost/none?password=s3'cr3t";
  for (const [args, expected] of [
    [[url], "unknown command 'postgres://…'"],
    [["copy", `--form=${url}`], "unknown option '--form=postgres://…'"],
    [
      ["copy", "--from", "a", "--to", "b", url],
      "too many arguments for 'copy'. Expected 0 arguments but got 1: postgres://…",
    ],
    [["users", "list", "--limit", url], "option '--limit <number>' argument 'postgres://…' is invalid."],
  ] as const) {
    const { code, stderr } = await runCommand(args);
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`bienvenue: ${expected}`), stderr);
    assert.doesNotMatch(stderr, /cr3t/);
  }
});

test("an argument after -- is not an option", async () => {
  await using folder = await createTemporaryFolder();
  const database = { DATABASE_URL: `sqlite:${join(folder.path, "bienvenue.db")}` };
  assert.equal((await runIn(folder.path, ["migrate"], database)).code, 0);
  const { code, stderr } = await runIn(folder.path, ["export", "--", "--help"], database);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok((await readdir(folder.path)).includes("--help"));
});
