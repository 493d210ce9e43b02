import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf, networksOf } from "../../src/values/network.ts";

test("an IPv4 address is its own network, in every spelling", () => {
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  assert.equal(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.notEqual(networkOf("192.0.2.1"), networkOf("192.0.2.2"));
});

test("all addresses of a /64 are one network, in every spelling", () => {
  const network = networkOf("2001:db8:1:2::1");
  for (const address of ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0DB8:0001:0002::", "2001:db8:1:2::1%eth0"]) {
    assert.equal(networkOf(address), network, address);
  }
  assert.notEqual(networkOf("2001:db8:1:3::1"), network);
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
  assert.equal(networkOf("2001:db8::"), networkOf("2001:db8:0:0:1::"));
});

test("an IPv6 address that embeds an IPv4 address counts as the IPv4 address", () => {
  for (const address of [
    "::ffff:192.0.2.1",
    "::FFFF:C000:201",
    "0:0:0:0:0:ffff:c000:0201",
    "0000:0000:0000:0000:0000:ffff:192.0.2.1",
    "::ffff:192.0.2.1%eth0",
    "::ffff:0:192.0.2.1",
    "::192.0.2.1",
    "64:ff9b::192.0.2.1",
    "64:ff9b::c000:201",
    "0064:FF9B:0:0:0:0:C000:0201",
    "64:ff9b:1::192.0.2.1",
    "64:ff9b:1:abcd::c000:201",
    "2002:c000:201::1",
    "2002:c000:0201:ffff::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdfe",
  ]) {
    assert.equal(networkOf(address), "192.0.2.1", address);
  }
  assert.notEqual(networkOf("64:ff9b::192.0.2.2"), networkOf("64:ff9b::192.0.2.1"));
});

test("an address whose embedded IPv4 address has an unknown position is its own network", () => {
  // 192.0.2.1 and 192.0.2.2 under a /48, as RFC 6052 (section 2.2) writes them.
  assert.equal(networkOf("64:ff9b:1:c000:2:100::"), "64:ff9b:1:c000:2:100:0:0");
  assert.equal(networkOf("64:ff9b:1:c000:2:200::"), "64:ff9b:1:c000:2:200:0:0");
});

test("an address with a similar prefix counts as its /64", () => {
  for (const [address, network] of [
    ["::", "0:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::1:ffff:c000:201", "0:0:0:0::/64"],
    ["64:ff9b:2::192.0.2.1", "64:ff9b:2:0::/64"],
    ["64:ff9c::192.0.2.1", "64:ff9c:0:0::/64"],
    ["2001:db8::192.0.2.1", "2001:db8:0:0::/64"],
    ["2001::192.0.2.1", "2001:0:0:0::/64"],
    ["2003:c000:201::1", "2003:c000:201:0::/64"],
  ] as const) {
    assert.equal(networkOf(address), network, address);
  }
});

test("a string that is not an address has no network", () => {
  for (const text of [undefined, "", "unknown", "300.1.1.1", "::g", "192.0.2.1:80"])
    assert.equal(networkOf(text), undefined);
});

test("an IPv6 address has a /64, a /56 and a /48", () => {
  const [of64, of56, of48] = networksOf("2001:db8:1:1234::1");
  assert.deepEqual([of64, of56, of48], ["2001:db8:1:1234::/64", "2001:db8:1:1200::/56", "2001:db8:1::/48"]);
  assert.deepEqual(networksOf("2001:0DB8:0001:12ff::2%eth0").slice(1), [of56, of48]);
  assert.deepEqual(networksOf("2001:db8:1:1300::1").slice(2), [of48]);
  assert.notEqual(networksOf("2001:db8:1:1300::1")[1], of56);
  assert.notEqual(networksOf("2001:db8:2:1234::1")[2], of48);
});

test("an IPv4 address in any form has one network, and so does one embedded at an unknown position", () => {
  for (const address of ["192.0.2.1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1"])
    assert.deepEqual(networksOf(address), ["192.0.2.1"], address);
  assert.deepEqual(networksOf("64:ff9b:1:c000:2:100::"), ["64:ff9b:1:c000:2:100:0:0"]);
  for (const text of [undefined, "", "unknown", "192.0.2.1:80"]) assert.deepEqual(networksOf(text), []);
});
