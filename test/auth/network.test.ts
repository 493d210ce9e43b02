import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "../../src/auth/network.ts";

test("an IPv4 address is a network of its own, however it is written", () => {
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  assert.equal(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.notEqual(networkOf("192.0.2.1"), networkOf("192.0.2.2"));
});

test("the addresses of one /64 are one network, whatever their spelling", () => {
  const network = networkOf("2001:db8:1:2::1");
  for (const address of ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0DB8:0001:0002::", "2001:db8:1:2::1%eth0"]) {
    assert.equal(networkOf(address), network, address);
  }
  assert.notEqual(networkOf("2001:db8:1:3::1"), network);
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
  assert.equal(networkOf("2001:db8::"), networkOf("2001:db8:0:0:1::"));
});

test("what is no address is of no network", () => {
  for (const text of [undefined, "", "unknown", "300.1.1.1", "::g", "192.0.2.1:80"])
    assert.equal(networkOf(text), undefined);
});
