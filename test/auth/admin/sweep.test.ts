import assert from "node:assert/strict";
import { Auth } from "../../../src/auth/auth.ts";
import { type DB, openDB } from "../../../src/db/db.ts";
import { readSettings } from "../../../src/settings/settings.ts";
import { createStore, type Store } from "../../support/engine-store.ts";
import { test } from "../../support/engines.ts";
import { hashThreads } from "../../support/hash-threads.ts";
import { day, minute } from "../../support/world.ts";

/** Longer than the lease of a crashed node: one minute, plus the tolerated difference between clocks. */
const longerThanLease = 6 * minute;

test("only one of several nodes sweeps at a time", async () => {
  await using fleet = await createFleet(3);
  const { store, nodes } = fleet;
  await openSessions(store, 1200);
  store.clock.advance(31 * day);
  await store.db.leases.acquire({ name: "sweep", holder: "another node", duration: minute });
  for (const { auth } of nodes) assert.equal((await auth.admin.sweep()).sessions, 0);
  await store.db.leases.release({ name: "sweep", holder: "another node", duration: minute }, false);
  const swept = await Promise.all([...nodes, ...nodes].map(({ auth }) => auth.admin.sweep()));
  const all = swept.reduce((sum, { sessions }) => sum + sessions, 0);
  assert.equal(all, 1200);
  assert.deepEqual(await listHolders(store), [null]);
});

test("one of many simultaneous callers gets a lease, and holds it until the caller releases it", async () => {
  await using fleet = await createFleet(4);
  const { store, nodes } = fleet;
  const lease = (holder: number) => ({ name: "work", holder: `${holder}`, duration: minute });
  const takers = Array.from({ length: 40 }, (_, i) => i);
  const acquired = await Promise.all(takers.map((i) => nodes[i % 4]?.db.leases.acquire(lease(i))));
  const first = acquired.indexOf(true);
  assert.equal(acquired.filter(Boolean).length, 1);
  assert.ok(await store.db.leases.acquire(lease(first)), "the holder can extend the lease");
  await store.db.leases.release(lease(first + 1), true);
  assert.ok(!(await store.db.leases.acquire(lease(first + 1))), "only the holder can release the lease");
  await store.db.leases.release(lease(first), true);
  assert.ok(await store.db.leases.acquire(lease(first + 1)));
});

test("a lease becomes free after its holder crashes, even if clocks differ", async () => {
  await using fleet = await createFleet(1);
  const { db, clock } = fleet.store;
  const lease = (holder: string) => ({ name: "work", holder, duration: minute });
  assert.ok(await db.leases.acquire(lease("crashes")));
  clock.advance(longerThanLease - 1);
  assert.ok(!(await db.leases.acquire(lease("other"))), "its holder's clock may be five minutes behind");
  clock.advance(1);
  assert.ok(await db.leases.acquire(lease("other")));
  clock.advance(-day);
  assert.ok(await db.leases.acquire(lease("third")), "a wrong clock wrote its expiry");
});

test("the nodes of a fleet sweep once per interval, not once each", async () => {
  await using fleet = await createFleet(3);
  const { store, nodes } = fleet;
  const sweepAll = async () => {
    let all = 0;
    for (const { auth } of nodes) all += (await auth.admin.sweep({ minInterval: 9 * minute })).sessions;
    return all;
  };
  await sweepAll();
  await openSessions(store, 1, 31 * day);
  assert.equal(await sweepAll(), 0);
  store.clock.advance(9 * minute);
  assert.equal(await sweepAll(), 1);
});

test("a node that stops ends its sweep after the current batch, and another node continues", async () => {
  await using fleet = await createFleet(2);
  const { store, nodes } = fleet;
  const [one, other] = nodes;
  await openSessions(store, 1600);
  store.clock.advance(31 * day);
  const stopping = AbortSignal.abort();
  const swept = await one?.auth.admin.sweep({ signal: stopping, minInterval: minute });
  assert.equal(swept?.sessions, 0);
  assert.deepEqual(await listHolders(store), [null]);
  assert.equal((await other?.auth.admin.sweep({ minInterval: minute }))?.sessions, 1600);
});

test("a sweep that outlasts its lease extends it", async () => {
  await using fleet = await createFleet(0);
  const { store } = fleet;
  await openSessions(store, 1600);
  store.clock.advance(31 * day);
  const startedAt = store.clock.now();
  const { auth } = await fleet.addNode(() => {
    store.clock.advance(minute / 2);
    return store.clock.now();
  });
  assert.equal((await auth.admin.sweep()).sessions, 1600);
  const [lease] = await store.readRows("leases");
  assert.ok(store.clock.now() - startedAt > longerThanLease, "the sweep took no longer than the lease");
  assert.ok(Number(lease?.ends_at) >= store.clock.now());
});

interface Node {
  readonly auth: Auth;
  readonly db: DB;
}

interface Fleet extends AsyncDisposable {
  readonly store: Store;
  readonly nodes: Node[];
  /** @param clock the clock of the node; its database has the clock of the store */
  addNode(clock?: () => number): Promise<Node>;
}

async function createFleet(size: number): Promise<Fleet> {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await createStore());
  const settings = readSettings({});
  const nodes: Node[] = [];
  const addNode = async (clock = store.clock.now) => {
    const db = resources.use(await openDB(store.url, { settings, clock: store.clock.now }));
    const auth = resources.adopt(new Auth(db, { hashThreads, settings, clock }), (each) => each.close());
    nodes.push({ auth, db });
    return { auth, db };
  };
  for (let i = 0; i < size; i++) await addNode();
  return { store, nodes, addNode, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Opens sessions of one user, `ago` milliseconds before now. */
async function openSessions(store: Store, count: number, ago = 0): Promise<void> {
  const at = store.clock.now() - ago;
  const { id } = await store.db.addUser("bob@example.com", "hash");
  const rows = Array.from({ length: count }, (_, i) => `('session ${i}', ${id}, ${at}, ${at}, ${at})`);
  await store.run(
    `insert into sessions (session_id, user_id, created_at, last_seen_at, expires_at) values ${rows.join(", ")}`,
  );
}

/** Returns the holders of all leases. */
async function listHolders(store: Store): Promise<unknown[]> {
  return (await store.readRows("leases")).map(({ holder }) => holder);
}
