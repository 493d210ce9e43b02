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
  test(`a password manager finds every field, and what it fills in is sent (${script ? "with" : "without"} JavaScript)`, async () => {
    await using stage = await createStage();
    await using person = await openVisitor(browser, stage, { script });
    const { words } = person;

    await person.open("/register");
    await fill(person, words.register.submit, { username: ada.email, "new-password": ada.password });
    await person.open(await deliverLink(stage, "/verify"));
    assert.equal(await known(person, words.verify.submit), ada.email);
    await fill(person, words.verify.submit, { "current-password": ada.password });
    assert.equal(person.path, "/account");
    await person.follow(words.account.changePassword);
    assert.equal(await known(person, words.account.changePassword), ada.email);
    await fill(person, words.account.changePassword, { "current-password": ada.password, "new-password": second });
    await person.waitForText(words.notices.password_changed);

    await person.open("/logout");
    await person.submit(words.logOut.submit);
    await person.open("/forgot");
    await fill(person, words.forgot.submit, { username: ada.email });
    await person.open(await deliverLink(stage, "/reset"));
    assert.equal(await known(person, words.reset.submit), ada.email);
    await fill(person, words.reset.submit, { "new-password": third });
    await fill(person, words.logIn.submit, { username: ada.email, "current-password": third });
    assert.equal(person.path, "/account");
  });
}

// id: paste-and-show
test("a password is pasted, seen when that is asked for, and sent as a password all the same", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using person = await openVisitor(browser, stage);
  const { words, page } = person;
  await person.open("/login");
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
  await person.submit(words.logIn.submit);
  assert.equal(person.path, "/account");
});

// id: password-manager-finds
test("where a site's password is changed is where password managers look for it", async () => {
  await using stage = await createStage();
  await registerAndConfirm(stage, ada);
  await using person = await openVisitor(browser, stage);
  const { words } = person;
  await person.open("/.well-known/change-password");
  await fill(person, words.logIn.submit, { username: ada.email, "current-password": ada.password });
  await fill(person, words.account.changePassword, { "current-password": ada.password, "new-password": second });
  await person.waitForText(words.notices.password_changed);
});

/** Sets the fields of these tokens as a password manager does: no key is pressed, and nobody is told. */
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

/** Whose password a form asks for, as it tells a password manager. */
function known({ formOf }: Visitor, button: string): Promise<string> {
  return formOf(button).locator('input[autocomplete="username"]').inputValue();
}
