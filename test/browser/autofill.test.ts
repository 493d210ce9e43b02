import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage, deliverLink } from "../support/browser/stage.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";
import { registerAndConfirm } from "../support/production.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const [second, third] = ["lantern-Amber-7-orchard", "meadow-Silver-4-anchor"] as const;

for (const script of [true, false]) {
  test(`a password manager finds every field, and its values are submitted (${script ? "with" : "without"} JavaScript)`, async () => {
    await using stage = await createStage();
    await using visitor = await openVisitor(browser, stage, { script });
    const { words } = visitor;

    await visitor.open("/register");
    await fill(visitor, words.register.submit, { username: ada.email, "new-password": ada.password });
    await visitor.open(await deliverLink(stage, "/verify"));
    assert.equal(await readUsername(visitor, words.verify.submit), ada.email);
    await fill(visitor, words.verify.submit, { "current-password": ada.password });
    assert.equal(visitor.path, "/account");
    await visitor.follow(words.account.changePassword);
    assert.equal(await readUsername(visitor, words.account.changePassword), ada.email);
    await fill(visitor, words.account.changePassword, { "current-password": ada.password, "new-password": second });
    await visitor.waitForText(words.notices.password_changed);

    await visitor.open("/logout");
    await visitor.submit(words.logOut.submit);
    await visitor.open("/forgot");
    await fill(visitor, words.forgot.submit, { username: ada.email });
    await visitor.open(await deliverLink(stage, "/reset"));
    assert.equal(await readUsername(visitor, words.reset.submit), ada.email);
    await fill(visitor, words.reset.submit, { "new-password": third });
    await fill(visitor, words.logIn.submit, { username: ada.email, "current-password": third });
    assert.equal(visitor.path, "/account");
  });
}

// id: paste-and-show
test("a password can be pasted and shown, and is still submitted as a password", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using visitor = await openVisitor(browser, stage);
  const { words, page } = visitor;
  await visitor.open("/login");
  const email = page.getByLabel(words.fields.email);
  const password = page.getByLabel(words.fields.password, { exact: true });
  await email.fill(ada.password);
  await email.press("ControlOrMeta+A");
  await email.press("ControlOrMeta+C");
  await password.press("ControlOrMeta+V");
  assert.equal(await password.inputValue(), ada.password);
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByRole("button", { name: words.showPassword }).click();
  assert.equal(await password.getAttribute("type"), "text");
  await page.getByRole("button", { name: words.hidePassword }).click();
  assert.equal(await password.getAttribute("type"), "password");
  await email.fill(ada.email);
  await visitor.submit(words.logIn.submit);
  assert.equal(visitor.path, "/account");
});

// id: password-manager-finds
test("password managers find the page to change a password", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using visitor = await openVisitor(browser, stage);
  const { words } = visitor;
  await visitor.open("/.well-known/change-password");
  await fill(visitor, words.logIn.submit, { username: ada.email, "current-password": ada.password });
  await fill(visitor, words.account.changePassword, { "current-password": ada.password, "new-password": second });
  await visitor.waitForText(words.notices.password_changed);
});

/** Sets fields by their `autocomplete` token as a password manager does: without key presses and events. */
async function fill({ formOf, leave, page }: Visitor, button: string, values: Record<string, string>): Promise<void> {
  const form = formOf(button);
  for (const [token, value] of Object.entries(values)) {
    await form
      .locator(`input[autocomplete="${token}"]`)
      .evaluate((input, filled) => Object.assign(input, { value: filled }), value);
  }
  await leave(() => form.getByRole("button", { name: button, exact: true }).click());
  await page.locator("main").waitFor();
}

/** Returns the username that a form gives to a password manager. */
function readUsername({ formOf }: Visitor, button: string): Promise<string> {
  return formOf(button).locator('input[autocomplete="username"]').inputValue();
}
