import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Environment } from "../../src/settings/settings.ts";
import { commandOfMany } from "../support/commands.ts";
import { command, failToStart, temporaryFolder } from "../support/service.ts";
import { production } from "../support/world.ts";

const commands = ["migrate", "copy", "import", "export", "adopt", "backup", "restore", "mail", "users", "events"];

/** Runs a command in a folder whose shell lacks the service's environment. */
function runIn(folder: string, args: string[], environment: Environment = {}) {
  return commandOfMany(args, { DATABASE_URL: "", ...environment } as Record<string, string>, folder);
}

test("help that is asked for goes to standard output, for every command and each of its acts", async () => {
  for (const args of [["help"], ["--help", "-h"], ["help", "--help"]])
    assert.match((await commandOfMany(args)).stdout, /^Usage:\n {2}bienvenue\n(?:.*\n)*? {2}PORT /);
  const asked = commands.flatMap((name) => [
    [name, "--help"],
    [name, "-h"],
    ["help", name],
    ["--help", name],
  ]);
  const acts = [
    ["users", "list", "--help"],
    ["users", "delete", "bob@example.com", "-h"],
    ["users", "list", "--limit", "x", "--help"],
    ["mail", "test", "-h"],
    ["help", "users", "list"],
    ["import", "missing.jsonl", "--help"],
  ];
  for (const args of [...asked, ...acts]) {
    const { code, stdout, stderr } = await commandOfMany(args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    const name = args.find((arg) => commands.includes(arg));
    assert.match(
      stdout,
      new RegExp(`^Usage:\\n {2}bienvenue ${name} .+\\n(?: {2}.+\\n)*\\n[a-z].+\\n$`),
      args.join(" "),
    );
  }
});

test("wrong arguments get one sentence, never a stack, and create nothing", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "folder"));
  await writeFile(join(folder.path, "empty"), "");
  const unknown = [[""], ["nonsense"], ["-x"], ["--port=1"], ["toString"], ["__proto__"], ["help", "nonsense"]];
  const misused = commands.flatMap((name) => [
    [name, "--nonsense"],
    [name, "-x"],
    [name, "a", "b", "c"],
  ]);
  const others = [
    ["--version", "x"],
    ["--help", "nonsense"],
    ["copy"],
    ["copy", "--from"],
    ["copy", "--from", "x", "--to"],
    ["copy", "--from", "sqlite:folder", "--to", "sqlite:new.db"],
    ["copy", "--from", "sqlite:empty", "--to", "sqlite:new.db"],
    ["import"],
    ["import", ""],
    ["import", "missing.jsonl"],
    ["import", "folder"],
    ["import", "missing.jsonl", "--dry-run"],
    ["import", "--dry-run=yes", "x"],
    ["export", ""],
    ["adopt"],
    ["adopt", ""],
    ["adopt", "missing.db"],
    ["adopt", "folder"],
    ["adopt", "empty"],
    ["adopt", "x", "--verified=yes"],
    ["backup"],
    ["backup", ""],
    ["restore"],
    ["restore", ""],
    ["mail"],
    ["mail", "nonsense"],
    ["mail", "test"],
    ["mail", "test", "bob", "eve"],
    ["mail", "list", "--limit"],
    ["mail", "list", "--limit", "1e3"],
    ["mail", "retry", "x"],
    ["users"],
    ["users", "nonsense"],
    ["users", "show"],
    ["users", "show", "-1"],
    ["users", "show", "1", "2"],
    ["users", "list", "--limit", "0x10"],
    ["users", "list", "--limit", ""],
    ["users", "list", "--after", "1.5"],
    ["users", "list", "--json=1"],
    ["users", "create", "bob@example.com", "--language"],
    ["events", "--limit", "9999999"],
    ["events", "--user"],
  ];
  for (const args of [...unknown, ...misused, ...others]) {
    const { code, stdout, stderr } = await runIn(folder.path, args, { DATABASE_URL: "sqlite:service.db" });
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    assert.match(stderr, /^bienvenue: .+\n(?: {2}bienvenue .+\n)*$/, args.join(" "));
    assert.doesNotMatch(stderr, /^ +at |node:/m);
    assert.deepEqual((await readdir(folder.path)).sort(), ["empty", "folder"], args.join(" "));
  }
  const { stderr } = await command(["\x1b[2J"]);
  assert.equal(stderr, "bienvenue: unknown argument ?[2J; bienvenue --help tells what there is\n");
});

test("without the service's environment a command says which database and mode it uses, and creates none", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "bienvenue.db");
  const uses = (file: string, mode: string, names: string) =>
    `bienvenue: DATABASE_URL is not set, so this uses ${file} in ${mode} mode; set ${names}\n`;
  const both = "DATABASE_URL and NODE_ENV as the service has them";
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
    const [said, why] = stderr.split(/(?<=\n)/);
    assert.equal(said, uses(`${path} (which is not there)`, "development", both));
    assert.match(why ?? "", /there is no such file\)?\n$/);
    assert.deepEqual(await readdir(folder.path), [], args.join(" "));
  }

  const made = await runIn(folder.path, ["migrate"]);
  assert.deepEqual([made.code, made.stderr], [0, uses(`${path} (which is not there)`, "development", both)]);
  for (const [environment, mode, names] of [
    [{}, "development", both],
    [production, "production", "DATABASE_URL as the service has it"],
  ] as const) {
    const { code, stdout, stderr } = await runIn(folder.path, ["users", "list"], environment);
    assert.deepEqual([code, stdout, stderr], [0, "no accounts\n", uses(path, mode, names)]);
  }
  const named = await runIn(folder.path, ["users", "list"], { DATABASE_URL: `sqlite:${path}` });
  assert.deepEqual(named, { code: 0, stdout: "no accounts\n", stderr: "" });
  const inMemory = await runIn(folder.path, ["users", "list"], { DATABASE_URL: "sqlite::memory:" });
  assert.match(inMemory.stderr, /^bienvenue: a database in memory is seen by no other process; .+\n$/);
});

test("at a terminal a command always says which database it uses, without its password", async () => {
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

test("output that cannot be written is a failure; a reader that stops early is not", async () => {
  const into = (target: string) => ["sh", "-c", `"$@" ${target}`, "sh"];
  for (const args of [["--help"], ["--version"], ["help", "users"]]) {
    const { code, stderr } = await failToStart({}, args, { under: into("> /dev/full") });
    assert.deepEqual([code, stderr], [1, "bienvenue: cannot write to standard output: the disk is full\n"]);
  }
  const { stderr } = await failToStart({}, ["--help"], { under: into("| true") });
  assert.equal(stderr, "");
});
