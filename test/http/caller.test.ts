import assert from "node:assert/strict";
import { describe, test as testOnce } from "node:test";
import { Hono } from "hono";
import { createApp } from "../../src/app.ts";
import { type Bindings, createCallerFinder, type Variables } from "../../src/http/caller.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { networkOf } from "../../src/values/network.ts";
import { test } from "../support/engines.ts";
import { assertRejected, bob, redeemResetToken, register, requestResetToken } from "../support/steps.ts";
import { createWorld, form } from "../support/world.ts";

const namesSetting = /RESET_DELIVERY=response/;
const resetRequest = form({ email: bob.email });

describe("by default, only programs on this machine get reset tokens", () => {
  test("over loopback, with a name of this machine in Host", async () => {
    await using world = await createWorld();
    await register(world);
    for (const ip of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      assert.equal((await world.request("/reset_password", { ...resetRequest, ip })).status, 200, ip);
    }
    for (const Host of ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "0.0.0.0:5000", "[::1]:5000"]) {
      assert.equal((await world.request("/reset_password", { ...resetRequest, headers: { Host } })).status, 200, Host);
    }
  });

  test("and other machines get 403 with the name of the setting, whether or not the account exists", async () => {
    await using world = await createWorld();
    await register(world);
    const token = await requestResetToken(world);
    const peers = ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "::", "0.0.0.0", "", "128.127.0.1"];
    for (const ip of peers) {
      await assertRejected(world.request("/reset_password", { ...resetRequest, ip }), 403, namesSetting);
      await assertRejected(
        world.request("/reset_password", { ...form({ email: "nobody@example.com" }), ip }),
        403,
        namesSetting,
      );
    }
    assert.equal((await redeemResetToken(world, { ...bob, reset_token: token, new_password: "new" })).status, 200);
  });

  test("and requests with a proxy's headers get 403", async () => {
    await using world = await createWorld();
    await register(world);
    for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"]) {
      for (const value of ["127.0.0.1", ""]) {
        await assertRejected(
          world.request("/reset_password", { ...resetRequest, headers: { [name]: value } }),
          403,
          namesSetting,
        );
      }
    }
  });

  test("and requests with another host name get 403, because a page of another site can use one (DNS rebinding)", async () => {
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
      await assertRejected(world.request("/reset_password", { ...resetRequest, headers: { Host } }), 403, namesSetting);
    }
  });

  test("and a Request without bindings gets 403", async () => {
    await using world = await createWorld();
    await register(world);
    const app = createApp(world.auth);
    const request = new Request("http://localhost:5000/reset_password", {
      ...resetRequest,
      headers: { Host: "localhost" },
    });
    await assertRejected(app.fetch(request), 403, namesSetting);
  });
});

test("a token can be redeemed from any machine", async () => {
  await using world = await createWorld();
  await register(world);
  const fields = { email: bob.email, reset_token: await requestResetToken(world), new_password: "new" };
  const init = form(fields, { method: "PUT", headers: { "X-Forwarded-For": "192.0.2.1" } });
  assert.equal((await world.request("/reset_password", { ...init, ip: "192.0.2.1" })).status, 200);
});

test("RESET_DELIVERY=response returns reset tokens to every caller", async () => {
  await using world = await createWorld({ RESET_DELIVERY: "response" });
  await register(world);
  for (const headers of [{}, { "X-Forwarded-For": "192.0.2.1" }, { Host: "auth.example.com" }]) {
    assert.equal((await world.request("/reset_password", { ...resetRequest, headers, ip: "192.0.2.1" })).status, 200);
  }
});

describe("the address of a caller", () => {
  const proxies = { TRUSTED_PROXIES: "10.0.0.0/8, 127.0.0.1,2001:db8:1::/48" };

  /** Sends requests, and returns the addresses of their callers and the log entries. */
  async function findAddresses(
    environment: Environment,
    ...requests: { ip: string; headers: NonNullable<RequestInit["headers"]> }[]
  ) {
    const logged: Record<string, unknown>[] = [];
    const record = (fields: object, message: string) => void logged.push({ ...fields, message });
    const caller = createCallerFinder(readSettings(environment), { info: record, warn: record, error: record }, () => ({
      id: "x",
    }));
    const app = new Hono<{ Bindings: Bindings; Variables: Variables }>().get("/", (c) =>
      Response.json(caller(c).ip ?? null),
    );
    const addresses: unknown[] = [];
    for (const { ip, headers } of requests) {
      const incoming = { headers: {}, socket: { remoteAddress: ip } };
      addresses.push(await (await app.request("/", { headers }, { incoming })).json());
    }
    return { addresses, logged };
  }

  /** Returns the caller's address for an X-Forwarded-For header of a trusted proxy. */
  async function behind(forwardedFor: string, ip = "10.0.0.1"): Promise<unknown> {
    const { addresses } = await findAddresses(proxies, { ip, headers: { "X-Forwarded-For": forwardedFor } });
    return addresses[0];
  }

  // id: forged-header
  testOnce("is that of an untrusted peer, whatever headers it forges", async () => {
    for (const environment of [{}, proxies]) {
      for (const ip of ["192.0.2.1", "2001:db8::1", "192.168.0.1", "11.0.0.1", ""]) {
        for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"]) {
          for (const value of ["198.51.100.7", "198.51.100.7, 10.0.0.1", "for=198.51.100.7"]) {
            assert.deepEqual((await findAddresses(environment, { ip, headers: { [name]: value } })).addresses, [ip]);
          }
        }
      }
    }
  });

  // id: forged-hops
  testOnce("is the last hop that is not a trusted proxy, whatever a client forges before it", async () => {
    assert.equal(await behind("198.51.100.7"), "198.51.100.7");
    assert.equal(await behind("203.0.113.9,198.51.100.7"), "198.51.100.7");
    assert.equal(await behind("203.0.113.9, 198.51.100.7 , 10.9.9.9,\t127.0.0.1"), "198.51.100.7");
    assert.equal(await behind("198.51.100.7", "::ffff:10.0.0.1"), "198.51.100.7");
    assert.equal(await behind("198.51.100.7, ::ffff:10.2.3.4"), "198.51.100.7");
    assert.equal(await behind("2001:db8:2::7", "2001:db8:1::1"), "2001:db8:2::7");
    assert.equal(await behind(`${"10.0.0.1, ".repeat(1000)}198.51.100.7`), "198.51.100.7");
    const twice = new Headers([
      ["X-Forwarded-For", "203.0.113.9"],
      ["X-Forwarded-For", "198.51.100.7"],
    ]);
    assert.deepEqual((await findAddresses(proxies, { ip: "10.0.0.1", headers: twice })).addresses, ["198.51.100.7"]);
  });

  testOnce("has no port, brackets or zone", async () => {
    assert.equal(await behind("198.51.100.7:51234"), "198.51.100.7");
    assert.equal(await behind("[2001:db8:2::7]:51234"), "2001:db8:2::7");
    assert.equal(await behind("[2001:db8:2::7]"), "2001:db8:2::7");
    assert.equal(await behind("2001:db8:2::7"), "2001:db8:2::7");
    assert.equal(await behind("fe80::7%eth0"), "fe80::7");
  });

  testOnce("is that of the last trusted proxy if the hop before it is not an address", async () => {
    for (const hop of [
      "",
      "unknown",
      "_hidden",
      "198.51.100",
      "198.51.100.7.8",
      "198.51.100.07",
      "[::1",
      "::1]",
      "[]",
    ]) {
      assert.equal(await behind(`203.0.113.9, ${hop}`), "10.0.0.1", hop);
      assert.equal(await behind(`203.0.113.9, ${hop}, 10.0.0.2`), "10.0.0.2", hop);
    }
    for (const hop of ["198.51.100.7:", "198.51.100.7:123456", "198.51.100.7 x", "for=198.51.100.7", "1e3"]) {
      assert.equal(await behind(hop), "10.0.0.1", hop);
    }
  });

  testOnce("is read from the last twenty hops only", async () => {
    assert.equal(await behind(`198.51.100.7${", 10.0.0.2".repeat(19)}`), "198.51.100.7");
    assert.equal(await behind(`198.51.100.7${", 10.0.0.2".repeat(20)}`), "10.0.0.2");
  });

  testOnce("is in one network for all addresses of an IPv6 subscriber", async () => {
    const first = networkOf((await behind("2001:db8:2:3::1")) as string);
    assert.equal(networkOf((await behind("[2001:DB8:2:3:ffff::2]:1")) as string), first);
    assert.notEqual(networkOf((await behind("2001:db8:2:4::1")) as string), first);
    assert.equal(networkOf((await behind("::ffff:198.51.100.7")) as string), "198.51.100.7");
  });

  testOnce("is read from Forwarded if a trusted proxy sends no X-Forwarded-For", async () => {
    const forwarded = async (value: string, more: Record<string, string> = {}) =>
      (await findAddresses(proxies, { ip: "10.0.0.1", headers: { Forwarded: value, ...more } })).addresses[0];
    for (const [value, address] of [
      ["for=198.51.100.7", "198.51.100.7"],
      ['For="198.51.100.7:47011"', "198.51.100.7"],
      ['for="[2001:db8:2::7]"', "2001:db8:2::7"],
      ['by=10.0.0.1;FOR="[2001:db8:2::7]:4711";host=example.com;proto=https', "2001:db8:2::7"],
      ["for=203.0.113.9, for=198.51.100.7;proto=http, for=10.9.9.9", "198.51.100.7"],
      ["for=203.0.113.9,\tfor=127.0.0.1", "203.0.113.9"],
      // A quote that the client opens does not swallow what the proxy appends.
      ['for=", for=198.51.100.7', "198.51.100.7"],
      ['for="a, for="[2001:db8:2::7]"', "2001:db8:2::7"],
      ['x="for=203.0.113.9;, for=198.51.100.7', "198.51.100.7"],
      ["for=203.0.113.9, for=unknown", "10.0.0.1"],
      ['for=203.0.113.9, for="_hidden"', "10.0.0.1"],
      ["for=203.0.113.9, proto=https", "10.0.0.1"],
      ["for=203.0.113.9, xfor=198.51.100.7", "10.0.0.1"],
      ["for=203.0.113.9, for = 198.51.100.7", "10.0.0.1"],
      ['for="198.51.100.7', "10.0.0.1"],
      ["", "10.0.0.1"],
    ] as const) {
      assert.equal(await forwarded(value), address, value);
    }
    for (const listed of ["198.51.100.7", "203.0.113.9, 198.51.100.7"])
      assert.equal(await forwarded("for=203.0.113.1", { "X-Forwarded-For": listed }), "198.51.100.7");
    assert.equal(await forwarded("for=203.0.113.1", { "X-Forwarded-For": "unknown" }), "10.0.0.1");
    assert.equal(
      (await findAddresses({}, { ip: "10.0.0.1", headers: { Forwarded: "for=203.0.113.1" } })).addresses[0],
      "10.0.0.1",
    );
  });

  testOnce("is the proxy's own if it does not name its caller, and the log has each kind of problem once", async () => {
    const warnings = async (...sent: (readonly [headers: Record<string, string>, ip?: string])[]) => {
      const { logged } = await findAddresses(proxies, ...sent.map(([headers, ip = "10.0.0.1"]) => ({ ip, headers })));
      return logged;
    };
    for (const [headers, problem, message] of [
      [{}, "silent", /10\.0\.0\.1 does not name its caller in X-Forwarded-For; /],
      [{ "X-Forwarded-For": "" }, "silent", /in X-Forwarded-For; /],
      [{ "X-Forwarded-For": "198.51.100.7, " }, "silent", /in X-Forwarded-For; /],
      [{ "X-Forwarded-For": "10.0.0.2" }, "silent", /10\.0\.0\.2 does not name its caller/],
      [{ "X-Real-IP": "198.51.100.7" }, "silent", /in X-Forwarded-For, only in X-Real-IP, which is not read/],
      [{ "CF-Connecting-IP": "198.51.100.7" }, "silent", /only in CF-Connecting-IP, which is not read/],
      [{ Forwarded: "proto=https" }, "silent", /does not name its caller in Forwarded; /],
      [{ "X-Forwarded-For": "198.51.100.7, unknown" }, "unreadable", /X-Forwarded-For as "unknown", which is not an/],
      [{ Forwarded: "for=_hidden" }, "unreadable", /in Forwarded as "_hidden"/],
      [{ "X-Forwarded-For": "198.51.100.7, 192.168.3.4" }, "private", /as 192\.168\.3\.4, .*TRUSTED_PROXIES/],
      [{ "X-Forwarded-For": "fd00::7" }, "private", /as fd00::7/],
      [{ Forwarded: 'for="[fd00::7]:80"' }, "private", /in Forwarded as fd00::7/],
    ] as const) {
      const logged = await warnings([headers], [headers], [headers, "10.7.7.7"]);
      assert.deepEqual([logged.length, logged[0]?.event, logged[0]?.problem], [1, "callers_not_told_apart", problem]);
      assert.match(String(logged[0]?.message), message);
      assert.ok(!JSON.stringify(logged).includes("198.51.100.7"));
    }
    assert.deepEqual(await warnings([{ "X-Forwarded-For": "198.51.100.7" }], [{ Forwarded: "for=198.51.100.7" }]), []);
    const hostile = Array.from(
      { length: 50 },
      (_, i) => [{ "X-Forwarded-For": `\u00e9${i}${"x".repeat(500)}` }] as const,
    );
    const logged = await warnings(...hostile);
    assert.equal(logged.length, 1);
    assert.match(String(logged[0]?.hop), /^[\x20-\x7e]{64}$/);
  });

  testOnce(
    "is not read from an undeclared proxy, and the log names the proxy once if its address is private",
    async () => {
      const headers = { "X-Forwarded-For": "198.51.100.7" };
      const warned = async (environment: Environment, ...peers: string[]) => {
        const requests = peers.map((ip) => ({ ip, headers }));
        return (await findAddresses(environment, ...requests)).logged.map(({ event, peer }) => [event, peer]);
      };
      for (const ip of [
        "127.0.0.1",
        "::1",
        "::ffff:172.20.0.3",
        "192.168.1.1",
        "10.1.1.1",
        "fd00::1",
        "fe80::1%eth0",
      ]) {
        const peer = ip.replace("%eth0", "");
        assert.deepEqual(await warned({}, ip, ip, "10.1.1.2"), [["undeclared_proxy", peer]], ip);
      }
      assert.deepEqual(await warned({}, "192.0.2.1", "2001:db8::1", "172.32.0.1", "", "not an address"), []);
      assert.deepEqual(await warned(proxies, "10.1.1.1", "127.0.0.1"), []);
      assert.deepEqual(await warned(proxies, "192.168.1.1"), [["undeclared_proxy", "192.168.1.1"]]);
      assert.deepEqual((await findAddresses({}, { ip: "127.0.0.1", headers: { Accept: "*/*" } })).logged, []);
      const { logged } = await findAddresses({}, { ip: "127.0.0.1", headers: {} }, { ip: "127.0.0.1", headers });
      assert.match(String(logged[0]?.message), /TRUSTED_PROXIES/);
      assert.equal(logged.length, 1);
      assert.ok(!JSON.stringify(logged).includes("198.51.100.7"));
    },
  );
});

test("behind a trusted proxy, too, only this machine receives a reset token", async () => {
  await using world = await createWorld({ TRUSTED_PROXIES: "127.0.0.1" });
  await register(world);
  assert.equal((await world.request("/reset_password", resetRequest)).status, 200);
  for (const from of ["127.0.0.1", "::1", "198.51.100.7"]) {
    const headers = { "X-Forwarded-For": from };
    await assertRejected(world.request("/reset_password", { ...resetRequest, headers }), 403, namesSetting);
    await assertRejected(
      world.request("/reset_password", { ...resetRequest, headers, ip: "192.0.2.1" }),
      403,
      namesSetting,
    );
  }
});

// id: told-apart-behind-proxy
test("clients behind a trusted proxy are distinct in the log, and cannot forge their address", async () => {
  await using world = await createWorld({ TRUSTED_PROXIES: "10.0.0.1" });
  await register(world);
  for (const ip of ["10.0.0.1", "10.0.0.2"]) {
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    assert.equal((await world.request("/sessions", { ...form(bob, { headers }), ip })).status, 200);
  }
  const logins = world.logEntries.filter(({ event }) => event === "logged_in");
  assert.deepEqual(
    logins.map(({ ip }) => ip),
    ["198.51.100.7", "10.0.0.2"],
  );
});
