import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld, deliverLink } from "../support/browser/served-world.ts";
import { openVisitor, type Visitor } from "../support/browser/visitor.ts";

const browser = await getSharedBrowser();

const email = "ada@example.com";
const [first, second] = ["plough-Violet-9-harbour", "lantern-Amber-7-orchard"] as const;

for (const script of [true, false]) {
  test(`every step works with the keyboard alone, and the focus is always visible (${script ? "with" : "without"} JavaScript)`, async () => {
    await using world = await createServedWorld();
    await using visitor = await openVisitor(browser, world, { script });
    const { texts, page } = visitor;
    const { fields } = texts;

    await visitor.open("/login");
    await enter(visitor, texts.logIn.register, "link");
    await type(visitor, fields.email, email);
    await type(visitor, fields.password, first);
    await enter(visitor);
    await visitor.open(await deliverLink(world, "/verify"));
    await type(visitor, fields.chosenPassword, first);
    await enter(visitor);
    assert.equal(visitor.path, "/account");
    await enter(visitor, texts.account.changePassword, "link");
    await type(visitor, fields.currentPassword, first);
    await type(visitor, fields.newPassword, second);
    await enter(visitor);
    await visitor.waitForText(texts.notices.password_changed);
    await enter(visitor, texts.account.logOut, "link");
    await enter(visitor, texts.logOut.submit);
    await type(visitor, fields.email, email);
    await type(visitor, fields.password, "not the one");
    await enter(visitor);
    await type(visitor, fields.password, second);
    await enter(visitor);
    assert.equal(visitor.path, "/account");
    assert.equal((await page.getByText(email).count()) > 0, true);
  });
}

async function type(visitor: Visitor, label: string, text: string): Promise<void> {
  await tabTo(visitor, visitor.page.getByLabel(label, { exact: true }).and(visitor.page.locator("input")));
  await visitor.page.keyboard.type(text);
}

/** Presses Enter in the focused field, or on the element with this name. */
async function enter(visitor: Visitor, name?: string, role: "button" | "link" = "button"): Promise<void> {
  if (name !== undefined) await tabTo(visitor, visitor.page.getByRole(role, { name, exact: true }));
  await visitor.waitForLoad(() => visitor.page.keyboard.press("Enter"));
}

const focused = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return document.activeElement === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
})()`;

/** Presses Tab until the element has the focus. */
async function tabTo({ page }: Visitor, found: ReturnType<Visitor["locateForm"]>): Promise<void> {
  const target = found.first();
  for (let i = 0; i < 50; i++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(focused), "the focus is visible");
  }
  assert.fail(`Tab does not reach ${found}`);
}
