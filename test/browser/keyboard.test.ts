import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage, deliverLink } from "../support/browser/stage.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";

const browser = await getSharedBrowser();

const email = "ada@example.com";
const [first, second] = ["plough-Violet-9-harbour", "lantern-Amber-7-orchard"] as const;

for (const script of [true, false]) {
  test(`the keyboard alone goes all the way, and it is seen where it is (${script ? "with" : "without"} JavaScript)`, async () => {
    await using stage = await createStage();
    await using person = await openVisitor(browser, stage, { script });
    const { words, page } = person;
    const { fields } = words;

    await person.open("/login");
    await enter(person, words.logIn.register, "link");
    await type(person, fields.email, email);
    await type(person, fields.password, first);
    await enter(person);
    await person.open(await deliverLink(stage, "/verify"));
    await type(person, fields.chosenPassword, first);
    await enter(person);
    assert.equal(person.path, "/account");
    await enter(person, words.account.changePassword, "link");
    await type(person, fields.currentPassword, first);
    await type(person, fields.newPassword, second);
    await enter(person);
    await person.waitForText(words.notices.password_changed);
    await enter(person, words.account.logOut, "link");
    await enter(person, words.logOut.submit);
    await type(person, fields.email, email);
    await type(person, fields.password, "not the one");
    await enter(person);
    await type(person, fields.password, second);
    await enter(person);
    assert.equal(person.path, "/account");
    assert.equal((await page.getByText(email).count()) > 0, true);
  });
}

async function type(person: Visitor, label: string, text: string): Promise<void> {
  await tabTo(person, person.page.getByLabel(label, { exact: true }).and(person.page.locator("input")));
  await person.page.keyboard.type(text);
}

/** Presses Enter: in the field where it is, or on what is named. */
async function enter(person: Visitor, name?: string, role: "button" | "link" = "button"): Promise<void> {
  if (name !== undefined) await tabTo(person, person.page.getByRole(role, { name, exact: true }));
  await person.leave(() => person.page.keyboard.press("Enter"));
}

const focused = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return document.activeElement === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
})()`;

/** Presses Tab until that has the focus. */
async function tabTo({ page }: Visitor, found: ReturnType<Visitor["formOf"]>): Promise<void> {
  const target = found.first();
  for (let i = 0; i < 50; i++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(focused), "the focus is seen");
  }
  assert.fail(`no Tab leads to ${found}`);
}
