import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage, deliverLink } from "../support/browser/stage.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";
import { registerAndConfirm } from "../support/production.ts";
import { day } from "../support/world.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const chosen = "lantern-Amber-7-orchard";

for (const script of [true, false]) {
  const how = script ? "with JavaScript" : "without JavaScript";

  test(`of two tabs with a form each, both can be sent (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using one = await openVisitor(browser, stage, { script });
    await one.open("/login");
    await using other = await one.tab();
    await other.open("/login");
    await logIn(one);
    assert.equal(one.path, "/account");
    await logIn(other);
    assert.equal(other.path, "/account");
  });

  test(`a tab whose session ended in another asks to log in, and goes on from there (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using one = await openVisitor(browser, stage, { script });
    await one.open("/login");
    await logIn(one);
    await using other = await one.tab();
    await other.open("/account/password");
    await one.open("/logout");
    await one.submit(one.words.logOut.submit);
    await changePassword(other);
    assert.match(other.path, /^\/login/);
    await other.waitForText(other.words.notices.session_ended);
    await logIn(other);
    assert.equal(other.path, "/account/password");
  });

  test(`a form of one account does nothing to another that logged in in a second tab (${how})`, async () => {
    await using stage = await createStage();
    const grace = { ...ada, email: "grace@example.com" };
    for (const user of [ada, grace]) await registerAndConfirm(stage, user);
    await using one = await openVisitor(browser, stage, { script });
    const { words } = one;
    await one.open("/login");
    await using other = await one.tab();
    await other.open("/login");
    await logIn(one);
    await one.open("/account/delete");
    await logIn(other, grace);
    await other.waitForText(grace.email);
    const erase = () => one.submit(words.account.delete, { [words.fields.currentPassword]: ada.password });
    await erase();
    await one.waitForText(words.account.accountSwitched(grace.email));
    assert.equal(await one.page.getByLabel(words.fields.currentPassword).inputValue(), "");
    await other.open("/account");
    await other.waitForText(grace.email);
    for (const { email } of [ada, grace]) assert.ok(await stage.auth.admin.find(email));
    await erase();
    await one.waitForText(words.notices.account_deleted);
    assert.equal(await stage.auth.admin.find(grace.email), null);
    assert.ok(await stage.auth.admin.find(ada.email));
  });

  test(`the back button shows nothing after logging out (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { script });
    await person.open("/login");
    await logIn(person);
    await person.open("/logout");
    await person.submit(person.words.logOut.submit);
    for (let i = 0; i < 3; i++) {
      await person.page.goBack();
      await person.page.getByLabel(person.words.fields.password, { exact: true }).waitFor();
      assert.match(person.path, /^\/login/);
      assert.equal(await person.page.getByText(ada.email).count(), 0);
    }
  });

  test(`reloading what a form led to does nothing a second time, and tells nothing twice (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { script });
    await person.open("/login");
    await logIn(person);
    await person.follow(person.words.account.changePassword);
    await changePassword(person);
    await person.waitForText(person.words.notices.password_changed);
    const { length } = stage.mails;
    await person.page.reload();
    assert.equal(await person.page.getByText(person.words.notices.password_changed).count(), 0);
    assert.match(person.path, /^\/account/);
    await stage.auth.outbox.deliver();
    assert.equal(stage.mails.slice(length).filter(({ kind }) => kind === "password_changed").length, 1);
  });

  test(`a double click does what one click does, and says so (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { script });
    const { words, page } = person;
    const { fields, notices } = words;
    const twice = async (button: string, values: Record<string, string>, then: string) => {
      const form = person.formOf(button);
      for (const [label, value] of Object.entries(values)) await form.getByLabel(label, { exact: true }).fill(value);
      await form.getByRole("button", { name: button, exact: true }).dblclick();
      await page.waitForURL(`**${then}`);
    };
    await stage.auth.resetPassword.request(ada.email);
    await person.open(await deliverLink(stage, "/reset"));
    const { length } = stage.mails;
    await twice(words.reset.submit, { [fields.newPassword]: chosen }, "/login");
    await person.waitForText(notices.password_reset);
    await twice(words.logIn.submit, { [fields.password]: chosen }, "/account");
    await person.open("/account/password");
    const change = { [fields.currentPassword]: chosen, [fields.newPassword]: ada.password };
    await twice(words.account.changePassword, change, "/account");
    await person.waitForText(notices.password_changed);
    await person.open("/account");
    await person.waitForText(ada.email);
    const { id } = (await stage.auth.admin.find(ada.email)) ?? { id: 0 };
    assert.equal((await stage.auth.admin.sessions(id)).length, 1);
    await stage.auth.outbox.deliver();
    // Each act once, and both in one mail.
    assert.deepEqual(
      stage.mails.slice(length).map(({ kind, times }) => [kind, times]),
      [["password_changed", 2]],
    );
  });

  test(`a session that ends in mid-form costs a login, and nothing that was typed but passwords (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { script });
    const { words } = person;
    await person.open("/login");
    await logIn(person);
    await person.follow(words.account.changeEmail);
    stage.clock.advance(31 * day);
    await person.submit(words.account.changeEmail, {
      [words.fields.newEmail]: "ada@new.example.com",
      [words.fields.currentPassword]: ada.password,
    });
    await person.waitForText(words.notices.session_ended);
    await logIn(person);
    assert.equal(person.path, "/account/email");
    assert.equal(await person.page.getByLabel(words.fields.newEmail).inputValue(), "ada@new.example.com");
    await person.open("/account/email");
    assert.equal(await person.page.getByLabel(words.fields.newEmail).inputValue(), "");
  });

  test(`a form that was open for too long is shown again as it was, and can be sent then (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { script });
    const { words, page } = person;
    await person.open("/login");
    await page.context().clearCookies();
    await logIn(person);
    await person.waitForText(words.refusals.form_stale({ minLength: 8, wait: "" }));
    assert.equal(await page.getByLabel(words.fields.email).inputValue(), ada.email);
    assert.equal(await page.getByLabel(words.fields.password, { exact: true }).inputValue(), "");
    await person.submit(words.logIn.submit, { [words.fields.password]: ada.password });
    assert.equal(person.path, "/account");
  });
}

function logIn({ submit, words }: Visitor, { email, password } = ada): Promise<void> {
  return submit(words.logIn.submit, { [words.fields.email]: email, [words.fields.password]: password });
}

function changePassword({ submit, words }: Visitor): Promise<void> {
  const { fields, account } = words;
  return submit(account.changePassword, { [fields.currentPassword]: ada.password, [fields.newPassword]: chosen });
}
