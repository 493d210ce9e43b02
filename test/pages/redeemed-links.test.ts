import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndVerify,
  strongPassword,
} from "../support/production.ts";
import { assertRedirect, createVisitor, logInByPage, type PageResponse } from "../support/visitor.ts";
import { form, type World } from "../support/world.ts";

const name = "__Host-device_id";
const newPassword = `${strongPassword}!`;
const ownerAfterReset = { ...owner, password: newPassword };

/** Logs in with wrong passwords from other networks until the limit of the account is reached. */
async function exhaustLimit(world: World): Promise<void> {
  const wrong = { ...owner, password: "a wrong Password" };
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    statuses.push((await world.request("/sessions", { ...form(wrong), ip: `198.51.100.${i}` } as RequestInit)).status);
  }
  assert.equal(statuses.at(-1), 429);
}

async function createResetLink(world: World): Promise<string> {
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  return `/reset?token=${await deliverToken(world)}`;
}

function readDeviceCookie({ headers }: PageResponse): string | undefined {
  const set = headers.getSetCookie().filter((header) => header.startsWith(`${name}=`));
  assert.ok(set.length <= 1, "one cookie of this name in a response");
  return set[0]?.slice(name.length + 1).split(";")[0];
}

// id: reset-logs-in-at-once
test("a browser that resets the password can log in immediately while attackers exhaust the account's limit", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const link = await createResetLink(world);
  await exhaustLimit(world);
  const visitor = createVisitor(world, { ip: "203.0.113.80" });
  assertRedirect(await visitor.submit(await visitor.open(link), { new_password: newPassword }), "/login");
  await exhaustLimit(world);
  assertRedirect(await visitor.submit(await visitor.open("/login"), ownerAfterReset), "/account");
  const neighbor = createVisitor(world, { ip: "203.0.113.80" });
  assert.equal(
    (await neighbor.submit(await neighbor.open("/login"), ownerAfterReset)).status,
    429,
    "no other client of the network can log in",
  );
});

test("if the response to a reset is lost, the form and the link set the same device cookie again", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const link = await createResetLink(world);
  const visitor = createVisitor(world);
  const page = await visitor.open(link);
  const first = readDeviceCookie(await visitor.submit(page, { new_password: newPassword }));
  assert.match(first ?? "", /^[\w-]{43}$/);
  for (const repeat of [() => visitor.submit(page, { new_password: newPassword }), () => visitor.open(link)]) {
    visitor.cookies.delete(name);
    assert.equal(readDeviceCookie(await repeat()), first);
  }
  const otherVisitor = createVisitor(world);
  assert.equal(readDeviceCookie(await otherVisitor.open(link)), undefined);
  await exhaustLimit(world);
  assertRedirect(await visitor.submit(await visitor.open("/login"), ownerAfterReset), "/account");
});

test("a browser that verifies an address becomes one known device, without a notification", async () => {
  await using world = await createProductionWorld();
  await world.request("/users", form(owner));
  const link = `/verify?token=${await deliverToken(world)}`;
  await exhaustLimit(world);
  const visitor = createVisitor(world, { ip: "203.0.113.80" });
  const done = await visitor.submit(await visitor.open(link), { password: owner.password });
  assertRedirect(done, "/account");
  assert.ok(readDeviceCookie(done));
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.equal((await world.db.devices.list(id)).length, 1);
  assert.deepEqual(await deliverMails(world), []);
});

test("a shared browser keeps its device cookie, and each account knows it", async () => {
  await using world = await createProductionWorld();
  await registerAndVerify(world);
  const eve = { ...owner, email: "eve@example.com" };
  await registerAndVerify(world, eve);
  const visitor = createVisitor(world);
  await logInByPage(visitor, eve);
  const device = visitor.cookies.get(name);
  const done = await visitor.submit(await visitor.open(await createResetLink(world)), { new_password: newPassword });
  assert.equal(readDeviceCookie(done), device);
  for (const email of [owner.email, eve.email]) {
    const { id } = await world.db.findUserBy({ email });
    assert.ok(await world.db.devices.isKnown(device ?? "", id));
  }
});
