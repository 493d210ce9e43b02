import assert from "node:assert/strict";
import { test } from "../support/engines.ts";
import {
  createProductionWorld,
  deliverMails,
  deliverToken,
  owner,
  registerAndConfirm,
  strongPassword,
} from "../support/production.ts";
import { createVisitor, logIn, type PageResponse, sent } from "../support/visitor.ts";
import { form, type World } from "../support/world.ts";

const name = "__Host-device_id";
const chosen = `${strongPassword}!`;
const renewed = { ...owner, password: chosen };

/** Strangers try the address until each further one is refused. */
async function poll(world: World): Promise<void> {
  const wrong = { ...owner, password: "a wrong Password" };
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    statuses.push((await world.request("/sessions", { ...form(wrong), ip: `198.51.100.${i}` } as RequestInit)).status);
  }
  assert.equal(statuses.at(-1), 429);
}

async function linkToReset(world: World): Promise<string> {
  await deliverMails(world);
  await world.request("/reset_password", form({ email: owner.email }));
  return `/reset?token=${await deliverToken(world)}`;
}

function deviceIn({ headers }: PageResponse): string | undefined {
  const set = headers.getSetCookie().filter((header) => header.startsWith(`${name}=`));
  assert.ok(set.length <= 1, "one cookie of this name in an answer");
  return set[0]?.slice(name.length + 1).split(";")[0];
}

// id: reset-logs-in-at-once
test("a browser that resets by the page logs in at once while strangers try the address", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const link = await linkToReset(world);
  await poll(world);
  const who = createVisitor(world, { ip: "203.0.113.80" });
  sent(await who.fill(await who.open(link), { new_password: chosen }), "/login");
  await poll(world);
  sent(await who.fill(await who.open("/login"), renewed), "/account");
  const neighbor = createVisitor(world, { ip: "203.0.113.80" });
  assert.equal((await neighbor.fill(await neighbor.open("/login"), renewed)).status, 429, "nobody else of its network");
});

test("if the answer to a reset is lost, the form and the link set the same device again", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const link = await linkToReset(world);
  const who = createVisitor(world);
  const page = await who.open(link);
  const first = deviceIn(await who.fill(page, { new_password: chosen }));
  assert.match(first ?? "", /^[\w-]{43}$/);
  for (const repeat of [() => who.fill(page, { new_password: chosen }), () => who.open(link)]) {
    who.cookies.delete(name);
    assert.equal(deviceIn(await repeat()), first);
  }
  const stranger = createVisitor(world);
  assert.equal(deviceIn(await stranger.open(link)), undefined);
  await poll(world);
  sent(await who.fill(await who.open("/login"), renewed), "/account");
});

test("a browser that confirms by the page is one device, which is told to nobody", async () => {
  await using world = await createProductionWorld();
  await world.request("/users", form(owner));
  const link = `/verify?token=${await deliverToken(world)}`;
  await poll(world);
  const who = createVisitor(world, { ip: "203.0.113.80" });
  const done = await who.fill(await who.open(link), { password: owner.password });
  sent(done, "/account");
  assert.ok(deviceIn(done));
  const { id } = await world.db.findUserBy({ email: owner.email });
  assert.equal((await world.db.devices.list(id)).length, 1);
  assert.deepEqual(await deliverMails(world), []);
});

test("a browser that others use too keeps its device, and each account knows it", async () => {
  await using world = await createProductionWorld();
  await registerAndConfirm(world);
  const eve = { ...owner, email: "eve@example.com" };
  await registerAndConfirm(world, eve);
  const who = createVisitor(world);
  await logIn(who, eve);
  const device = who.cookies.get(name);
  const done = await who.fill(await who.open(await linkToReset(world)), { new_password: chosen });
  assert.equal(deviceIn(done), device);
  for (const email of [owner.email, eve.email]) {
    const { id } = await world.db.findUserBy({ email });
    assert.ok(await world.db.devices.isKnown(device ?? "", id));
  }
});
