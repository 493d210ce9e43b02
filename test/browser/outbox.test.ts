import assert from "node:assert/strict";
import { test } from "node:test";
import { findAccessibilityViolations } from "../support/browser/accessibility.ts";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { findFreePort } from "../support/postgres-server.ts";
import { startService } from "../support/service.ts";

const browser = await getSharedBrowser();

const email = "ada@example.com";

test("a long name of the service fits on a small phone", async () => {
  const PORT = String(await findFreePort());
  await using service = await startService({ PORT, RESET_DELIVERY: "email", SERVICE_NAME: "X".repeat(60) });
  await using visitor = await openVisitor(browser, service, { options: { viewport: { width: 320, height: 568 } } });
  const { texts, page } = visitor;
  await visitor.open("/register");
  await visitor.submit(texts.register.submit, { [texts.fields.email]: email, [texts.fields.password]: "first" });
  await visitor.open("/forgot");
  await visitor.submit(texts.forgot.submit, { [texts.fields.email]: email });
  await visitor.open("/dev/outbox");
  while ((await page.locator("article").count()) === 0) await page.reload();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 320);
  const mail = page.frameLocator("iframe").locator("html");
  assert.ok(await mail.evaluate((html) => html.scrollWidth <= html.clientWidth));
});

test("without an SMTP server a reset link can be opened from the outbox", async () => {
  const PORT = String(await findFreePort());
  await using service = await startService({ PORT, RESET_DELIVERY: "email" });
  await using visitor = await openVisitor(browser, service, { options: { reducedMotion: "reduce" } });
  const { texts, page } = visitor;
  const { fields } = texts;
  await visitor.open("/register");
  await visitor.submit(texts.register.submit, { [fields.email]: email, [fields.password]: "first" });
  await visitor.waitForText(texts.notices.registered);
  await visitor.follow(texts.logIn.forgot);
  await visitor.submit(texts.forgot.submit, { [fields.email]: email });
  await visitor.follow(texts.mailbox.outbox);
  assert.equal(visitor.path, "/dev/outbox");
  const mail = page.locator("article").filter({ hasText: "reset_password" });
  while ((await mail.count()) === 0) await page.reload();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await findAccessibilityViolations(page), []);
  }
  const opened = page.context().waitForEvent("page");
  await mail.frameLocator("iframe").getByRole("link").first().click();
  const reset = await opened;
  await reset.getByLabel(fields.newPassword, { exact: true }).fill("second");
  await reset.getByRole("button", { name: texts.reset.submit }).click();
  await reset.getByText(texts.notices.password_reset).waitFor();
  assert.equal(await reset.getByLabel(fields.email).inputValue(), email);
});
