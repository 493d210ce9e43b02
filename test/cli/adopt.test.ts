import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { runCommand } from "../support/commands.ts";
import { createEmptyDatabase } from "../support/databases.ts";
import { getCurrentEngine, test } from "../support/engines.ts";
import { foreignHashes, foreignPassword } from "../support/foreign-hashes.ts";
import { createTemporaryFolder, startService } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

/** The table that SQLAlchemy creates for the contract's User. */
const ddl = `CREATE TABLE users (
	id INTEGER NOT NULL, 
	email VARCHAR(250) NOT NULL, 
	hashed_password VARCHAR(250) NOT NULL, 
	session_id VARCHAR(250), 
	reset_token VARCHAR(250), 
	PRIMARY KEY (id)
)`;

const hash = foreignHashes["bcrypt 2b"] as string;
const bytes = Buffer.from(hash);

type Value = string | number | bigint | Buffer | null;
type Row = [id: Value, email: Value, hash: Value, sessionId?: Value, resetToken?: Value];

/** Creates the file of another server, and an empty database of the engine under test. */
async function createWorld(rows: Row[], create = ddl) {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createEmptyDatabase(getCurrentEngine()));
  const folder = resources.use(await createTemporaryFolder());
  const file = join(folder.path, "a.db");
  {
    using db = new DatabaseSync(file);
    db.exec(create);
    const insert = db.prepare("insert into users values (?, ?, ?, ?, ?)");
    for (const [id, email, hash, sessionId = null, resetToken = null] of rows)
      insert.run(id, email, hash, sessionId, resetToken);
  }
  return {
    file,
    folder: folder.path,
    database,
    adopt: (...options: string[]) => runCommand(["adopt", file, ...options], { DATABASE_URL: database.url }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("adopt keeps sessions, reset tokens, passwords and ids, and only reads the file", async () => {
  const [session, bytesSession, token] = [randomUUID(), randomUUID(), randomUUID()];
  await using it = await createWorld([
    [3, "Bob@Example.com", bytes, session],
    [7, "eve@example.com", hash, Buffer.from(bytesSession), ""],
    [8, "mia@example.com", hash, "", token],
  ]);
  const before = await readFile(it.file);
  const { code, stdout, stderr } = await it.adopt();
  assert.equal(stderr, "");
  assert.equal(stdout, "adopted 3 of 3 users and 2 sessions\n");
  assert.equal(code, 0);
  assert.deepEqual(await readFile(it.file), before);
  assert.deepEqual(await readdir(it.folder), ["a.db"]);

  const stored = await it.database.run("select * from users order by id");
  assert.deepEqual(
    stored.map(({ id, email }) => [id, email]),
    [
      [3, "bob@example.com"],
      [7, "eve@example.com"],
      [8, "mia@example.com"],
    ],
  );
  assert.deepEqual(
    stored.map((row) => row.email_verified_at),
    [null, null, null],
  );
  const all = JSON.stringify([stored, await it.database.run("select * from sessions")]);
  for (const secret of [session, bytesSession, token])
    assert.ok(!all.includes(secret), "a credential is stored in plain text");

  await using service = await startService({ DATABASE_URL: it.database.url });
  const send = async (method: string, path: string, fields?: Record<string, string>, cookie = "") => {
    const body = fields ? { body: new URLSearchParams(fields) } : {};
    const response = await fetch(`${service.url}${path}`, { method, headers: { Cookie: cookie }, ...body });
    return `${response.status} ${await response.text()}`;
  };
  const profile = (id: string) => send("GET", "/profile", undefined, `session_id=${id}`);
  assert.equal(await profile(session), '200 {"email":"Bob@Example.com"}\n');
  assert.equal(await profile(bytesSession), '200 {"email":"eve@example.com"}\n');
  const bob = { email: "bob@example.com", password: foreignPassword };
  assert.match(await send("POST", "/sessions", bob), /^200 /);
  const reset = { email: "mia@example.com", reset_token: token, new_password: "t4rt1fl3tt3" };
  assert.match(await send("PUT", "/reset_password", { ...reset, email: "bob@example.com" }), /^403 /);
  assert.match(await send("PUT", "/reset_password", reset), /^200 /);
  assert.match(await send("PUT", "/reset_password", reset), /^403 /);
  assert.match(await send("POST", "/users", { email: "new@example.com", password: foreignPassword }), /^200 /);
  assert.equal((await it.database.run("select id from users where id > 8"))[0]?.id, 9);
});

// id: never-mailed-token
test("with RESET_DELIVERY=email, adopt leaves out reset tokens, which were never emailed", async () => {
  await using it = await createWorld([[8, "mia@example.com", hash, randomUUID(), randomUUID()]]);
  const { code, stdout } = await runCommand(["adopt", it.file], {
    ...productionEnvironment,
    DATABASE_URL: it.database.url,
  });
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "adopted 1 of 1 users and 1 sessions",
    "reset tokens were left out: RESET_DELIVERY is email, and the other server did not mail them",
  ]);
  assert.equal(code, 0);
  const [mia] = await it.database.run("select reset_token, reset_token_expires_at from users");
  assert.deepEqual({ ...mia }, { reset_token: null, reset_token_expires_at: null });
  const [event] = await it.database.run("select event, detail from events");
  assert.deepEqual({ ...event }, { event: "accounts_adopted", detail: "by an operator: 1" });
});

test("rows that cannot be adopted are printed with their id and the reason, and the others are adopted", async () => {
  const session = randomUUID();
  await using it = await createWorld([
    [0, "zero@example.com", hash],
    [1, "bob@example.com", hash, session],
    [2, "BOB@example.com", hash],
    [3, "mıke@example.com", hash],
    [4, "str@example.com", `b'${hash}'`],
    [5, "twin@example.com", hash, session],
    [6, "none@example.com", hash, "None", "None"],
    [7, "bytes@example.com", Buffer.from([0xff])],
    [2n ** 62n, "far@example.com", hash],
  ]);
  const { code, stdout, stderr } = await it.adopt("--verified");
  const lost = "is too easy to guess, or the same as in an earlier row; it is left out";
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "user 0: its id is not between 1 and 2147483647",
    "user 2: its email is the same as in an earlier row",
    "user 3: its email is not a valid address",
    "user 4: its hash has an unsupported format",
    `user 5: its session ${lost}`,
    `user 6: its session ${lost}`,
    `user 6: its reset token ${lost}`,
    "user 7: its hash has an unsupported format",
    "user 4611686018427388000: its id is not between 1 and 2147483647",
    "adopted 3 of 9 users and 1 sessions",
  ]);
  assert.equal(stderr, "bienvenue: 9 users, sessions or tokens were left out for the reasons above\n");
  assert.equal(code, 1);
  const users = await it.database.run("select id, email_verified_at from users order by id");
  assert.deepEqual(
    users.map(({ id }) => id),
    [1, 5, 6],
  );
  assert.ok(users.every((user) => Number(user.email_verified_at) > 0));
  const sessions = await it.database.run("select user_id from sessions");
  assert.deepEqual(
    sessions.map((session) => session.user_id),
    [1],
  );
});

test("adopt rejects a database with accounts and a file with other tables, in one line", async () => {
  await using it = await createWorld([[1, "bob@example.com", hash]]);
  assert.equal((await it.adopt()).code, 0);
  await using other = await createWorld([], "create table users (id integer primary key, email, password, a, b)");
  const text = join(it.folder, "text.db");
  await writeFile(text, "no database".repeat(100));
  const DATABASE_URL = other.database.url;
  for (const [args, environment, why] of [
    [[it.file], { DATABASE_URL: it.database.url }, /already contains accounts/],
    [[other.file], { DATABASE_URL }, /not an SQLite file with a table users/],
    [[text], { DATABASE_URL }, /not an SQLite file with a table users/],
    [[join(it.folder, "missing.db")], { DATABASE_URL }, /not an SQLite file with a table users/],
    [[it.file], { DATABASE_URL: `sqlite:${it.file}` }, /contains tables of another program/],
    [[], { DATABASE_URL }, /missing required argument 'file'/],
    [[it.file, it.file], { DATABASE_URL }, /too many arguments/],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(["adopt", ...args], environment);
    assert.match(stderr, /^bienvenue: .+\n(See bienvenue adopt --help\n)?$/);
    assert.match(stderr, why);
    assert.equal(stdout, "");
    assert.equal(code, stderr.includes("\nSee ") ? 2 : 1);
  }
  assert.equal((await it.database.run("select id from users")).length, 1);
});
