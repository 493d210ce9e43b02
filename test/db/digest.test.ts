import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createSqliteStore, type SqliteStore } from "../support/sqlite-store.ts";

/** Returns all data that a stolen disk reveals: the cells of every table, and the bytes of the database files. */
function readEverything(store: SqliteStore): string {
  const tables = store.readRows("sqlite_schema").filter((row) => row.type === "table");
  const cells = tables.flatMap((table) => store.readRows(String(table.name)).flatMap(Object.values));
  const bytes = ["", "-wal", "-shm"].map((suffix) => readFileSync(store.path + suffix).toString("latin1"));
  return [...cells, ...bytes].join("\n");
}

// id: only-digests-stored
test("session ids and reset tokens are never on the disk, only their SHA-256", async () => {
  await using store = await createSqliteStore();
  const { db } = store;
  const { id: userId } = await db.addUser("bob@example.com", "hash");
  await db.sessions.open({ userId, sessionId: "session-replaced" });
  await db.sessions.open({ userId, sessionId: "session-opened", replaces: "session-replaced" });
  await db.updateUser(userId, { resetToken: "token-replaced" });
  await db.updateUser(userId, { resetToken: "token-outstanding", sessionId: "session-updated" });
  await db.sessions.findUser("session-looked-for");
  await db.resetPassword.redeem({ resetToken: "token-tried", email: "bob@example.com", hashedPassword: "new" });

  for (const moment of ["in the -wal", "in the file"]) {
    const found = readEverything(store);
    assert.ok(found.includes("bob@example.com"), `the search finds stored values ${moment}`);
    assert.doesNotMatch(found, /session-(replaced|opened|updated|looked)|token-(replaced|outstanding|tried)/, moment);
    for (const kept of ["session-updated", "token-outstanding"]) {
      assert.ok(found.includes(createHash("sha256").update(kept).digest("base64url")), `${kept} ${moment}`);
    }
    store.openRaw().exec("pragma wal_checkpoint(truncate)");
  }
});
