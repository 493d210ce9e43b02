import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDB } from "../../../src/db/db.ts";
import { silent } from "../../../src/observe/log.ts";
import { runAsOrdinaryUser } from "../../support/ordinary-user.ts";
import { temporaryFolder } from "../../support/service.ts";

const onlyWithModes = { skip: process.platform === "win32" && "files have no modes there" };

/** What opening a database warns of: file, mode and message. */
async function warnings(path: string): Promise<unknown[]> {
  const warned: unknown[] = [];
  const warn = (fields: object, message: string) => {
    const { event, file, mode } = { event: "", file: "", mode: "", ...fields };
    if (event === "database_exposed") warned.push([file, mode, message]);
  };
  const db = await openDB(`sqlite:${path}`, { log: { ...silent, warn } });
  await db.close();
  return warned;
}

for (const as of ["this user", "an ordinary user"]) {
  test(
    `a database that others can read or write is warned of, with the command that mends it, as ${as}`,
    onlyWithModes,
    async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "bienvenue.db");
      const look = async () => {
        assert.deepEqual(await warnings(path), []);
        for (const [mode, who] of [
          [0o666, "every user of this machine can read and write"],
          [0o644, "every user of this machine can read"],
          [0o602, "every user of this machine can write"],
          [0o660, "its group can read and write"],
          [0o640, "its group can read"],
        ] as const) {
          chmodSync(path, mode);
          const message = `${who} the database; if that is not intended, run: chmod 600 ${path} ${path}-wal ${path}-shm`;
          assert.deepEqual(await warnings(path), [[path, mode.toString(8).padStart(4, "0"), message]]);
        }
        for (const mode of [0o600, 0o700]) {
          chmodSync(path, mode);
          assert.deepEqual(await warnings(path), []);
        }
      };
      if (as === "this user") return look();
      if (process.geteuid?.() === 0) chownSync(folder.path, 65534, 65534);
      await runAsOrdinaryUser(look);
    },
  );
}

test(
  "so is a file that SQLite keeps beside it, and a folder in which others can replace it",
  onlyWithModes,
  async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "bienvenue.db");
    const db = await openDB(`sqlite:${path}`);
    chmodSync(`${path}-wal`, 0o644);
    chmodSync(folder.path, 0o777);
    const warned = await warnings(path);
    await db.close();
    assert.deepEqual(
      warned.map((each) => (each as string[]).slice(0, 2)),
      [
        [`${path}-wal`, "0644"],
        [folder.path, "0777"],
      ],
    );
    // Where only its owner removes a file, as in /tmp, and where others may only look.
    for (const mode of [0o1777, 0o755, 0o775, 0o700]) {
      chmodSync(folder.path, mode);
      assert.deepEqual(await warnings(path), [], mode.toString(8));
    }
    writeFileSync(join(folder.path, "other.db-wal"), "", { mode: 0o666 });
    const spaced = join(folder.path, "it's a.db");
    writeFileSync(spaced, "");
    chmodSync(spaced, 0o644);
    const [said] = await warnings(spaced);
    // The command works as it is pasted; what was beside the database is gone with the connection.
    spawnSync("sh", ["-c", String((said as string[])[2]).replace(/^.*?run: /, "")]);
    assert.deepEqual(await warnings(spaced), []);
    assert.deepEqual(await warnings(path), []);
  },
);

test(
  "behind a symbolic link the file, those beside it and its folder are looked at, and the link's folder",
  onlyWithModes,
  async () => {
    await using folder = await temporaryFolder();
    const at = (name: string) => join(realpathSync(folder.path), name);
    for (const name of ["links", "volume"]) mkdirSync(at(name));
    symlinkSync("../volume/real.db", at("links/bienvenue.db"));
    const db = await openDB(`sqlite:${at("links/bienvenue.db")}`);
    assert.deepEqual(await warnings(at("links/bienvenue.db")), []);
    chmodSync(at("volume/real.db-wal"), 0o644);
    for (const name of ["links", "volume"]) chmodSync(at(name), 0o777);
    const warned = await warnings(at("links/bienvenue.db"));
    await db.close();
    assert.deepEqual(
      warned.map((each) => (each as string[]).slice(0, 2)),
      [
        [at("volume/real.db-wal"), "0644"],
        [at("links"), "0777"],
        [at("volume"), "0777"],
      ],
    );
  },
);
