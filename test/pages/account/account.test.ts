import assert from "node:assert/strict";
import { test } from "../../support/engines.ts";
import { bob, logIn } from "../../support/steps.ts";
import { assertRedirect, createLoggedInVisitor, createVisitor, readDeviceNames } from "../../support/visitor.ts";
import { createWorld, minute } from "../../support/world.ts";

const firefox = { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" };

test("the account page shows the address, the registration date and the devices, and requires a login", async () => {
  await using world = await createWorld();
  const visitor = await createLoggedInVisitor(world);
  world.clock.advance(minute);
  await logIn(world, bob, firefox);
  world.clock.advance(minute);
  await logIn(world, bob, { "User-Agent": "<script>alert(1)</script>" });
  const page = await visitor.open("/account?lang=fr");
  assert.deepEqual([page.status, page.title], [200, "Votre compte · Bienvenue"]);
  assert.match(page.html, /<bdi>bob@example\.com<\/bdi>/);
  assert.match(page.html, /Membre depuis le 1 janvier 2030/);
  assert.deepEqual(readDeviceNames(page), [
    "Un appareil inconnu Cet appareil",
    "Un appareil inconnu",
    "Firefox sur Windows",
  ]);
  assert.doesNotMatch(page.html, /alert\(1\)/);
  assert.match(page.html, /<time datetime="2030-01-01T00:00:00\.000Z" data-relative>1 janv\. 2030/);
  for (const path of ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"]) {
    assertRedirect(
      await createVisitor(world).open(`${path}?lang=fr`),
      `/login?lang=fr&return_to=${encodeURIComponent(`${path}?lang=fr`)}`,
    );
    assert.equal((await visitor.open(path)).status, 200, path);
  }
});
