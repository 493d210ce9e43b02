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

  test(`the forms of two tabs can both be submitted (${how})`, async () => {
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

  test(`a tab whose session ended in another tab asks for a login, and then continues (${how})`, async () => {
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

  test(`a form of one account does not act for another account that logged in in a second tab (${how})`, async () => {
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
    for (const { email } of [ada, grace]) assert.ok(await stage.auth.admin.findAccount(email));
    await erase();
    await one.waitForText(words.notices.account_deleted);
    assert.equal(await stage.auth.admin.findAccount(grace.email), null);
    assert.ok(await stage.auth.admin.findAccount(ada.email));
  });

  test(`after a logout the back button shows nothing of the account (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using visitor = await openVisitor(browser, stage, { script });
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.open("/logout");
    await visitor.submit(visitor.words.logOut.submit);
    for (let i = 0; i < 3; i++) {
      await visitor.page.goBack();
      await visitor.page.getByLabel(visitor.words.fields.password, { exact: true }).waitFor();
      assert.match(visitor.path, /^\/login/);
      assert.equal(await visitor.page.getByText(ada.email).count(), 0);
    }
  });

  test(`reloading the page after a form neither repeats the action nor the notice (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using visitor = await openVisitor(browser, stage, { script });
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.follow(visitor.words.account.changePassword);
    await changePassword(visitor);
    await visitor.waitForText(visitor.words.notices.password_changed);
    const { length } = stage.mails;
    await visitor.page.reload();
    assert.equal(await visitor.page.getByText(visitor.words.notices.password_changed).count(), 0);
    assert.match(visitor.path, /^\/account/);
    await stage.auth.outbox.deliver();
    assert.equal(stage.mails.slice(length).filter(({ kind }) => kind === "password_changed").length, 1);
  });

  test(`a double click has the effect and the notice of one click (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using visitor = await openVisitor(browser, stage, { script });
    const { words, page } = visitor;
    const { fields, notices } = words;
    const twice = async (button: string, values: Record<string, string>, then: string) => {
      const form = visitor.formOf(button);
      for (const [label, value] of Object.entries(values)) await form.getByLabel(label, { exact: true }).fill(value);
      await form.getByRole("button", { name: button, exact: true }).dblclick();
      await page.waitForURL(`**${then}`);
    };
    await stage.auth.resetPassword.request(ada.email);
    await visitor.open(await deliverLink(stage, "/reset"));
    const { length } = stage.mails;
    await twice(words.reset.submit, { [fields.newPassword]: chosen }, "/login");
    await visitor.waitForText(notices.password_reset);
    await twice(words.logIn.submit, { [fields.password]: chosen }, "/account");
    await visitor.open("/account/password");
    const change = { [fields.currentPassword]: chosen, [fields.newPassword]: ada.password };
    await twice(words.account.changePassword, change, "/account");
    await visitor.waitForText(notices.password_changed);
    await visitor.open("/account");
    await visitor.waitForText(ada.email);
    const { id } = (await stage.auth.admin.findAccount(ada.email)) ?? { id: 0 };
    assert.equal((await stage.auth.admin.listSessions(id)).length, 1);
    await stage.auth.outbox.deliver();
    // Each action once, and both in one email.
    assert.deepEqual(
      stage.mails.slice(length).map(({ kind, times }) => [kind, times]),
      [["password_changed", 2]],
    );
  });

  test(`if the session ends while a form is open, everything typed except passwords is kept through the login (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using visitor = await openVisitor(browser, stage, { script });
    const { words } = visitor;
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.follow(words.account.changeEmail);
    stage.clock.advance(31 * day);
    await visitor.submit(words.account.changeEmail, {
      [words.fields.newEmail]: "ada@new.example.com",
      [words.fields.currentPassword]: ada.password,
    });
    await visitor.waitForText(words.notices.session_ended);
    await logIn(visitor);
    assert.equal(visitor.path, "/account/email");
    assert.equal(await visitor.page.getByLabel(words.fields.newEmail).inputValue(), "ada@new.example.com");
    await visitor.open("/account/email");
    assert.equal(await visitor.page.getByLabel(words.fields.newEmail).inputValue(), "");
  });

  test(`a form that was open for too long is shown again with its values, and can be submitted (${how})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using visitor = await openVisitor(browser, stage, { script });
    const { words, page } = visitor;
    await visitor.open("/login");
    await page.context().clearCookies();
    await logIn(visitor);
    await visitor.waitForText(words.refusals.form_stale({ minLength: 8, wait: "" }));
    assert.equal(await page.getByLabel(words.fields.email).inputValue(), ada.email);
    assert.equal(await page.getByLabel(words.fields.password, { exact: true }).inputValue(), "");
    await visitor.submit(words.logIn.submit, { [words.fields.password]: ada.password });
    assert.equal(visitor.path, "/account");
  });
}

function logIn({ submit, words }: Visitor, { email, password } = ada): Promise<void> {
  return submit(words.logIn.submit, { [words.fields.email]: email, [words.fields.password]: password });
}

function changePassword({ submit, words }: Visitor): Promise<void> {
  const { fields, account } = words;
  return submit(account.changePassword, { [fields.currentPassword]: ada.password, [fields.newPassword]: chosen });
}
