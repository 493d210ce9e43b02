import assert from "node:assert/strict";
import { describe } from "node:test";
import { createApp } from "../../src/app/app.ts";
import { test } from "../engines.ts";
import { createWorld, form } from "../world.ts";
import { askForToken, bob, redeem, refused, register } from "./steps.ts";

const another = /RESET_DELIVERY=response/;
const ask = form({ email: bob.email });

describe("by default reset tokens are given to programs on this machine", () => {
  test("that come over loopback, and name this machine", async () => {
    await using world = await createWorld();
    await register(world);
    for (const ip of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      assert.equal((await world.request("/reset_password", { ...ask, ip })).status, 200, ip);
    }
    for (const Host of ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "0.0.0.0:5000", "[::1]:5000"]) {
      assert.equal((await world.request("/reset_password", { ...ask, headers: { Host } })).status, 200, Host);
    }
  });

  test("and not to another machine, which is told the setting, and nothing of the account", async () => {
    await using world = await createWorld();
    await register(world);
    const token = await askForToken(world);
    const peers = ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "::", "0.0.0.0", "", "128.127.0.1"];
    for (const ip of peers) {
      await refused(world.request("/reset_password", { ...ask, ip }), 403, another);
      await refused(world.request("/reset_password", { ...form({ email: "nobody@example.com" }), ip }), 403, another);
    }
    assert.equal((await redeem(world, { ...bob, reset_token: token, new_password: "new" })).status, 200);
  });

  test("nor through a proxy, that says for whom it speaks", async () => {
    await using world = await createWorld();
    await register(world);
    for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"]) {
      for (const value of ["127.0.0.1", ""]) {
        await refused(world.request("/reset_password", { ...ask, headers: { [name]: value } }), 403, another);
      }
    }
  });

  test("nor under another name, which a page of another site may have given to this machine", async () => {
    await using world = await createWorld();
    await register(world);
    const names = [
      "attacker.example",
      "localhost.attacker.example",
      "127.0.0.1.attacker.example",
      "10.0.0.1",
      "",
      ":5000",
    ];
    for (const Host of [
      ...names,
      "localhost:",
      "localhost:5000 x",
      "localhost,attacker.example",
      "[::1",
      "x@localhost",
    ]) {
      await refused(world.request("/reset_password", { ...ask, headers: { Host } }), 403, another);
    }
  });

  test("nor to a Request of which nothing is known", async () => {
    await using world = await createWorld();
    await register(world);
    const app = createApp(world.auth, { settings: world.settings });
    const request = new Request("http://localhost:5000/reset_password", { ...ask, headers: { Host: "localhost" } });
    await refused(app.fetch(request), 403, another);
  });
});

test("a token may be redeemed from any machine", async () => {
  await using world = await createWorld();
  await register(world);
  const fields = { email: bob.email, reset_token: await askForToken(world), new_password: "new" };
  const init = form(fields, { method: "PUT", headers: { "X-Forwarded-For": "192.0.2.1" } });
  assert.equal((await world.request("/reset_password", { ...init, ip: "192.0.2.1" })).status, 200);
});

test("RESET_DELIVERY=response, set by hand, gives them to every caller", async () => {
  await using world = await createWorld({ RESET_DELIVERY: "response" });
  await register(world);
  for (const headers of [{}, { "X-Forwarded-For": "192.0.2.1" }, { Host: "auth.example.com" }]) {
    assert.equal((await world.request("/reset_password", { ...ask, headers, ip: "192.0.2.1" })).status, 200);
  }
});
