import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDB } from "../../../src/db/db.ts";
import { silent } from "../../../src/observe/log.ts";
import { createTemporaryFolder } from "../../support/service.ts";
import { runAsUnprivilegedUser } from "../../support/unprivileged-user.ts";

const onlyWithModes = { skip: process.platform === "win32" && "files on Windows have no modes" };

/** Opens a database, and returns the file, mode and message of each warning. */
async function readWarnings(path: string): Promise<unknown[]> {
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
    `a database that others can read or write causes a warning with the command that fixes it, as ${as}`,
    onlyWithModes,
    async () => {
      await using folder = await createTemporaryFolder();
      const path = join(folder.path, "bienvenue.db");
      const check = async () => {
        assert.deepEqual(await readWarnings(path), []);
        for (const [mode, who] of [
          [0o666, "every user of this machine can read and write"],
          [0o644, "every user of this machine can read"],
          [0o602, "every user of this machine can write"],
          [0o660, "its group can read and write"],
          [0o640, "its group can read"],
        ] as const) {
          chmodSync(path, mode);
          const message = `${who} the database; if that is not intended, run: chmod 600 ${path} ${path}-wal ${path}-shm`;
          assert.deepEqual(await readWarnings(path), [[path, mode.toString(8).padStart(4, "0"), message]]);
        }
        for (const mode of [0o600, 0o700]) {
          chmodSync(path, mode);
          assert.deepEqual(await readWarnings(path), []);
        }
      };
      if (as === "this user") return check();
      if (process.geteuid?.() === 0) chownSync(folder.path, 65534, 65534);
      await runAsUnprivilegedUser(check);
    },
  );
}

test(
  "exposed companion files, and a directory where others can replace the database, are reported",
  onlyWithModes,
  async () => {
    await using folder = await createTemporaryFolder();
    const path = join(folder.path, "bienvenue.db");
    const db = await openDB(`sqlite:${path}`);
    chmodSync(`${path}-wal`, 0o644);
    chmodSync(folder.path, 0o777);
    const warned = await readWarnings(path);
    await db.close();
    assert.deepEqual(
      warned.map((each) => (each as string[]).slice(0, 2)),
      [
        [`${path}-wal`, "0644"],
        [folder.path, "0777"],
      ],
    );
    // A sticky directory such as /tmp, and directories that other users cannot write to.
    for (const mode of [0o1777, 0o755, 0o775, 0o700]) {
      chmodSync(folder.path, mode);
      assert.deepEqual(await readWarnings(path), [], mode.toString(8));
    }
    writeFileSync(join(folder.path, "other.db-wal"), "", { mode: 0o666 });
    const spaced = join(folder.path, "it's a.db");
    writeFileSync(spaced, "");
    chmodSync(spaced, 0o644);
    const [warning] = await readWarnings(spaced);
    // The command works when pasted. Closing the connection has removed the companion files.
    spawnSync("sh", ["-c", String((warning as string[])[2]).replace(/^.*?run: /, "")]);
    assert.deepEqual(await readWarnings(spaced), []);
    assert.deepEqual(await readWarnings(path), []);
  },
);

test(
  "behind a symbolic link, the file, its companion files, its directory and the link's directory are checked",
  onlyWithModes,
  async () => {
    await using folder = await createTemporaryFolder();
    const at = (name: string) => join(realpathSync(folder.path), name);
    for (const name of ["links", "volume"]) mkdirSync(at(name));
    symlinkSync("../volume/real.db", at("links/bienvenue.db"));
    const db = await openDB(`sqlite:${at("links/bienvenue.db")}`);
    assert.deepEqual(await readWarnings(at("links/bienvenue.db")), []);
    chmodSync(at("volume/real.db-wal"), 0o644);
    for (const name of ["links", "volume"]) chmodSync(at(name), 0o777);
    const warned = await readWarnings(at("links/bienvenue.db"));
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
