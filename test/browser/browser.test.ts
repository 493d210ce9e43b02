import assert from "node:assert/strict";
import { test } from "node:test";
import { startBrowser } from "../support/browser/browser.ts";

const page = "data:text/html,<title>?</title><p><script>document.title = 'it runs'</script><p id=text>wide";

test("on a machine without Chromium, the one from npm starts, runs scripts and draws text", async () => {
  await using browser = await startBrowser({ PATH: "" });
  const visit = await browser.newPage();
  await visit.goto(page);
  assert.equal(await visit.title(), "it runs");
  const text = visit.locator("#text");
  const drawn = await text.screenshot();
  await text.evaluate((element) => Object.assign(element, { textContent: "" }).append("\u00a0"));
  assert.notDeepEqual(await text.screenshot(), drawn);
});

test("if there is no browser at the path in CHROMIUM, no other browser starts", async () => {
  await assert.rejects(startBrowser({ CHROMIUM: "/nowhere/chromium" }), /\/nowhere\/chromium/);
});
