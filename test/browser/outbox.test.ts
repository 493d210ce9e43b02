import assert from "node:assert/strict";
import { test } from "node:test";
import { findBarriers } from "../support/browser/accessible.ts";
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
  const { words, page } = visitor;
  await visitor.open("/register");
  await visitor.submit(words.register.submit, { [words.fields.email]: email, [words.fields.password]: "first" });
  await visitor.open("/forgot");
  await visitor.submit(words.forgot.submit, { [words.fields.email]: email });
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
  const { words, page } = visitor;
  const { fields } = words;
  await visitor.open("/register");
  await visitor.submit(words.register.submit, { [fields.email]: email, [fields.password]: "first" });
  await visitor.waitForText(words.notices.registered);
  await visitor.follow(words.logIn.forgot);
  await visitor.submit(words.forgot.submit, { [fields.email]: email });
  await visitor.follow(words.mailbox.outbox);
  assert.equal(visitor.path, "/dev/outbox");
  const mail = page.locator("article").filter({ hasText: "reset_password" });
  while ((await mail.count()) === 0) await page.reload();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await findBarriers(page), []);
  }
  const opened = page.context().waitForEvent("page");
  await mail.frameLocator("iframe").getByRole("link").first().click();
  const reset = await opened;
  await reset.getByLabel(fields.newPassword, { exact: true }).fill("second");
  await reset.getByRole("button", { name: words.reset.submit }).click();
  await reset.getByText(words.notices.password_reset).waitFor();
  assert.equal(await reset.getByLabel(fields.email).inputValue(), email);
});
