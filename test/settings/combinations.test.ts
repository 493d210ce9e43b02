import assert from "node:assert/strict";
import { test } from "node:test";
import { type Environment, readSettings } from "../../src/settings/settings.ts";
import { getSettingsError } from "../support/settings-error.ts";
import { productionEnvironment } from "../support/world.ts";

test("conflicting settings are rejected, and the message names the one to change", () => {
  const https = { PUBLIC_URL: "https://auth.example.com" };
  const concealed = { CONCEAL_ACCOUNTS: "on", REQUIRE_VERIFIED_EMAIL: "on", RESET_DELIVERY: "email" };
  const conflicts: [Environment, RegExp, Environment][] = [
    [{ COOKIE_NAME: "__Host-session_id" }, /COOKIE_NAME=__Host-session_id: .*https/, https],
    [{ COOKIE_NAME: "__Secure-id" }, /COOKIE_NAME=__Secure-id: .*https/, https],
    [{ ...https, COOKIE_NAME: "__host-id", COOKIE_DOMAIN: "example.com" }, /__Secure-/, { COOKIE_NAME: "__Secure-id" }],
    [{ ...https, COOKIE_DOMAIN: "example.org" }, /COOKIE_DOMAIN=example\.org/, { COOKIE_DOMAIN: "example.com" }],
    [{ ...https, COOKIE_DOMAIN: "ample.com" }, /COOKIE_DOMAIN=ample\.com/, { COOKIE_DOMAIN: "auth.example.com" }],
    [{ ...https, COOKIE_DOMAIN: "www.example.com" }, /COOKIE_DOMAIN/, { PUBLIC_URL: "https://auth.www.example.com" }],
    [{ ...https, CORS_ORIGINS: "https://a.example,http://b.example" }, /CORS_ORIGINS/, { PUBLIC_URL: "" }],
    [{ ...concealed, REQUIRE_VERIFIED_EMAIL: "off" }, /CONCEAL_ACCOUNTS=on/, concealed],
    [{ ...concealed, RESET_DELIVERY: "this-machine" }, /CONCEAL_ACCOUNTS=on/, concealed],
    [{ ...concealed, RESET_DELIVERY: "response" }, /CONCEAL_ACCOUNTS=on/, concealed],
  ];
  for (const [environment, message, fix] of conflicts) {
    assert.match(getSettingsError(environment), message);
    assert.ok(readSettings({ ...environment, ...fix }), JSON.stringify(environment));
  }
});

test("the session cookie cannot have the name of another cookie of the service", () => {
  for (const name of ["device_id", "form", "notice", "onward"]) {
    for (const COOKIE_NAME of [name, `__Host-${name}`]) {
      const line = new RegExp(`^  COOKIE_NAME=${COOKIE_NAME}: must be another name, such as (\\w+);`, "m");
      const [, fix = ""] = line.exec(getSettingsError({ PUBLIC_URL: "https://auth.example.com", COOKIE_NAME })) ?? [];
      assert.equal(readSettings({ COOKIE_NAME: fix }).COOKIE_NAME, "session_id");
    }
    assert.ok(readSettings({ COOKIE_NAME: `${name}s` }));
  }
});

test("production rejects all settings that expose accounts in one message, unless UNSAFE_PRODUCTION allows them", () => {
  const open = { CONCEAL_ACCOUNTS: "off", RESET_DELIVERY: "response" };
  const all = { ...productionEnvironment, ...open, PUBLIC_URL: "http://auth.example.com", SMTP_URL: "none" };
  for (const [environment, found] of [
    [all, ["RESET_DELIVERY=response", "PUBLIC_URL=http://auth.example.com", "SMTP_URL=none"]],
    [{ ...productionEnvironment, ...open }, ["RESET_DELIVERY=response"]],
    [{ ...productionEnvironment, ...open, RESET_DELIVERY: "this-machine" }, ["RESET_DELIVERY=this-machine"]],
    [{ ...productionEnvironment, PUBLIC_URL: "http://auth.example.com" }, ["PUBLIC_URL=http://auth.example.com"]],
    [{ ...productionEnvironment, SMTP_URL: "none" }, ["SMTP_URL=none"]],
  ] as const) {
    const [, ...lines] = getSettingsError(environment).split("\n");
    assert.deepEqual(
      lines.map((line) => /^ {2}(\S+): must .*UNSAFE_PRODUCTION=1/.exec(line)?.[1]),
      found,
    );
    assert.ok(readSettings({ ...environment, UNSAFE_PRODUCTION: "1" }));
    assert.ok(readSettings({ ...environment, NODE_ENV: "development" }));
  }
});
