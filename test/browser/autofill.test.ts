import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld, deliverLink } from "../support/browser/served-world.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";
import { registerAndVerify } from "../support/production.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const [second, third] = ["lantern-Amber-7-orchard", "meadow-Silver-4-anchor"] as const;

for (const script of [true, false]) {
  test(`a password manager finds every field, and its values are submitted (${script ? "with" : "without"} JavaScript)`, async () => {
    await using world = await createServedWorld();
    await using visitor = await openVisitor(browser, world, { script });
    const { texts } = visitor;

    await visitor.open("/register");
    await fill(visitor, texts.register.submit, { username: ada.email, "new-password": ada.password });
    await visitor.open(await deliverLink(world, "/verify"));
    assert.equal(await readUsername(visitor, texts.verify.submit), ada.email);
    await fill(visitor, texts.verify.submit, { "current-password": ada.password });
    assert.equal(visitor.path, "/account");
    await visitor.follow(texts.account.changePassword);
    assert.equal(await readUsername(visitor, texts.account.changePassword), ada.email);
    await fill(visitor, texts.account.changePassword, { "current-password": ada.password, "new-password": second });
    await visitor.waitForText(texts.notices.password_changed);

    await visitor.open("/logout");
    await visitor.submit(texts.logOut.submit);
    await visitor.open("/forgot");
    await fill(visitor, texts.forgot.submit, { username: ada.email });
    await visitor.open(await deliverLink(world, "/reset"));
    assert.equal(await readUsername(visitor, texts.reset.submit), ada.email);
    await fill(visitor, texts.reset.submit, { "new-password": third });
    await fill(visitor, texts.logIn.submit, { username: ada.email, "current-password": third });
    assert.equal(visitor.path, "/account");
  });
}

// id: paste-and-show
test("a password can be pasted and shown, and is still submitted as a password", async () => {
  await using world = await createServedWorld();
  await registerAndVerify(world, ada);
  await using visitor = await openVisitor(browser, world);
  const { texts, page } = visitor;
  await visitor.open("/login");
  const email = page.getByLabel(texts.fields.email);
  const password = page.getByLabel(texts.fields.password, { exact: true });
  await email.fill(ada.password);
  await email.press("ControlOrMeta+A");
  await email.press("ControlOrMeta+C");
  await password.press("ControlOrMeta+V");
  assert.equal(await password.inputValue(), ada.password);
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByRole("button", { name: texts.showPassword }).click();
  assert.equal(await password.getAttribute("type"), "text");
  await page.getByRole("button", { name: texts.hidePassword }).click();
  assert.equal(await password.getAttribute("type"), "password");
  await email.fill(ada.email);
  await visitor.submit(texts.logIn.submit);
  assert.equal(visitor.path, "/account");
});

// id: password-manager-finds
test("password managers find the page to change a password", async () => {
  await using world = await createServedWorld();
  await registerAndVerify(world, ada);
  await using visitor = await openVisitor(browser, world);
  const { texts } = visitor;
  await visitor.open("/.well-known/change-password");
  await fill(visitor, texts.logIn.submit, { username: ada.email, "current-password": ada.password });
  await fill(visitor, texts.account.changePassword, { "current-password": ada.password, "new-password": second });
  await visitor.waitForText(texts.notices.password_changed);
});

/** Sets fields by their `autocomplete` token as a password manager does: without key presses and events. */
async function fill(
  { locateForm, waitForLoad, page }: Visitor,
  button: string,
  values: Record<string, string>,
): Promise<void> {
  const form = locateForm(button);
  for (const [token, value] of Object.entries(values)) {
    await form
      .locator(`input[autocomplete="${token}"]`)
      .evaluate((input, filled) => Object.assign(input, { value: filled }), value);
  }
  await waitForLoad(() => form.getByRole("button", { name: button, exact: true }).click());
  await page.locator("main").waitFor();
}

/** Returns the username that a form gives to a password manager. */
function readUsername({ locateForm }: Visitor, button: string): Promise<string> {
  return locateForm(button).locator('input[autocomplete="username"]').inputValue();
}
