import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { createProduction, enter, join, mailed, owner } from "../../support/production.ts";
import { bob, canLogIn, isOpen, register, logIn as sessionOf } from "../../support/steps.ts";
import { formsOf, logIn, type Seen, sent, shownIn, text, type Visitor, visitor } from "../../support/visitor.ts";
import { createWorld, minute, type World } from "../../support/world.ts";

const firefox = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" };

/** Somebody who has an account and is logged in. */
async function member(world: World): Promise<Visitor> {
  await register(world);
  const who = visitor(world);
  await logIn(who, bob);
  return who;
}

/** The devices that an account shows, as text. */
function devicesOf({ html }: Seen): string[] {
  return [...html.matchAll(/<li class="row"><div><h3>([\s\S]*?)<\/h3>/g)].map(([, name = ""]) => text(name));
}

test("the account shows who, since when and where, and is for whoever is logged in alone", async () => {
  await using world = await createWorld();
  const who = await member(world);
  world.clock.forward(minute);
  await sessionOf(world, bob, firefox);
  world.clock.forward(minute);
  await sessionOf(world, bob, { "User-Agent": "<script>alert(1)</script>" });
  const page = await who.open("/account?lang=fr");
  assert.deepEqual([page.status, page.title], [200, "Votre compte · Bienvenue"]);
  assert.match(page.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.match(page.html, /Membre depuis le 1 janvier 2030/);
  assert.deepEqual(devicesOf(page), ["Un appareil inconnu Cet appareil", "Un appareil inconnu", "Firefox sur Windows"]);
  assert.doesNotMatch(page.html, /alert\(1\)/);
  assert.match(page.html, /<time datetime="2030-01-01T00:00:00\.000Z" data-relative>1 janv\. 2030/);
  for (const path of ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"]) {
    sent(
      await visitor(world).open(`${path}?lang=fr`),
      `/login?lang=fr&return_to=${encodeURIComponent(`${path}?lang=fr`)}`,
    );
    assert.equal((await who.open(path)).status, 200, path);
  }
});

test("one device is logged out from another, or all others at once", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const others = [await sessionOf(world, bob, firefox), await sessionOf(world), await sessionOf(world)];
  const page = await who.open("/account");
  const windows = formsOf(page.html).find(({ html }) => html.includes("Log out Firefox on Windows"));
  sent(await who.send("/account/devices", windows?.hidden ?? {}), "/account");
  assert.deepEqual(await Promise.all(others.map((each) => isOpen(world, each))), [false, true, true]);
  const after = await who.open("/account");
  assert.match(after.told, /device is logged out/);
  assert.equal(devicesOf(after).length, 3);
  sent(await who.send("/account/devices", windows?.hidden ?? {}), "/account");
  world.clock.forward(minute);
  const again = await who.send("/account/devices", windows?.hidden ?? {});
  assert.equal(again.status, 404);
  assert.equal(again.told, "This device is logged out already.");
  const all = formsOf(after.html).find(({ html }) => html.includes("Log out all other devices"));
  sent(await who.send("/account/devices", all?.hidden ?? {}), "/account");
  assert.deepEqual(devicesOf(await who.open("/account")), ["An unknown device This device"]);
  assert.deepEqual(await Promise.all(others.map((each) => isOpen(world, each))), [false, false, false]);
});

test("nobody ends another's session, and many devices come on pages of ten", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const eve = { email: "eve@example.com", password: "eve-eve-1" };
  await register(world, eve);
  const session = await sessionOf(world, eve);
  const [handle] = (await world.auth.listSessions(session)).map(({ id }) => id);
  const hidden = formsOf((await who.open("/logout")).html)[0]?.hidden ?? {};
  const refused = await who.send("/account/devices", { ...hidden, session: handle ?? "" });
  assert.equal(refused.status, 404);
  assert.ok(await isOpen(world, session));
  for (let i = 0; i < 11; i++) await sessionOf(world);
  const page = await who.open("/account");
  assert.equal(devicesOf(page).length, 10);
  assert.match(page.html, /href="\/account\?from=10#devices"/);
  assert.doesNotMatch(page.html, /Previous devices/);
  const last = await who.open("/account?from=10");
  assert.equal(devicesOf(last).length, 2);
  assert.match(last.html, /<a class="link" href="\/account\?from=0#devices">Previous devices<\/a>/);
  assert.doesNotMatch(last.html, /More devices/);
  for (const [from, shown] of Object.entries({ "-1": 10, x: 10, 0: 10, 9: 10, 13: 2, 9999: 2, "1e99": 2 })) {
    assert.equal(devicesOf(await who.open(`/account?from=${from}`)).length, shown, from);
  }
});

test("the device that looks is on the first page and comes first, however many are newer, and no device is on two", async () => {
  await using world = await createWorld();
  const who = await member(world);
  for (let i = 0; i < 24; i++) {
    world.clock.forward(1000);
    await world.auth.createSession(bob.email);
  }
  const seen: string[] = [];
  for (let path: string | undefined = "/account?lang=fr", pages = 1; path !== undefined; pages++) {
    const page = await who.open(path);
    const names = devicesOf(page);
    if (pages === 1) assert.equal(names[0], "Un appareil inconnu Cet appareil");
    assert.equal(names.filter((name) => name.endsWith("Cet appareil")).length, pages === 1 ? 1 : 0);
    assert.equal(names.length, [10, 10, 5][pages - 1]);
    seen.push(...[...page.html.matchAll(/name="session" value="([^"]*)"/g)].map(([, handle = ""]) => handle));
    path = /href="([^"]*)#devices">Voir les autres appareils/.exec(page.html)?.[1]?.replaceAll("&amp;", "&");
    assert.equal(path === undefined, pages === 3);
  }
  assert.equal(seen.length, 24);
  assert.equal(new Set(seen).size, 24);
});

test("a device that is logged out on a later page leaves people there, while there is one", async () => {
  await using world = await createWorld();
  const who = await member(world);
  for (let i = 0; i < 11; i++) await sessionOf(world);
  for (const left of [1, 10]) {
    const page = await who.open("/account?from=10");
    const one = formsOf(page.html).find(({ html }) => html.includes("Log out an unknown device"));
    const done = await who.send(one?.action ?? "", one?.hidden ?? {});
    sent(done, "/account?from=10");
    const after = await who.open(done.location ?? "");
    assert.match(after.told, /device is logged out/);
    assert.equal(devicesOf(after).length, left);
    if (left === 10) continue;
    world.clock.forward(minute);
    const gone = await who.send(one?.action ?? "", one?.hidden ?? {});
    assert.deepEqual([gone.status, devicesOf(gone).length], [404, left]);
  }
});

test("devices of one name are told apart by when they were seen, for those who hear them too", async () => {
  await using world = await createWorld();
  const who = await member(world);
  for (let i = 0; i < 2; i++) await sessionOf(world);
  const { html } = await who.open("/account");
  const buttons = [...html.matchAll(/<button [^>]*aria-label="([^"]*)" aria-describedby="([^"]*)">/g)];
  assert.deepEqual(
    buttons.map(([, label]) => label),
    ["Log out an unknown device", "Log out an unknown device"],
  );
  for (const [, , id] of buttons) assert.match(html, new RegExp(`<p class="soft small" id="${id}">Last seen <time`));
  assert.notEqual(buttons[0]?.[2], buttons[1]?.[2]);
});

test("a changed password keeps this device and logs out the others", async () => {
  await using world = await createWorld({ PASSWORD_MIN_LENGTH: "8" });
  const who = await member(world);
  const other = await sessionOf(world);
  const page = await who.open("/account/password");
  assert.match(page.html, /autocomplete="current-password"/);
  assert.match(page.html, /autocomplete="new-password"/);
  const wrong = await who.fill(page, { password: "wrong", new_password: "t4rt1fl3tt3" });
  assert.deepEqual([wrong.status, wrong.told], [403, "This is not your password. Try again."]);
  assert.match(wrong.html, /id="password"[^>]* aria-invalid="true"/);
  const short = await who.fill(page, { password: bob.password, new_password: "short" });
  assert.match(short.html, /id="new_password"[^>]* aria-invalid="true"/);
  assert.ok(await isOpen(world, other));
  sent(await who.fill(page, { password: bob.password, new_password: "t4rt1fl3tt3" }), "/account");
  assert.match((await who.open("/account")).told, /^Your password is changed/);
  assert.ok(!(await isOpen(world, other)));
  assert.ok(await canLogIn(world, { ...bob, password: "t4rt1fl3tt3" }));
});

test("too many wrong passwords in a row are told wherever one is asked for, with the way to a new one", async () => {
  await using world = await createWorld({ RATE_LIMIT: "on", LIMIT_LOGIN_STREAK: "2" });
  const who = await member(world);
  for (const path of ["/account/password", "/account/email", "/account/export", "/account/delete"]) {
    const page = await who.open(path);
    const fields = { email: "new@example.com", new_password: "t4rt1fl3tt3" };
    let refused = await who.fill(page, { ...fields, password: "wrong" });
    while (refused.status === 403) refused = await who.fill(page, { ...fields, password: "wrong" });
    assert.equal(refused.status, 429, path);
    assert.match(refused.told, /^Too many wrong passwords in a row\. .*\s+Choose a new password$/, path);
    assert.match(refused.html, /role="alert"[\s\S]*<p><a href="\/forgot">/, path);
  }
});

test("password managers are led to the page that changes it, past the login and back", async () => {
  await using world = await createWorld();
  await register(world);
  const who = visitor(world);
  sent(await who.open("/.well-known/change-password"), "/account/password");
  const asked = await who.open("/account/password");
  sent(asked, "/login?return_to=%2Faccount%2Fpassword");
  const page = await who.open(asked.location ?? "");
  assert.equal(page.told, "Log in to go on.");
  sent(await who.fill(page, bob), "/account/password");
});

test("a new address takes the password, is told where to look, and counts once confirmed", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const page = await who.open("/account/email");
  world.clock.forward(10 * minute + 1);
  for (const [fields, field, told] of [
    [{ email: "new@example.com", password: "" }, "password", /enter your password/],
    [{ email: "new@example.com", password: "wrong" }, "password", /not your password/],
    [{ email: "new", password: bob.password }, "email", /not look like an email address/],
    [{ email: "", password: bob.password }, "email", /^Enter your email address/],
  ] as const) {
    const refused = await who.fill(page, fields);
    assert.match(refused.told, told);
    assert.match(refused.html, new RegExp(`id="${field}"[^>]* aria-invalid="true"`));
    assert.equal(shownIn(refused, "email"), fields.email);
  }
  // The password renewed the session, and the browser has the new one although the address was refused.
  assert.equal((await who.open("/account")).status, 200);
  sent(await who.fill(page, { email: "New@example.com", password: bob.password }), "/mailbox");
  assert.match((await who.open("/mailbox")).html, /<bdi>New@example\.com<\/bdi>/);
  assert.equal((await mailed(world)).length, 2);
  assert.match((await who.open("/account")).html, /<bdi>bob@example\.com<\/bdi>/);
  await register(world, { email: "eve@example.com", password: "eve-eve-1" });
  const own = await who.fill(page, { email: " BOB@example.com", password: bob.password });
  assert.match(own.told, /^This is your address already\./);
  assert.match(own.html, /id="email"[^>]* aria-invalid="true"/);
  const taken = await who.fill(page, { email: "eve@example.com", password: bob.password });
  assert.equal(taken.told, "This address has an account already. Choose another.");
  assert.match(taken.html, /id="email-error">This address has an account already\. Choose another\.</);
});

test("a password that was given to log in or since is not needed once more, until ten minutes have gone", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const page = await who.open("/account/export");
  assert.equal((await who.fill(page, { password: "" })).status, 200);
  world.clock.forward(9 * minute);
  assert.equal((await who.fill(page, { password: bob.password })).status, 200);
  world.clock.forward(9 * minute);
  assert.equal((await who.fill(page, { password: "" })).status, 200);
  world.clock.forward(10 * minute + 1);
  const refused = await who.fill(page, { password: "" });
  assert.deepEqual([refused.status, refused.told], [403, "Please enter your password to go on."]);
});

test("the export is a file with all that is held, for who gives the password", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const page = await who.open("/account/export");
  assert.equal((await who.fill(page, { password: "wrong" })).status, 403);
  const file = await who.fill(page, { password: bob.password });
  assert.equal(file.headers.get("Content-Disposition"), 'attachment; filename="account.json"');
  assert.equal(file.headers.get("Cache-Control"), "no-store");
  assert.equal(JSON.parse(file.html).email, bob.email);
  assert.equal((await who.open("/account")).status, 200);
});

test("an account is deleted by who gives the password, and is gone", async () => {
  await using world = await createWorld();
  const who = await member(world);
  const page = await who.open("/account/delete");
  assert.equal((await who.fill(page, { password: "wrong" })).status, 403);
  assert.ok(await canLogIn(world, bob));
  sent(await who.fill(page, { password: bob.password }), "/login");
  assert.ok(!who.cookies.has("session_id"));
  assert.match((await who.open("/login")).told, /^Your account is deleted/);
  assert.ok(!(await canLogIn(world, bob)));
});

test("a session that ended while a form was open leads to the login, and back to the form", async () => {
  await using world = await createWorld();
  const who = await member(world);
  for (const path of ["/account/password", "/account/email", "/account/delete"]) {
    const page = await who.open(path);
    await world.auth.destroySession((await world.auth.findUser(bob.email))?.id ?? 0);
    const fields = { email: "new@example.com", password: bob.password, new_password: "t4rt1fl3tt3" };
    sent(await who.fill(page, fields), `/login?return_to=${encodeURIComponent(path)}`);
    const login = await who.open(`/login?return_to=${path}`);
    assert.equal(login.told, "Your session has ended. Log in to go on.");
    assert.match(login.html, /<p class="told plain" role="status">/);
    sent(await who.fill(login, bob), path);
  }
  assert.deepEqual(await mailed(world), []);
});

test("in production the page changes the cookie that production has", async () => {
  await using world = await createProduction();
  await join(world);
  const who = visitor(world);
  for (const pair of (await enter(world)).split("; ")) {
    const [name = "", value = ""] = pair.split("=");
    who.cookies.set(name, value);
  }
  const before = who.cookies.get("__Host-session_id");
  const page = await who.open("/account/password");
  sent(await who.fill(page, { password: owner.password, new_password: `${owner.password}-2` }), "/account");
  assert.notEqual(who.cookies.get("__Host-session_id"), before);
  assert.equal((await who.open("/account")).status, 200);
});
