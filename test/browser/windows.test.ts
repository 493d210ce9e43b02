import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld, deliverLink } from "../support/browser/served-world.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";
import { registerAndVerify } from "../support/production.ts";
import { day } from "../support/world.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const chosen = "lantern-Amber-7-orchard";

for (const script of [true, false]) {
  const how = script ? "with JavaScript" : "without JavaScript";

  test(`the forms of two tabs can both be submitted (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using one = await openVisitor(browser, world, { script });
    await one.open("/login");
    await using other = await one.openTab();
    await other.open("/login");
    await logIn(one);
    assert.equal(one.path, "/account");
    await logIn(other);
    assert.equal(other.path, "/account");
  });

  test(`a tab whose session ended in another tab asks for a login and then continues (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using one = await openVisitor(browser, world, { script });
    await one.open("/login");
    await logIn(one);
    await using other = await one.openTab();
    await other.open("/account/password");
    await one.open("/logout");
    await one.submit(one.texts.logOut.submit);
    await changePassword(other);
    assert.match(other.path, /^\/login/);
    await other.waitForText(other.texts.notices.session_ended);
    await logIn(other);
    assert.equal(other.path, "/account/password");
  });

  test(`a form of one account does not act for another account that a second tab has logged in to (${how})`, async () => {
    await using world = await createServedWorld();
    const grace = { ...ada, email: "grace@example.com" };
    for (const user of [ada, grace]) await registerAndVerify(world, user);
    await using one = await openVisitor(browser, world, { script });
    const { texts } = one;
    await one.open("/login");
    await using other = await one.openTab();
    await other.open("/login");
    await logIn(one);
    await one.open("/account/delete");
    await logIn(other, grace);
    await other.waitForText(grace.email);
    const erase = () => one.submit(texts.account.delete, { [texts.fields.currentPassword]: ada.password });
    await erase();
    await one.waitForText(texts.account.accountSwitched(grace.email));
    assert.equal(await one.page.getByLabel(texts.fields.currentPassword).inputValue(), "");
    await other.open("/account");
    await other.waitForText(grace.email);
    for (const { email } of [ada, grace]) assert.ok(await world.auth.admin.findAccount(email));
    await erase();
    await one.waitForText(texts.notices.account_deleted);
    assert.equal(await world.auth.admin.findAccount(grace.email), null);
    assert.ok(await world.auth.admin.findAccount(ada.email));
  });

  test(`after a logout the back button shows nothing of the account (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { script });
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.open("/logout");
    await visitor.submit(visitor.texts.logOut.submit);
    for (let i = 0; i < 3; i++) {
      await visitor.page.goBack();
      await visitor.page.getByLabel(visitor.texts.fields.password, { exact: true }).waitFor();
      assert.match(visitor.path, /^\/login/);
      assert.equal(await visitor.page.getByText(ada.email).count(), 0);
    }
  });

  test(`reloading the page after a form neither repeats the action nor the notice (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { script });
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.follow(visitor.texts.account.changePassword);
    await changePassword(visitor);
    await visitor.waitForText(visitor.texts.notices.password_changed);
    const { length } = world.mails;
    await visitor.page.reload();
    assert.equal(await visitor.page.getByText(visitor.texts.notices.password_changed).count(), 0);
    assert.match(visitor.path, /^\/account/);
    await world.auth.outbox.deliver();
    assert.equal(world.mails.slice(length).filter(({ kind }) => kind === "password_changed").length, 1);
  });

  test(`a double click has the effect and the notice of one click (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { script });
    const { texts, page } = visitor;
    const { fields, notices } = texts;
    const twice = async (button: string, values: Record<string, string>, then: string) => {
      const form = visitor.locateForm(button);
      for (const [label, value] of Object.entries(values)) await form.getByLabel(label, { exact: true }).fill(value);
      await form.getByRole("button", { name: button, exact: true }).dblclick();
      await page.waitForURL(`**${then}`);
    };
    await world.auth.resetPassword.request(ada.email);
    await visitor.open(await deliverLink(world, "/reset"));
    const { length } = world.mails;
    await twice(texts.reset.submit, { [fields.newPassword]: chosen }, "/login");
    await visitor.waitForText(notices.password_reset);
    await twice(texts.logIn.submit, { [fields.password]: chosen }, "/account");
    await visitor.open("/account/password");
    const change = { [fields.currentPassword]: chosen, [fields.newPassword]: ada.password };
    await twice(texts.account.changePassword, change, "/account");
    await visitor.waitForText(notices.password_changed);
    await visitor.open("/account");
    await visitor.waitForText(ada.email);
    const { id } = (await world.auth.admin.findAccount(ada.email)) ?? { id: 0 };
    assert.equal((await world.auth.admin.listSessions(id)).length, 1);
    await world.auth.outbox.deliver();
    // Each action once, and both in one email.
    assert.deepEqual(
      world.mails.slice(length).map(({ kind, times }) => [kind, times]),
      [["password_changed", 2]],
    );
  });

  test(`if the session ends while a form is open, everything typed except passwords is kept through the login (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { script });
    const { texts } = visitor;
    await visitor.open("/login");
    await logIn(visitor);
    await visitor.follow(texts.account.changeEmail);
    world.clock.advance(31 * day);
    await visitor.submit(texts.account.changeEmail, {
      [texts.fields.newEmail]: "ada@new.example.com",
      [texts.fields.currentPassword]: ada.password,
    });
    await visitor.waitForText(texts.notices.session_ended);
    await logIn(visitor);
    assert.equal(visitor.path, "/account/email");
    assert.equal(await visitor.page.getByLabel(texts.fields.newEmail).inputValue(), "ada@new.example.com");
    await visitor.open("/account/email");
    assert.equal(await visitor.page.getByLabel(texts.fields.newEmail).inputValue(), "");
  });

  test(`a form that was open for too long is shown again with its values, and can be submitted (${how})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { script });
    const { texts, page } = visitor;
    await visitor.open("/login");
    await page.context().clearCookies();
    await logIn(visitor);
    await visitor.waitForText(texts.refusals.form_stale({ minLength: 8, wait: "" }));
    assert.equal(await page.getByLabel(texts.fields.email).inputValue(), ada.email);
    assert.equal(await page.getByLabel(texts.fields.password, { exact: true }).inputValue(), "");
    await visitor.submit(texts.logIn.submit, { [texts.fields.password]: ada.password });
    assert.equal(visitor.path, "/account");
  });
}

function logIn({ submit, texts }: Visitor, { email, password } = ada): Promise<void> {
  return submit(texts.logIn.submit, { [texts.fields.email]: email, [texts.fields.password]: password });
}

function changePassword({ submit, texts }: Visitor): Promise<void> {
  const { fields, account } = texts;
  return submit(account.changePassword, { [fields.currentPassword]: ada.password, [fields.newPassword]: chosen });
}
