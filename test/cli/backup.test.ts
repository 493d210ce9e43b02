import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDB } from "../../src/db/db.ts";
import { runCommand } from "../support/commands.ts";
import { createTemporaryFolder, runProgram, spawnProgram, startService } from "../support/service.ts";

const [old, recent] = ["old@example.com", "recent@example.com"];

/** A database, and a backup of it without the newest account. */
async function createWorld() {
  const resources = new AsyncDisposableStack();
  const { path: folder } = resources.use(await createTemporaryFolder());
  const at = (name: string) => join(folder, name);
  await mkdir(at("volume"));
  const database = at("volume/bienvenue.db");
  const copy = at("copy.db");
  await add(`sqlite:${database}`, old);
  assert.equal((await runCommand(["backup", copy], { DATABASE_URL: `sqlite:${database}` })).code, 0);
  await add(`sqlite:${database}`, recent);
  const run = (args: string[], { path = database, wrapper = [] }: { path?: string; wrapper?: string[] } = {}) =>
    wrapper.length === 0 || wrapper[0] === "setpriv"
      ? runCommand(args, { DATABASE_URL: `sqlite:${path}` }, undefined, wrapper)
      : runProgram({ DATABASE_URL: `sqlite:${path}` }, args, { wrapper });
  return {
    folder,
    at,
    database,
    copy,
    run,
    /** Runs a command that must fail with one line and change no file. */
    async assertRejected(args: string[], words: RegExp, options: { path?: string; wrapper?: string[] } = {}) {
      const before = await filesIn(folder);
      const { code, stdout, stderr } = await run(args, options);
      assert.match(stderr, /^bienvenue: .+\n$/);
      assert.match(stderr, words);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.deepEqual(await filesIn(folder), before);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function add(url: string, email: string): Promise<void> {
  await using db = await openDB(url);
  await db.addUser(email, "x");
}

function accountsIn(path: string): unknown[] {
  using db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare("select email from users order by id").all();
  return rows.map(({ email }) => email);
}

/** All files below a folder, with their contents. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const described = found.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) return `${path} -> ${await readlink(path)}`;
    return entry.isFile() ? `${path}: ${(await readFile(path)).toString("base64")}` : path;
  });
  return (await Promise.all(described)).sort();
}

test("restore replaces the file behind symbolic links and keeps the links", async () => {
  const links: Record<string, (at: (name: string) => string) => Promise<string[]>> = {
    "to the file": async (at) => {
      await symlink("volume/bienvenue.db", at("link.db"));
      return [at("link.db")];
    },
    "of a folder": async (at) => {
      await symlink(at("volume"), at("data"));
      return [at("data/bienvenue.db"), at("data")];
    },
    "to a link of a folder to a link": async (at) => {
      await mkdir(at("etc"));
      await symlink("../volume", at("etc/data"));
      await symlink("etc/data/current", at("link.db"));
      await symlink("bienvenue.db", at("volume/current"));
      return [at("link.db"), at("etc/data"), at("volume/current")];
    },
  };
  for (const [name, make] of Object.entries(links)) {
    await using it = await createWorld();
    const [path = "", ...more] = await make(it.at);
    const targets = async () => Promise.all([path, ...more].map((file) => readlink(file).catch(() => "no link")));
    const before = await targets();
    const { code, stdout, stderr } = await it.run(["restore", it.copy], { path });
    assert.deepEqual([code, stderr], [0, ""], name);
    const [, restored, kept = ""] = /^restored (\S+); the previous database is now (\S+)\n$/.exec(stdout) ?? [];
    assert.equal(restored, it.database, name);
    assert.deepEqual(await targets(), before, name);
    assert.deepEqual(accountsIn(it.database), [old], name);
    assert.deepEqual(accountsIn(kept), [old, recent], name);
    assert.ok(kept.startsWith(`${it.database}.20`), kept);
  }
});

test("restore and backup create the missing target of a symbolic link", async () => {
  await using it = await createWorld();
  await mkdir(it.at("empty"));
  await symlink("other.db", it.at("empty/link"));
  await symlink("empty/link", it.at("link.db"));
  const restored = await it.run(["restore", it.copy], { path: it.at("link.db") });
  assert.deepEqual(restored, { code: 0, stdout: `restored ${it.at("empty/other.db")}\n`, stderr: "" });
  assert.ok((await lstat(it.at("link.db"))).isSymbolicLink());
  assert.equal((await stat(it.at("empty/other.db"))).mode & 0o777, 0o600);

  await symlink("empty/newest.db", it.at("newest.db"));
  const { code, stderr } = await it.run(["backup", it.at("newest.db")]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual((await readdir(it.at("empty"))).sort(), ["link", "newest.db", "other.db"]);
  assert.deepEqual(accountsIn(it.at("empty/newest.db")), [old, recent]);

  await using service = await startService({ DATABASE_URL: `sqlite:${it.at("link.db")}` });
  assert.equal(await service.stop("SIGTERM"), 0);
  assert.deepEqual(accountsIn(it.at("empty/other.db")), [old]);
});

test("restore rejects a file that is not a backup, says what it is, and changes nothing", async () => {
  await using it = await createWorld();
  const { at, copy } = it;
  const write = (name: string, content: string | Buffer) => writeFile(at(name), content);
  const whole = await readFile(copy);
  await write("empty.db", "");
  await write("text.db", "accounts\n");
  await write("dump.db", "PGDMP");
  await write("gzip.db", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]));
  await write("cut.db", whole.subarray(0, 8192));
  await write("damaged.db", Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(8192, "x"), whole.subarray(12288)]));
  await symlink("round.db", at("round.db"));
  await symlink("nowhere.db", at("dangling.db"));
  await link(it.database, at("again.db"));
  await symlink("volume/bienvenue.db", at("same.db"));
  {
    using other = new DatabaseSync(at("notes.db"));
    other.exec("create table users (id integer primary key, name text)");
    await copyFile(copy, at("future.db"));
    using future = new DatabaseSync(at("future.db"));
    future.exec("insert into kysely_migration values ('0099_v0.9_flying', '2030-01-01')");
  }
  const damaged = /(is damaged|is damaged, or not a Bienvenue backup)/;
  const rejections: [string, RegExp][] = [
    ["missing.db", /missing\.db: the file does not exist\n$/],
    ["nowhere/missing.db", /the file does not exist\n$/],
    ["dangling.db", /the file does not exist\n$/],
    ["copy.db/missing.db", /part of the path is a file, not a folder\n$/],
    ["volume", /it is a folder\n$/],
    ["empty.db", /it is empty\n$/],
    ["text.db", /text\.db is damaged, or not a Bienvenue backup\n$/],
    ["dump.db", damaged],
    ["gzip.db", damaged],
    ["cut.db", damaged],
    ["damaged.db", damaged],
    ["round.db", /its symbolic links form a loop\n$/],
    ["again.db", /it is the database itself\n$/],
    ["same.db", /it is the database itself\n$/],
    ["volume/bienvenue.db", /it is the database itself\n$/],
    ["notes.db", /it is a database of another program\n$/],
    [
      "future.db",
      /a newer version of Bienvenue has migrated it \(0099_v0\.9_flying\); run that version or a later one\n$/,
    ],
    ["x".repeat(300), /the file name is too long\n$/],
  ];
  for (const [name, words] of rejections) await it.assertRejected(["restore", at(name)], words);
  await it.assertRejected(["restore", "/dev/null"], /it is a device or a pipe, not a file\n$/);
  for (const [shell, words] of [
    [`exec "$@" <(cat '${copy}')`, /it is a device or a pipe, not a file\n$/],
    [`exec "$@" /dev/stdin < '${at("text.db")}'`, /is damaged, or not a Bienvenue backup\n$/],
  ] as const)
    await it.assertRejected(["restore"], words, { wrapper: ["bash", "-c", shell, "bash"] });
  for (const name of ["missing.db", "empty.db"]) {
    const { stderr } = await it.run(["restore", at(name)]);
    assert.doesNotMatch(stderr, /damaged/);
  }
});

test("restore changes nothing if the database cannot be replaced, and says why", async () => {
  await using it = await createWorld();
  const { at, copy } = it;
  await symlink("b.db", at("a.db"));
  await symlink("a.db", at("b.db"));
  await it.assertRejected(["restore", copy], /its symbolic links form a loop\n$/, { path: at("a.db") });
  await it.assertRejected(["restore", copy], /the folder does not exist\n$/, { path: at("nowhere/bienvenue.db") });
  await it.assertRejected(["restore", copy], /part of the path is a file, not a folder\n$/, {
    path: at("copy.db/x.db"),
  });
  await it.assertRejected(["restore", copy], /it is a folder\n$/, { path: at("volume") });
  await it.assertRejected(["restore", copy], /it is a device or a pipe, not a file\n$/, { path: "/dev/null" });
  {
    using other = new DatabaseSync(it.database);
    other.exec("begin immediate");
    const { code, stderr } = await it.run(["restore", copy]);
    assert.equal(code, 1);
    assert.match(stderr, /it is in use; stop the service first\n$/);
    assert.deepEqual(
      (await readdir(at("volume"))).filter((name) => !name.startsWith("bienvenue.db-")),
      ["bienvenue.db"],
    );
  }
});

test("backup writes to a new file only", async () => {
  await using it = await createWorld();
  const { at } = it;
  await symlink("copy.db", at("link.db"));
  await symlink("volume", at("folder"));
  await symlink("round.db", at("round.db"));
  await writeFile(at("left.db-journal"), "of another");
  const there = /the file already exists; choose another name\n$/;
  const rejections: [string, RegExp][] = [
    [at("copy.db"), there],
    [at("link.db"), there],
    [at("volume"), /it is a folder\n$/],
    [`${at("volume")}/`, /it is a folder\n$/],
    [at("folder"), /it is a folder\n$/],
    [at("round.db"), /its symbolic links form a loop\n$/],
    [at("nowhere/new.db"), /the folder does not exist\n$/],
    [at("copy.db/new.db"), /part of the path is a file, not a folder\n$/],
    ["/dev/null", /it is a device or a pipe, not a file\n$/],
    ["/dev/stdout", /./],
    [it.database, /it is the database itself/],
    [at("folder/bienvenue.db"), /it is the database itself/],
    [`${it.database}-wal`, /the name is reserved for a part of the database; choose another name\n$/],
    [`${it.database}-journal`, /the name is reserved for a part of the database; choose another name\n$/],
    [at("left.db"), /a -journal file for this name already exists; choose another name\n$/],
    [at("x".repeat(300)), /the file name is too long\n$/],
  ];
  for (const [file, words] of rejections) await it.assertRejected(["backup", file], words);
  for (const name of ["file:memory?mode=memory", "quote'\"s; drop.db", "-dash.db", "sp ace?#%20.db"]) {
    const { code, stderr } = await it.run(["backup", at(name)]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(accountsIn(at(name)), [old, recent]);
  }
});

test("backup says why a database cannot be backed up, and creates no file", async () => {
  await using it = await createWorld();
  const { at } = it;
  await writeFile(at("empty.db"), "");
  await writeFile(at("text.db"), "accounts\n");
  await writeFile(at("cut.db"), (await readFile(it.copy)).subarray(0, 8192));
  const rejections: [string, RegExp][] = [
    ["missing.db", /cannot back up \S+missing\.db: the file does not exist\n$/],
    ["volume", /cannot back up \S+volume: it is a folder\n$/],
    ["empty.db", /cannot back up \S+empty\.db: it is not a Bienvenue database\n$/],
    ["text.db", /cannot back up \S+text\.db: it is not an SQLite database\n$/],
    ["cut.db", /cannot back up \S+cut\.db: it is damaged\n$/],
  ];
  for (const [name, words] of rejections) await it.assertRejected(["backup", at("new.db")], words, { path: at(name) });
  await it.assertRejected(["backup", at("new.db")], /an in-memory database is invisible to other processes/, {
    path: ":memory:",
  });
  await it.assertRejected(["restore", it.copy], /an in-memory database is invisible to other processes/, {
    path: ":memory:",
  });
  for (const [args, words] of [
    [["backup", at("new.db")], /this command is for SQLite only; for PostgreSQL use pg_dump \(docs\/backup\.md\)\n$/],
    [["restore", it.copy], /this command is for SQLite only; for PostgreSQL use pg_restore \(docs\/backup\.md\)\n$/],
  ] as const) {
    const { code, stdout, stderr } = await runCommand([...args], {
      DATABASE_URL: "postgres://bob:s3cret@localhost:1/none",
    });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^bienvenue: .+\n$/);
    assert.match(stderr, words);
    assert.doesNotMatch(stderr, /s3cret/);
  }
});

test("restore reads a manual copy together with its -wal, and changes neither", async () => {
  await using it = await createWorld();
  {
    using db = new DatabaseSync(it.database);
    db.exec("pragma journal_mode = wal; update users set email = 'late@example.com' where id = 2");
    await copyFile(it.database, it.at("by-hand.db"));
    await copyFile(`${it.database}-wal`, it.at("by-hand.db-wal"));
  }
  const before = [await readFile(it.at("by-hand.db")), await readFile(it.at("by-hand.db-wal"))];
  const { code, stderr } = await it.run(["restore", it.at("by-hand.db")]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(accountsIn(it.database), [old, "late@example.com"]);
  assert.deepEqual([await readFile(it.at("by-hand.db")), await readFile(it.at("by-hand.db-wal"))], before);
});

test("two restores within a second keep both previous databases", async () => {
  await using it = await createWorld();
  for (let i = 0; i < 3; i++) assert.equal((await it.run(["restore", it.copy])).code, 0);
  const kept = (await readdir(it.at("volume"))).filter((name) => name !== "bienvenue.db");
  assert.equal(kept.length, 3, kept.join(" "));
});

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

test("a user without permission gets one line that says so", {
  skip: !isRoot && "only root can become another user",
}, async () => {
  await using it = await createWorld();
  const { at, copy } = it;
  const wrapper = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--inh-caps=-all"];
  await chmod(it.folder, 0o755);
  await chown(it.database, nobody, nobody);
  await chown(copy, nobody, nobody);
  await it.assertRejected(["restore", copy], /bienvenue\.db: this user cannot write to the folder\n$/, { wrapper });
  await it.assertRejected(["backup", at("volume/new.db")], /new\.db: this user cannot write to the folder\n$/, {
    wrapper,
  });
  await it.assertRejected(["backup", "/root/new.db"], /new\.db: this user cannot write to the folder\n$/, { wrapper });
  await chown(at("volume"), nobody, nobody);
  await chown(it.database, 0, 0);
  await it.assertRejected(["restore", copy], /bienvenue\.db: this user cannot read and write the file\n$/, { wrapper });
  await it.assertRejected(
    ["backup", at("volume/new.db")],
    /cannot back up \S+: this user cannot read and write the file\n$/,
    {
      wrapper,
    },
  );
  await chown(it.database, nobody, nobody);
  await chown(copy, 0, 0);
  await it.assertRejected(["restore", copy], /copy\.db: this user cannot read the file\n$/, { wrapper });
  await mkdir(at("shared"));
  await chmod(at("shared"), 0o1777);
  // There, a user can write another user's file through a link, but neither replace the file nor remove the link.
  await copyFile(it.database, at("shared/others.db"));
  await chown(at("shared/others.db"), 0, 0);
  await chmod(at("shared/others.db"), 0o666);
  await chmod(copy, 0o644);
  await it.assertRejected(["restore", copy], /others\.db: only its owner can replace it in this directory\n$/, {
    path: at("shared/others.db"),
    wrapper,
  });
  await symlink(at("planted.db"), at("shared/new.db"));
  await chown(at("shared"), 0, 0);
  // Makes the link another user's.
  spawnSync("chown", ["-h", `${nobody}:${nobody}`, at("shared/new.db")]);
  await it.assertRejected(["backup", at("shared/new.db")], /is a symbolic link of another user in a shared folder\n$/);

  // Root restores, and the service continues as its own user.
  await chown(copy, 0, 0);
  assert.equal((await it.run(["restore", copy])).code, 0);
  const { uid, gid, mode } = await stat(it.database);
  assert.deepEqual([uid, gid, mode & 0o777], [nobody, nobody, 0o600]);
});

const inNewMounts = ["unshare", "--map-root-user", "--mount", "sh", "-c"];
const cannotMount =
  spawnSync("unshare", [...inNewMounts.slice(1), 'mount -t tmpfs tmpfs "$0"', tmpdir()]).status !== 0 &&
  "this user may not mount";

/** Runs shell commands in a private mount namespace, then the program, then lists the database's folder. */
function mounted(folder: string, script: string): string[] {
  return [...inNewMounts, `set -e; cd "$0"; ${script}; "$@" || code=$?; ls -A volume; exit "$code"`, folder];
}

test("on a full disk, backup and restore leave no file and the database intact", { skip: cannotMount }, async () => {
  await using it = await createWorld();
  const size = (await stat(it.database)).size;
  const fill = [
    "cp volume/bienvenue.db saved.db",
    `mount -t tmpfs -o size=${Math.ceil(size / 4096) * 4 + 60}k tmpfs volume`,
    "cp saved.db volume/bienvenue.db",
    "rm saved.db",
  ].join("; ");
  const path = "volume/bienvenue.db";
  for (const [args, words] of [
    [["restore", it.copy], /cannot replace volume\/bienvenue\.db: the disk is full\n$/],
    [["backup", "volume/new.db"], /cannot write volume\/new\.db: the disk is full\n$/],
  ] as const) {
    const { code, stdout, stderr } = await it.run([...args], { path, wrapper: mounted(it.folder, fill) });
    assert.match(stderr, words);
    assert.match(stderr, /^bienvenue: .+\n$/);
    assert.deepEqual([code, stdout], [1, "bienvenue.db\n"]);
  }
});

test("restore rejects a database that is mounted as a single file, and a read-only disk", {
  skip: cannotMount,
}, async () => {
  await using it = await createWorld();
  const path = it.database;
  const before = await filesIn(it.folder);
  for (const [script, args, words] of [
    [
      "mount --bind volume/bienvenue.db volume/bienvenue.db",
      ["restore", it.copy],
      /it is mounted as a single file, .* mount its directory instead\n$/,
    ],
    ["mount --bind copy.db volume/bienvenue.db", ["restore", it.copy], /it is the database itself\n$/],
    ["mount --bind volume volume; mount -o remount,bind,ro volume", ["restore", it.copy], /the disk is read-only\n$/],
    [
      "mount --bind volume volume; mount -o remount,bind,ro volume",
      ["backup", it.at("volume/new.db")],
      /the disk is read-only\n$/,
    ],
  ] as [string, string[], RegExp][]) {
    const { code, stdout, stderr } = await it.run(args, { path, wrapper: mounted(it.folder, script) });
    assert.match(stderr, words);
    assert.match(stderr, /^bienvenue: .+\n$/);
    assert.deepEqual([code, stdout], [1, "bienvenue.db\n"]);
    assert.deepEqual(await filesIn(it.folder), before);
  }
});

test("an interrupted backup leaves no file and exits by the signal", async () => {
  await using it = await createWorld();
  // A reader waits for the exclusive lock. By then, the file exists.
  using other = new DatabaseSync(it.database);
  other.exec("pragma locking_mode = exclusive; begin exclusive");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const child = spawnProgram({ DATABASE_URL: `sqlite:${it.database}` }, ["backup", it.at("new.db")]);
    const ended = once(child, "close");
    while (!(await readdir(it.folder)).some((name) => name.startsWith("new.db.")) && child.exitCode === null)
      await sleep(5);
    child.kill(signal);
    const [code, by] = await ended;
    assert.deepEqual((await readdir(it.folder)).sort(), ["copy.db", "volume"]);
    assert.deepEqual([code, by], [null, signal]);
  }
});

test("git ignores every file that the commands create", async () => {
  await using it = await createWorld();
  await copyFile(new URL("../../.gitignore", import.meta.url), it.at(".gitignore"));
  const git = (...args: string[]) => spawnSync("git", args, { cwd: it.folder, encoding: "utf8" });
  git("init", "--quiet");
  for (let i = 0; i < 2; i++) assert.equal((await it.run(["restore", it.copy])).code, 0);
  // Files that killed commands leave.
  for (const name of [
    "volume/bienvenue.db-journal",
    "new.db.0a1b2c3d.incomplete",
    "bienvenue.db.0a1b2c3d.restoring-wal",
  ])
    await writeFile(it.at(name), "");
  assert.ok((await readdir(it.at("volume"))).length > 2);
  assert.equal(git("status", "--porcelain", "--untracked-files=all").stdout, "?? .gitignore\n");
});
