import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob, isSessionOpen, logIn, register } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor, findForms, readDeviceNames } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

const firefox = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" };

test("a user can log out one device or all other devices", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const others = [await logIn(world, bob, firefox), await logIn(world), await logIn(world)];
  const page = await visitor.open("/account");
  const windows = findForms(page.html).find(({ html }) => html.includes("Log out Firefox on Windows"));
  assertRedirect(await visitor.post("/account/devices", windows?.hidden ?? {}), "/account");
  assert.deepEqual(await Promise.all(others.map((each) => isSessionOpen(world, each))), [false, true, true]);
  const after = await visitor.open("/account");
  assert.match(after.banner, /device has been logged out/);
  assert.equal(readDeviceNames(after).length, 3);
  assertRedirect(await visitor.post("/account/devices", windows?.hidden ?? {}), "/account");
  world.clock.advance(minute);
  const again = await visitor.post("/account/devices", windows?.hidden ?? {});
  assert.equal(again.status, 404);
  assert.equal(again.banner, "This device is already logged out.");
  const all = findForms(after.html).find(({ html }) => html.includes("Log out all other devices"));
  assertRedirect(await visitor.post("/account/devices", all?.hidden ?? {}), "/account");
  assert.deepEqual(readDeviceNames(await visitor.open("/account")), ["An unknown device This device"]);
  assert.deepEqual(await Promise.all(others.map((each) => isSessionOpen(world, each))), [false, false, false]);
});

test("a user cannot end another user's session, and devices are listed in pages of ten", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  const eve = { email: "eve@example.com", password: "eve-eve-1" };
  await register(world, eve);
  const session = await logIn(world, eve);
  const [handle] = (await world.auth.sessions.list(session)).map(({ id }) => id);
  const hidden = findForms((await visitor.open("/logout")).html)[0]?.hidden ?? {};
  const refused = await visitor.post("/account/devices", { ...hidden, session: handle ?? "" });
  assert.equal(refused.status, 404);
  assert.ok(await isSessionOpen(world, session));
  for (let i = 0; i < 11; i++) await logIn(world);
  const page = await visitor.open("/account");
  assert.equal(readDeviceNames(page).length, 10);
  assert.match(page.html, /href="\/account\?from=10#devices"/);
  assert.doesNotMatch(page.html, /Previous devices/);
  const last = await visitor.open("/account?from=10");
  assert.equal(readDeviceNames(last).length, 2);
  assert.match(last.html, /<a class="link" href="\/account\?from=0#devices">Previous devices<\/a>/);
  assert.doesNotMatch(last.html, /Next devices/);
  for (const [from, shown] of Object.entries({ "-1": 10, x: 10, 0: 10, 9: 10, 13: 2, 9999: 2, "1e99": 2 })) {
    assert.equal(readDeviceNames(await visitor.open(`/account?from=${from}`)).length, shown, from);
  }
});

test("this device is listed first, and every device is on exactly one page", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  for (let i = 0; i < 24; i++) {
    world.clock.advance(1000);
    await world.auth.createSession(bob.email);
  }
  const seen: string[] = [];
  for (let path: string | undefined = "/account?lang=fr", pages = 1; path !== undefined; pages++) {
    const page = await visitor.open(path);
    const names = readDeviceNames(page);
    if (pages === 1) assert.equal(names[0], "Un appareil inconnu Cet appareil");
    assert.equal(names.filter((name) => name.endsWith("Cet appareil")).length, pages === 1 ? 1 : 0);
    assert.equal(names.length, [10, 10, 5][pages - 1]);
    seen.push(...[...page.html.matchAll(/name="session" value="([^"]*)"/g)].map(([, handle = ""]) => handle));
    path = /href="([^"]*)#devices">Appareils suivants/.exec(page.html)?.[1]?.replaceAll("&amp;", "&");
    assert.equal(path === undefined, pages === 3);
  }
  assert.equal(seen.length, 24);
  assert.equal(new Set(seen).size, 24);
});

test("logging out a device returns to the same page of the list, or to the last page", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  for (let i = 0; i < 11; i++) await logIn(world);
  for (const left of [1, 10]) {
    const page = await visitor.open("/account?from=10");
    const one = findForms(page.html).find(({ html }) => html.includes("Log out an unknown device"));
    const done = await visitor.post(one?.action ?? "", one?.hidden ?? {});
    assertRedirect(done, "/account?from=10");
    const after = await visitor.open(done.location ?? "");
    assert.match(after.banner, /device has been logged out/);
    assert.equal(readDeviceNames(after).length, left);
    if (left === 10) continue;
    world.clock.advance(minute);
    const repeated = await visitor.post(one?.action ?? "", one?.hidden ?? {});
    assert.deepEqual([repeated.status, readDeviceNames(repeated).length], [404, left]);
  }
});

test("devices of the same name differ by their last activity, also for screen readers", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  for (let i = 0; i < 2; i++) await logIn(world);
  const { html } = await visitor.open("/account");
  const buttons = [...html.matchAll(/<button [^>]*aria-label="([^"]*)" aria-describedby="([^"]*)">/g)];
  assert.deepEqual(
    buttons.map(([, label]) => label),
    ["Log out an unknown device", "Log out an unknown device"],
  );
  for (const [, , id] of buttons) assert.match(html, new RegExp(`<p class="soft small" id="${id}">Last active <time`));
  assert.notEqual(buttons[0]?.[2], buttons[1]?.[2]);
});
