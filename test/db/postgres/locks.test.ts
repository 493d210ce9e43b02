import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type DB, openDB } from "../../../src/db/db.ts";
import { DatabaseUnavailable, EmailTaken } from "../../../src/errors.ts";
import type { User } from "../../../src/user.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres-server.ts";

let server: PostgresServer;
let admin: pg.Client;
before(async () => {
  // PostgreSQL detects a deadlock only after this time.
  server = await startPostgres({ configuration: { deadlock_timeout: "10ms", max_connections: 50 } });
  admin = new pg.Client(server.url);
  await admin.connect();
});
after(async () => {
  await admin.end();
  await server[Symbol.asyncDispose]();
});

const notice = { kind: "registration", language: "en" } as const;

/** Counts the deadlocks, after all connections have ended: only then are their statistics complete. */
async function countDeadlocks(): Promise<number> {
  const others = "select pid from pg_stat_activity where application_name = 'bienvenue'";
  while ((await admin.query(others)).rows.length > 0) await sleep(5);
  const { rows } = await admin.query("select sum(deadlocks)::int as deadlocks from pg_stat_database");
  return rows[0].deadlocks;
}

/** Adds a registration with a token. */
async function register(db: DB, email: string) {
  const hash = randomUUID();
  const token = randomUUID();
  await db.registrations.add(email, hash, notice);
  const { id } = (await db.registrations.findNewest(email)) ?? assert.fail();
  await db.verifyEmail.storeToken(id, token);
  return { verification: (await db.verifyEmail.findVerification(token)) ?? assert.fail(), token };
}

/** Adds an email change with a token. */
async function startChange(db: DB, from: string, to: string) {
  const user = (await db.users.findByEmail(from)) ?? (await db.addUser(from, randomUUID()));
  const token = randomUUID();
  await db.changeEmail.request(user, to, "en");
  const { rows } = await admin.query("select id from verifications where user_id = $1", [user.id]);
  if (rows.length === 0) return null;
  await db.verifyEmail.storeToken(rows[0].id, token);
  const verification = await db.verifyEmail.findVerification(token);
  return verification && { verification, token, user };
}

function toConfirmation({ token, user }: { readonly token: string; readonly user: User }) {
  return { token, verifiedHash: user.hashedPassword, redeemer: {}, deviceKind: null, language: "en" };
}

/** Changes the address of an account; returns the token that undoes it. */
async function changeEmail(db: DB, from: string, to: string): Promise<string> {
  const change = (await startChange(db, from, to)) ?? assert.fail();
  assert.ok(await db.changeEmail.confirm(change.verification, toConfirmation(change)));
  const token = randomUUID();
  assert.ok(await db.undoEmailChange.storeToken(from, token, { requestedAt: Date.now() }));
  return token;
}

/** Runs all tasks simultaneously. Each succeeds, or fails for an expected reason. */
async function runAll(tasks: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(tasks.map((work) => work()));
  return settled.map((each) => {
    if (each.status === "fulfilled") return each.value;
    assert.ok(each.reason instanceof EmailTaken, String(each.reason?.stack ?? each.reason));
    return null;
  });
}

test("simultaneous operations on an address never deadlock", async () => {
  const before = await countDeadlocks();
  {
    await using db = await openDB(server.url);
    for (let round = 0; round < 25; round++) {
      const undo = { token: await changeEmail(db, `left-${round}@example.com`, `gone-${round}@example.com`) };
      const back = await register(db, `left-${round}@example.com`);
      const [here, there] = [`here-${round}@example.com`, `there-${round}@example.com`];
      const registrations = [await register(db, here), await register(db, here), await register(db, there)];
      const changes = [await startChange(db, `mover-${round}@example.com`, here), await startChange(db, there, here)];
      const resets = [randomUUID(), randomUUID()];
      await db.resetPassword.storeToken(here, resets[0] as string, { requestedAt: Date.now() });
      await db.resetPassword.storeToken(there, resets[1] as string, { requestedAt: Date.now() });
      const owner = (await db.users.findByEmail(there)) ?? assert.fail();
      const tasks = [
        ...registrations.map(
          ({ verification, token }) =>
            () =>
              db.registrations.confirm(verification, token),
        ),
        ...changes.flatMap((each) =>
          each ? [() => db.changeEmail.confirm(each.verification, toConfirmation(each))] : [],
        ),
        ...[here, there].map((email, i) => () => {
          return db.resetPassword.redeem({
            resetToken: resets[i] as string,
            email,
            hashedPassword: "x",
            isMailed: true,
          });
        }),
        ...resets.map((token) => () => db.mailedTokens.markAccepted(token)),
        () => db.resetPassword.storeToken(here, randomUUID(), { requestedAt: Date.now() }),
        () => db.changeEmail.request(owner, here, "en"),
        () => db.undoEmailChange.undo({ ...undo, hashedPassword: "z", language: "en", device: null }),
        () => db.registrations.confirm(back.verification, back.token),
        () => db.users.setDisabled(owner.id, true),
        () => db.users.deleteAccount(owner, []),
        () => db.registrations.add(here, "y", notice),
      ];
      await runAll(tasks.toSorted(() => Math.random() - 0.5));
    }
  }
  assert.equal((await countDeadlocks()) - before, 0);
});

test("if two registrations of an address are confirmed at the same time, one creates the account and the other finds none", async () => {
  const before = await countDeadlocks();
  {
    await using db = await openDB(server.url);
    for (let round = 0; round < 25; round++) {
      const email = `twice-${round}@example.com`;
      const both = [await register(db, email), await register(db, email)];
      const users = await runAll(both.map((each) => () => db.registrations.confirm(each.verification, each.token)));
      assert.equal(users.filter((user) => user !== null).length, 1);
    }
  }
  assert.equal((await countDeadlocks()) - before, 0);
});

test("logins that replace each other's sessions while all sessions are ended never deadlock", async () => {
  const before = await countDeadlocks();
  {
    await using db = await openDB(server.url);
    const users = [await db.addUser("one@example.com", "x"), await db.addUser("two@example.com", "x")];
    let open: string[] = [];
    for (let round = 0; round < 40; round++) {
      const replaces = open;
      open = [0, 1, 2, 3].map(() => randomUUID());
      const tasks = open.map((sessionId, i) => () => {
        const theirs = replaces.toSorted(() => Math.random() - 0.5);
        return db.sessions.open({ userId: users[i % 2]?.id ?? 0, sessionId, replaces: theirs, limit: 3 });
      });
      const others = [
        () => db.sessions.endAll(users[0]?.id ?? 0),
        () => db.sessions.endOthers(users[1]?.id ?? 0, open[1] as string),
        () => db.sessions.recordUse(replaces.toReversed()),
        () => db.sessions.recordUse(replaces),
        () => db.sessions.sweep("", 500),
      ];
      await runAll([...tasks, ...others]);
    }
  }
  assert.equal((await countDeadlocks()) - before, 0);
});

test("sessions that get handles while they are used and ended never deadlock", async () => {
  const before = await countDeadlocks();
  {
    await using db = await openDB(server.url);
    const { id } = await db.addUser("listed@example.com", "x");
    for (let round = 0; round < 10; round++) {
      const open = Array.from({ length: 60 }, () => randomUUID());
      for (const sessionId of open) await db.sessions.open({ userId: id, sessionId });
      // Makes the sessions look like those of an older version, with a last use that must be recorded.
      await admin.query("update sessions set handle = null, last_seen_at = last_seen_at - 1000 where user_id = $1", [
        id,
      ]);
      const list = () => db.sessions.list(id, { limit: 100 });
      await runAll([
        list,
        () => db.sessions.recordUse(open),
        list,
        () => db.sessions.endOthers(id, open[0] as string),
        list,
      ]);
    }
  }
  assert.equal((await countDeadlocks()) - before, 0);
});

test("forms that end single sessions while their account is deleted never deadlock", async () => {
  const before = await countDeadlocks();
  {
    await using db = await openDB(server.url);
    for (let round = 0; round < 20; round++) {
      const user = await db.addUser(`ending-${round}@example.com`, "x");
      for (let i = 0; i < 12; i++) await db.sessions.open({ userId: user.id, sessionId: randomUUID() });
      const { sessions } = (await db.sessions.list(user.id, { limit: 100 })) ?? assert.fail();
      const ends = sessions.map(
        ({ handle }) =>
          () =>
            db.sessions.endByHandle(user.id, handle, [randomUUID()]),
      );
      await runAll([...ends.slice(0, 6), () => db.users.deleteAccount(user, []), ...ends.slice(6)]);
    }
  }
  assert.equal((await countDeadlocks()) - before, 0);
});

/** Returns the start times of the transactions that wait for a lock. */
async function findWaiting(): Promise<number[]> {
  const { rows } = await admin.query(
    "select extract(epoch from xact_start)::float8 as since from pg_stat_activity where wait_event_type = 'Lock'",
  );
  return rows.map((row) => row.since);
}

test("a transaction whose lock times out is retried once", async () => {
  await using db = await openDB(server.url);
  const user = await db.addUser("waiting@example.com", "x");
  const holder = new pg.Client(server.url);
  await holder.connect();
  await holder.query("begin");
  await holder.query("update users set updated_at = updated_at where id = $1", [user.id]);
  const disabling = db.users.setDisabled(user.id, true);
  let first: number | undefined;
  for (let again = false; !again; await sleep(5)) {
    const [since] = await findWaiting();
    again = first !== undefined && since !== undefined && since !== first;
    first ??= since;
  }
  await holder.end();
  assert.equal(await disabling, true);
});

test("a transaction whose lock times out twice throws DatabaseUnavailable", async () => {
  await using db = await openDB(server.url);
  const user = await db.addUser("held@example.com", "x");
  const holder = new pg.Client(server.url);
  await holder.connect();
  await holder.query("begin");
  await holder.query("update users set updated_at = updated_at where id = $1", [user.id]);
  const seen = new Set<number>();
  let ended = false;
  const disabling = assert
    .rejects(
      db.users.setDisabled(user.id, true),
      (error) => error instanceof DatabaseUnavailable && error.fault === "locked",
    )
    .finally(() => {
      ended = true;
    });
  for (; !ended; await sleep(5)) for (const since of await findWaiting()) seen.add(since);
  await disabling;
  await holder.end();
  assert.equal(seen.size, 2);
});

test("a sweep does not wait for transactions, and a later sweep deletes the skipped rows", async () => {
  await using db = await openDB(server.url);
  const { id } = await db.addUser("swept@example.com", "x");
  await db.sessions.open({ userId: id, sessionId: "swept", device: "swept", notice: null });
  await db.registrations.add("swept-too@example.com", "x", notice, ["swept"]);
  await changeEmail(db, "left@example.com", "gone@example.com");
  await db.limits.reserve([{ key: "swept", maxAttempts: 1, window: 1 }]);
  await admin.query("insert into events (at, event) values (1, 'logged_in')");
  await admin.query("update attempts set ends_at = 1");
  await admin.query("update users set reset_token = 'swept', reset_token_expires_at = 1 where id = $1", [id]);
  await admin.query("update mailed_tokens set expires_at = 1");
  const holder = new pg.Client(server.url);
  await holder.connect();
  const future = Date.now() + 60_000;
  const kinds = {
    acts: "acts",
    attempts: "attempts",
    devices: "devices",
    events: "events",
    formerEmails: "former_emails",
    mails: "outbox",
    verifications: "verifications",
  } as const;
  const sweeps = Object.entries(kinds).map(([kind, table]) => ({
    tables: [table] as string[],
    sweep: () => db.sweep.deleteOld(kind as keyof typeof kinds, future, 500),
  }));
  // Sweeps tokens first, because deleting a verification or a former address also deletes its tokens.
  sweeps.unshift({ tables: ["users", "mailed_tokens"], sweep: () => db.resetPassword.sweepTokens(500) });
  for (const { tables, sweep } of sweeps) {
    await holder.query("begin");
    for (const table of tables) assert.ok((await holder.query(`select * from ${table} for update`)).rowCount, table);
    await sweep();
    await holder.query("rollback");
    assert.ok((await sweep()) >= tables.length, `${tables} are swept later`);
    assert.equal(await sweep(), 0);
  }
  await holder.end();
});

test("deleting an account locks its sessions in order", async () => {
  await using db = await openDB(server.url);
  const user = await db.addUser("deleted@example.com", "x");
  for (let i = 0; i < 8; i++) await db.sessions.open({ userId: user.id, sessionId: `deleted-${i}` });
  const { rows } = await admin.query("select session_id from sessions where user_id = $1 order by 1", [user.id]);
  const [first, ...others] = rows.map((row) => row.session_id);
  const holder = new pg.Client(server.url);
  await holder.connect();
  await holder.query("begin");
  await holder.query("select 1 from sessions where session_id = $1 for update", [first]);
  const deleting = db.users.deleteAccount(user, []);
  while ((await findWaiting()).length === 0) await sleep(5);
  const free = await holder.query("select 1 from sessions where session_id = any ($1) for update nowait", [others]);
  await holder.end();
  assert.equal(free.rowCount, others.length);
  assert.equal(await deleting, true);
});
