import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage } from "../support/browser/stage.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndConfirm } from "../support/production.ts";
import { minute } from "../support/world.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };

test("a form is sent once, and again after it was stopped", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using person = await openVisitor(browser, stage);
  const { page, words } = person;
  await page.clock.install();
  await person.open("/login");
  await page.getByLabel(words.fields.email).fill(ada.email);
  await page.getByLabel(words.fields.password, { exact: true }).fill(ada.password);
  // Stops what is sent, as the Escape key does.
  await page.evaluate(`
    globalThis.sent = 0;
    globalThis.stop = (event) => { if (!event.defaultPrevented) sent++; event.preventDefault(); };
    addEventListener("submit", stop)`);
  const state = () => page.evaluate("[sent, document.forms[0].getAttribute('aria-busy')]");
  const button = page.getByRole("button", { name: words.logIn.submit });
  await button.click();
  await button.click();
  assert.deepEqual(await state(), [1, "true"]);
  await page.clock.runFor(8000);
  assert.deepEqual(await state(), [1, null]);
  await page.evaluate("removeEventListener('submit', stop)");
  await person.leave(() => button.click());
  assert.equal(person.path, "/account");
});

test("what has just been is now, by a clock that is slow too", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using person = await openVisitor(browser, stage);
  const { page, words } = person;
  await person.open("/login");
  await person.submit(words.logIn.submit, { [words.fields.email]: ada.email, [words.fields.password]: ada.password });
  for (const [ahead, told] of [
    [-4 * minute, "now"],
    [0, "now"],
    [4 * minute, "4 minutes ago"],
  ] as const) {
    await page.clock.setFixedTime(stage.clock.now() + ahead);
    await person.open("/account");
    assert.equal(await page.locator("time").textContent(), told);
  }
});
