import assert from "node:assert/strict";
import { describe, test as testOnce } from "node:test";
import { Hono } from "hono";
import { createApp } from "../../src/app.ts";
import { type Bindings, callerFinder, type Variables } from "../../src/http/caller.ts";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { networkOf } from "../../src/values/network.ts";
import { test } from "../support/engines.ts";
import { assertRejected, bob, redeemToken, register, requestToken } from "../support/steps.ts";
import { createWorld, form } from "../support/world.ts";

const another = /RESET_DELIVERY=response/;
const ask = form({ email: bob.email });

describe("by default, POST /reset_password returns a token", () => {
  test("over loopback, with a Host that names this machine", async () => {
    await using world = await createWorld();
    await register(world);
    for (const ip of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      assert.equal((await world.request("/reset_password", { ...ask, ip })).status, 200, ip);
    }
    for (const Host of ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "0.0.0.0:5000", "[::1]:5000"]) {
      assert.equal((await world.request("/reset_password", { ...ask, headers: { Host } })).status, 200, Host);
    }
  });

  test("but not to another machine, which gets the name of the setting and nothing about the account", async () => {
    await using world = await createWorld();
    await register(world);
    const token = await requestToken(world);
    const peers = ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "::", "0.0.0.0", "", "128.127.0.1"];
    for (const ip of peers) {
      await assertRejected(world.request("/reset_password", { ...ask, ip }), 403, another);
      await assertRejected(
        world.request("/reset_password", { ...form({ email: "nobody@example.com" }), ip }),
        403,
        another,
      );
    }
    assert.equal((await redeemToken(world, { ...bob, reset_token: token, new_password: "new" })).status, 200);
  });

  test("but not through a proxy that sends forwarding headers", async () => {
    await using world = await createWorld();
    await register(world);
    for (const name of ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"]) {
      for (const value of ["127.0.0.1", ""]) {
        await assertRejected(world.request("/reset_password", { ...ask, headers: { [name]: value } }), 403, another);
      }
    }
  });

  test("but not with another Host, because another site can make its name resolve to this machine", async () => {
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
      await assertRejected(world.request("/reset_password", { ...ask, headers: { Host } }), 403, another);
    }
  });

  test("but not to a Request without bindings", async () => {
    await using world = await createWorld();
    await register(world);
    const app = createApp(world.auth);
    const request = new Request("http://localhost:5000/reset_password", { ...ask, headers: { Host: "localhost" } });
    await assertRejected(app.fetch(request), 403, another);
  });
});

test("a token can be redeemed from any machine", async () => {
  await using world = await createWorld();
  await register(world);
  const fields = { email: bob.email, reset_token: await requestToken(world), new_password: "new" };
  const init = form(fields, { method: "PUT", headers: { "X-Forwarded-For": "192.0.2.1" } });
  assert.equal((await world.request("/reset_password", { ...init, ip: "192.0.2.1" })).status, 200);
});

test("RESET_DELIVERY=response returns reset tokens to every caller", async () => {
  await using world = await createWorld({ RESET_DELIVERY: "response" });
  await register(world);
  for (const headers of [{}, { "X-Forwarded-For": "192.0.2.1" }, { Host: "auth.example.com" }]) {
    assert.equal((await world.request("/reset_password", { ...ask, headers, ip: "192.0.2.1" })).status, 200);
  }
});

describe("a caller's address is", () => {
  const proxies = { TRUSTED_PROXIES: "10.0.0.0/8, 127.0.0.1,2001:db8:1::/48" };

  /** Returns the caller of each request under the settings, and the log. */
  async function asking(
    environment: Environment,
    ...requests: { ip: string; headers: NonNullable<RequestInit["headers"]> }[]
  ) {
    const logged: Record<string, unknown>[] = [];
    const note = (fields: object, message: string) => void logged.push({ ...fields, message });
    const caller = callerFinder(readSettings(environment), { info: note, warn: note, error: note }, () => ({
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

  /** Returns the address behind a trusted proxy that sends this header. */
  async function behind(forwardedFor: string, ip = "10.0.0.1"): Promise<unknown> {
    const { addresses } = await asking(proxies, { ip, headers: { "X-Forwarded-For": forwardedFor } });
    return addresses[0];
  }

  // id: forged-header
  testOnce("that of the peer, with any forged header", async () => {
    for (const environment of [{}, proxies]) {
      for (const ip of ["192.0.2.1", "2001:db8::1", "192.168.0.1", "11.0.0.1", ""]) {
        for (const name of ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"]) {
          for (const value of ["198.51.100.7", "198.51.100.7, 10.0.0.1", "for=198.51.100.7"]) {
            assert.deepEqual((await asking(environment, { ip, headers: { [name]: value } })).addresses, [ip]);
          }
        }
      }
    }
  });

  // id: forged-hops
  testOnce("behind trusted proxies, the last hop that is not one of them, with any forged hops before it", async () => {
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
    assert.deepEqual((await asking(proxies, { ip: "10.0.0.1", headers: twice })).addresses, ["198.51.100.7"]);
  });

  testOnce("without a port, brackets or a zone", async () => {
    assert.equal(await behind("198.51.100.7:51234"), "198.51.100.7");
    assert.equal(await behind("[2001:db8:2::7]:51234"), "2001:db8:2::7");
    assert.equal(await behind("[2001:db8:2::7]"), "2001:db8:2::7");
    assert.equal(await behind("2001:db8:2::7"), "2001:db8:2::7");
    assert.equal(await behind("fe80::7%eth0"), "fe80::7");
  });

  testOnce("the last valid one before a hop that is not an address", async () => {
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

  testOnce("searched behind at most twenty proxies", async () => {
    assert.equal(await behind(`198.51.100.7${", 10.0.0.2".repeat(19)}`), "198.51.100.7");
    assert.equal(await behind(`198.51.100.7${", 10.0.0.2".repeat(20)}`), "10.0.0.2");
  });

  testOnce("reduced to the network of an IPv6 subscriber, who can use any address in it", async () => {
    const first = networkOf((await behind("2001:db8:2:3::1")) as string);
    assert.equal(networkOf((await behind("[2001:DB8:2:3:ffff::2]:1")) as string), first);
    assert.notEqual(networkOf((await behind("2001:db8:2:4::1")) as string), first);
    assert.equal(networkOf((await behind("::ffff:198.51.100.7")) as string), "198.51.100.7");
  });

  testOnce("from Forwarded, if a trusted proxy sends no X-Forwarded-For", async () => {
    const forwarded = async (value: string, more: Record<string, string> = {}) =>
      (await asking(proxies, { ip: "10.0.0.1", headers: { Forwarded: value, ...more } })).addresses[0];
    for (const [value, address] of [
      ["for=198.51.100.7", "198.51.100.7"],
      ['For="198.51.100.7:47011"', "198.51.100.7"],
      ['for="[2001:db8:2::7]"', "2001:db8:2::7"],
      ['by=10.0.0.1;FOR="[2001:db8:2::7]:4711";host=example.com;proto=https', "2001:db8:2::7"],
      ["for=203.0.113.9, for=198.51.100.7;proto=http, for=10.9.9.9", "198.51.100.7"],
      ["for=203.0.113.9,\tfor=127.0.0.1", "203.0.113.9"],
      // A client's own text never hides what the proxy appends.
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
      (await asking({}, { ip: "10.0.0.1", headers: { Forwarded: "for=203.0.113.1" } })).addresses[0],
      "10.0.0.1",
    );
  });

  testOnce(
    "a declared proxy's own where that does not say who calls: the log says so, once for each reason",
    async () => {
      const warnings = async (...sent: (readonly [headers: Record<string, string>, ip?: string])[]) => {
        const { logged } = await asking(proxies, ...sent.map(([headers, ip = "10.0.0.1"]) => ({ ip, headers })));
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
      assert.deepEqual(
        await warnings([{ "X-Forwarded-For": "198.51.100.7" }], [{ Forwarded: "for=198.51.100.7" }]),
        [],
      );
      const hostile = Array.from(
        { length: 50 },
        (_, i) => [{ "X-Forwarded-For": `\u00e9${i}${"x".repeat(500)}` }] as const,
      );
      const logged = await warnings(...hostile);
      assert.equal(logged.length, 1);
      assert.match(String(logged[0]?.hop), /^[\x20-\x7e]{64}$/);
    },
  );

  testOnce("that of the proxy if it is not trusted; the log says so once, and only for private addresses", async () => {
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    const warned = async (environment: Environment, ...peers: string[]) => {
      const requests = peers.map((ip) => ({ ip, headers }));
      return (await asking(environment, ...requests)).logged.map(({ event, peer }) => [event, peer]);
    };
    for (const ip of ["127.0.0.1", "::1", "::ffff:172.20.0.3", "192.168.1.1", "10.1.1.1", "fd00::1", "fe80::1%eth0"]) {
      const peer = ip.replace("%eth0", "");
      assert.deepEqual(await warned({}, ip, ip, "10.1.1.2"), [["undeclared_proxy", peer]], ip);
    }
    assert.deepEqual(await warned({}, "192.0.2.1", "2001:db8::1", "172.32.0.1", "", "not an address"), []);
    assert.deepEqual(await warned(proxies, "10.1.1.1", "127.0.0.1"), []);
    assert.deepEqual(await warned(proxies, "192.168.1.1"), [["undeclared_proxy", "192.168.1.1"]]);
    assert.deepEqual((await asking({}, { ip: "127.0.0.1", headers: { Accept: "*/*" } })).logged, []);
    const { logged } = await asking({}, { ip: "127.0.0.1", headers: {} }, { ip: "127.0.0.1", headers });
    assert.match(String(logged[0]?.message), /TRUSTED_PROXIES/);
    assert.equal(logged.length, 1);
    assert.ok(!JSON.stringify(logged).includes("198.51.100.7"));
  });
});

test("behind a trusted proxy, too, only this machine receives a reset token", async () => {
  await using world = await createWorld({ TRUSTED_PROXIES: "127.0.0.1" });
  await register(world);
  assert.equal((await world.request("/reset_password", ask)).status, 200);
  for (const from of ["127.0.0.1", "::1", "198.51.100.7"]) {
    const headers = { "X-Forwarded-For": from };
    await assertRejected(world.request("/reset_password", { ...ask, headers }), 403, another);
    await assertRejected(world.request("/reset_password", { ...ask, headers, ip: "192.0.2.1" }), 403, another);
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
