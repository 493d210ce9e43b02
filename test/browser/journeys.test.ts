import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { devices } from "playwright-core";
import { messages } from "../../src/languages/languages.ts";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { startSite } from "../support/browser/site.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";

const browser = await getSharedBrowser();

const email = "ada@example.com";
const [first, second, third] = [
  "plough-Violet-9-harbour",
  "lantern-Amber-7-orchard",
  "meadow-Silver-4-anchor",
] as const;

suite("an account from registration to deletion", { concurrency: 2 }, () => {
  for (const language of ["en", "fr"] as const) {
    for (const script of [true, false]) {
      test(`${language}, ${script ? "with" : "without"} JavaScript`, async () => {
        await using site = await startSite();
        await using laptop = await openVisitor(browser, site, { language, script });
        const { page, texts } = laptop;
        const { fields, notices } = texts;
        const iPhone = messages[language].device("Safari", "iOS");

        await laptop.open("/");
        assert.equal(laptop.path, "/login");
        await laptop.follow(texts.logIn.register);
        await laptop.submit(texts.register.submit, { [fields.email]: email, [fields.password]: first });
        await laptop.open("/account");
        assert.match(laptop.path, /^\/login/, "registering never logs in");

        await laptop.open(await site.waitForLink(email, "/verify"));
        await laptop.submit(texts.verify.submit, { [fields.chosenPassword]: first });
        assert.equal(laptop.path, "/account");
        await laptop.waitForText(email);
        await logOut(laptop);
        await logIn(laptop, first);

        await laptop.follow(texts.account.changePassword);
        await laptop.submit(texts.account.changePassword, {
          [fields.currentPassword]: first,
          [fields.newPassword]: second,
        });
        await laptop.waitForText(notices.password_changed);

        await using telephone = await openVisitor(browser, site, { language, script, options: devices["iPhone 15"] });
        await logIn(telephone, second);
        await laptop.open("/account");
        await laptop.waitForText(iPhone);
        await laptop.submit(texts.account.logOutOthers);
        await laptop.waitForText(notices.devices_ended);
        assert.equal(await page.getByText(iPhone).count(), 0);
        await telephone.open("/account");
        assert.match(telephone.path, /^\/login/);

        await telephone.follow(texts.logIn.forgot);
        await telephone.submit(texts.forgot.submit, { [fields.email]: email });
        await telephone.open(await site.waitForLink(email, "/reset"));
        await telephone.submit(texts.reset.submit, { [fields.newPassword]: third });
        await telephone.waitForText(notices.password_reset);
        await laptop.open("/account");
        assert.match(laptop.path, /^\/login/, "a reset ends every session");
        await logIn(laptop, third);

        await laptop.follow(texts.account.openDelete);
        await laptop.submit(texts.account.delete, { [fields.currentPassword]: third });
        await laptop.waitForText(notices.account_deleted);
        await logIn(laptop, third);
        await laptop.waitForText(texts.refusals.wrong_login({ minLength: 8, wait: "" }));
      });
    }
  }
});

async function logIn(visitor: Visitor, password: string): Promise<void> {
  const { fields, logIn } = visitor.texts;
  await visitor.open("/login");
  await visitor.submit(logIn.submit, { [fields.email]: email, [fields.password]: password });
}

async function logOut(visitor: Visitor): Promise<void> {
  await visitor.open("/logout");
  await visitor.submit(visitor.texts.logOut.submit);
  await visitor.waitForText(visitor.texts.notices.logged_out);
}
