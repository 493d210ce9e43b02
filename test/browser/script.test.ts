import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld } from "../support/browser/served-world.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndVerify } from "../support/production.ts";
import { minute } from "../support/world.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };

test("a form is submitted once, and can be submitted again if the request was stopped", async () => {
  await using world = await createServedWorld();
  await registerAndVerify(world, ada);
  await using visitor = await openVisitor(browser, world);
  const { page, texts } = visitor;
  await page.clock.install();
  await visitor.open("/login");
  await page.getByLabel(texts.fields.email).fill(ada.email);
  await page.getByLabel(texts.fields.password, { exact: true }).fill(ada.password);
  // Stops the request, as the Escape key does.
  await page.evaluate(`
    globalThis.sent = 0;
    globalThis.stop = (event) => { if (!event.defaultPrevented) sent++; event.preventDefault(); };
    addEventListener("submit", stop)`);
  const state = () => page.evaluate("[sent, document.forms[0].getAttribute('aria-busy')]");
  const button = page.getByRole("button", { name: texts.logIn.submit });
  await button.click();
  await button.click();
  assert.deepEqual(await state(), [1, "true"]);
  await page.clock.runFor(8000);
  assert.deepEqual(await state(), [1, null]);
  await page.evaluate("removeEventListener('submit', stop)");
  await visitor.waitForLoad(() => button.click());
  assert.equal(visitor.path, "/account");
});

test("a recent time is displayed as now, even if the clock of the browser is slow", async () => {
  await using world = await createServedWorld();
  await registerAndVerify(world, ada);
  await using visitor = await openVisitor(browser, world);
  const { page, texts } = visitor;
  await visitor.open("/login");
  await visitor.submit(texts.logIn.submit, { [texts.fields.email]: ada.email, [texts.fields.password]: ada.password });
  for (const [ahead, expected] of [
    [-4 * minute, "now"],
    [0, "now"],
    [4 * minute, "4 minutes ago"],
  ] as const) {
    await page.clock.setFixedTime(world.clock.now() + ahead);
    await visitor.open("/account");
    assert.equal(await page.locator("time").textContent(), expected);
  }
});
