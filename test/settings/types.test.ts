import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { readSettings } from "../../src/settings/settings.ts";
import { contrastRatio, minContrast, readableColor, surfaces, textColorOn } from "../../src/values/colors.ts";
import { createTemporaryFolder } from "../support/service.ts";
import { getSettingsError } from "../support/settings-error.ts";

test("durations are read in seconds, minutes, hours and days", () => {
  for (const [text, milliseconds] of [
    ["90s", 90_000],
    ["15m", 900_000],
    ["12h", 43_200_000],
    ["1d", 86_400_000],
  ] as const) {
    assert.equal(readSettings({ RESET_TOKEN_LIFETIME: text }).RESET_TOKEN_LIFETIME, milliseconds);
  }
});

test("proxy networks that contain public clients are rejected, however they are split", () => {
  const rejectedLists = {
    IPv4: [
      "0.0.0.0/1",
      "128.0.0.0/1",
      "16.0.0.0/4",
      "10.0.0.0/8,::ffff:128.0.0.0/97",
      "::ffff:0.0.0.0/97,::ffff:128.0.0.0/97",
      "::/80",
      Array.from({ length: 16 }, (_, i) => `${64 + i}.0.0.0/8`).join(),
      Array.from({ length: 16 }, (_, i) => `${95 - i}.1.2.3/8`).join(),
      Array.from({ length: 256 }, (_, i) => `${i}.0.0.0/8`).join(),
    ],
    IPv6: [
      "8000::/1",
      "e000::/3",
      "2000::/4",
      "2000::/7",
      "2000::/8,2100::/8,2001:db8::/32",
      "3000::/5,2800::/6",
      "2a00::/12",
      "2600::/13",
      "2400::/14,2600::/14,2800::/14,2a00::/14,2c00::/14",
      "2400::/12,2600::/12,2800::/12,2a00::/12,2c00::/12",
    ],
    NAT64: ["64:ff9b::/97", "64:ff9b::/100", "64:ff9b::/98,64:ff9b::c000:0/98"],
    "6to4": ["2002::/17", "2002:8000::/17"],
  };
  for (const [name, lists] of Object.entries(rejectedLists)) {
    for (const TRUSTED_PROXIES of lists) {
      const message = getSettingsError({ TRUSTED_PROXIES });
      assert.match(message, new RegExp(`contain a sixteenth or more of all ${name} addresses`), TRUSTED_PROXIES);
      assert.match(message, /such as 127\.0\.0\.1,10\.0\.0\.0\/8/);
    }
  }
  for (const TRUSTED_PROXIES of [
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,127.0.0.0/8",
    "10.0.0.0/8,".repeat(40).slice(0, -1),
    "::ffff:10.0.0.0/104,::ffff:127.0.0.1",
    "fc00::/7,fe80::/10,::1",
    "2400:cb00::/32,2606:4700::/32,2803:f800::/32,2a06:98c0::/29,104.16.0.0/13,172.64.0.0/13",
    "2002:c000:201::/48,64:ff9b::192.0.2.0/120",
  ]) {
    assert.equal(readSettings({ TRUSTED_PROXIES }).TRUSTED_PROXIES.length, TRUSTED_PROXIES.split(",").length);
  }
});

test("lists are read with or without spaces, and none becomes null or an empty list", () => {
  const read = readSettings({
    CORS_ORIGINS: "https://App.Example.com:443/, http://localhost:3000",
    TRUSTED_PROXIES: "127.0.0.1,10.0.0.0/8 , ::1,2001:db8::/32",
    PASSWORD_BREACH_CHECK: "on",
    COOKIE_DOMAIN: "none",
    LIMIT_LOGIN_ACCOUNT: "3/90s",
  });
  assert.deepEqual(read.CORS_ORIGINS, ["https://app.example.com", "http://localhost:3000"]);
  assert.deepEqual(read.TRUSTED_PROXIES, ["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"]);
  assert.equal(read.PASSWORD_BREACH_CHECK, "https://api.pwnedpasswords.com/range/");
  assert.equal(read.COOKIE_DOMAIN, null);
  assert.deepEqual(read.LIMIT_LOGIN_ACCOUNT, { attempts: 3, window: 90_000 });
  const mirror = "http://localhost:8080/range/";
  assert.equal(readSettings({ PASSWORD_BREACH_CHECK: mirror }).PASSWORD_BREACH_CHECK, mirror);
});

test("an accent color is readable on light and dark pages; an error suggests one that is, and the dark color defaults to a lighter tone", () => {
  const [, fix = ""] = /such as (#[0-9a-f]{6})$/.exec(getSettingsError({ ACCENT_COLOR: "#ffff00" })) ?? [];
  assert.equal(readSettings({ ACCENT_COLOR: fix }).ACCENT_COLOR.light, fix);
  const [, pair = ""] = /such as (#\w+,#\w+)$/.exec(getSettingsError({ ACCENT_COLOR: "#ffffff,#000000" })) ?? [];
  assert.ok(readSettings({ ACCENT_COLOR: pair }));
  const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
  fc.assert(
    fc.property(hex, (color) => {
      assert.ok(contrastRatio(color, textColorOn(color)) >= minContrast);
      for (const { page, card } of Object.values(surfaces)) {
        for (const surface of [page, card])
          assert.ok(contrastRatio(readableColor(color, surface), surface) >= minContrast);
      }
    }),
  );
  assert.equal(contrastRatio("#000000", "#ffffff"), 21);
  assert.ok(Math.abs(contrastRatio("#777777", "#ffffff") - 4.48) < 0.01);
});

test("a logo must be an SVG or PNG file of at most 8 KiB", async () => {
  await using folder = await createTemporaryFolder();
  const logo = async (name: string, content: string | Buffer) => {
    const path = join(folder.path, name);
    await writeFile(path, content);
    return path;
  };
  const png = Buffer.from("89504e470d0a1a0a", "hex");
  for (const path of [await logo("a.svg", "<svg/>"), await logo("a.PNG", png)]) {
    assert.equal(readSettings({ LOGO_FILE: path }).LOGO_FILE, path);
  }
  const large = "<svg/>".padEnd(8 * 1024 + 1);
  for (const [name, content] of [
    ["b.svg", large],
    ["b.png", "<svg/>"],
    ["c.svg", png],
  ] as const) {
    assert.match(
      getSettingsError({ LOGO_FILE: await logo(name, content) }),
      /LOGO_FILE=.*: must be none, or the path of/,
      name,
    );
  }
});
