import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createTemporaryFolder } from "../../support/service.ts";
import { createVisitor, htmlToText } from "../../support/visitor.ts";
import { createWorld } from "../../support/world.ts";

const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;

test("the pages show the name, logo, colors and links of the settings", async () => {
  await using folder = await createTemporaryFolder();
  const LOGO_FILE = join(folder.path, "logo.svg");
  await writeFile(LOGO_FILE, svg);
  await using world = await createWorld({
    SERVICE_NAME: "Ça & là",
    LOGO_FILE,
    ACCENT_COLOR: "#7a1f5c,#F5A6D8",
    SUPPORT_EMAIL: "help@example.com",
    TERMS_URL: "https://example.com/terms?a=1&b=2",
    PRIVACY_URL: "https://example.com/privacy",
    RETURN_ORIGINS: "https://app.example.com,http://localhost:3000",
  });
  const { html, title, headers } = await createVisitor(world).open("/login");
  assert.equal(title, "Log in · Ça & là");
  const [, logo = ""] = /<img src="(\/assets\/[^"]+)" alt="Ça &amp; là">/.exec(html) ?? [];
  const image = await world.request(logo);
  assert.deepEqual([image.status, image.headers.get("Content-Type")], [200, "image/svg+xml"]);
  assert.equal(await image.text(), svg);
  // A browser that opens the logo directly must not run its scripts.
  assert.match(image.headers.get("Content-Security-Policy") ?? "", /default-src 'none'.*; sandbox$/);
  const sheet = await (await world.request(/href="([^"]+\.css)"/.exec(html)?.[1] ?? "")).text();
  assert.match(sheet, /--accent: #7a1f5c;\s+--on-accent: #ffffff;/);
  assert.match(sheet, /--accent: #f5a6d8;\s+--on-accent: #000000;/);
  for (const [href, name] of Object.entries({
    "mailto:help@example.com": "Help",
    "https://example.com/terms?a=1&amp;b=2": "Terms",
    "https://example.com/privacy": "Privacy",
  })) {
    assert.ok(html.includes(`<a href="${href}">${name}</a>`), href);
  }
  // Browsers apply form-action to the redirect after a form too.
  const policy = headers.get("Content-Security-Policy") ?? "";
  assert.match(policy, /; form-action 'self' https:\/\/app\.example\.com http:\/\/localhost:3000; /);
});

test("without a logo, the pages show the first grapheme of the name", async () => {
  for (const [SERVICE_NAME, letter] of [
    ["bienvenue", "B"],
    ["& co", "&"],
    ["🇫🇷 France", "🇫🇷"],
    ["\u0065\u0301clat", "\u0045\u0301"],
  ] as const) {
    await using world = await createWorld({ SERVICE_NAME });
    const { html } = await createVisitor(world).open("/login");
    assert.equal(htmlToText(/<span class="mark" aria-hidden="true">(.*?)<\/span>/.exec(html)?.[1] ?? ""), letter);
    const [, icon = ""] = /<link rel="icon" href="([^"]+)">/.exec(html) ?? [];
    const image = await (await world.request(icon)).text();
    assert.equal(htmlToText(/<text[^>]*>(.*?)<\/text>/.exec(image)?.[1] ?? ""), letter);
  }
});
