import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage } from "../support/browser/stage.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndConfirm } from "../support/production.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const small = { viewport: { width: 320, height: 568 } };

/** What is seen of `main` and stands out of its card. */
const stickingOut = `[...document.querySelectorAll("main .card *")].filter((each) => {
  const [inner, outer] = [each, each.closest(".card")].map((one) => one.getBoundingClientRect());
  return inner.width > 0 && (inner.right > outer.right || inner.left < outer.left);
}).map((each) => each.outerHTML)`;

/** How much of each password is seen, in pixels. */
const rooms = `[...document.querySelectorAll(".password input")].map((field) => {
  const { paddingLeft, paddingRight } = getComputedStyle(field);
  return field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
})`;

for (const language of ["en", "fr"] as const) {
  test(`text of twice the size stays in its card on a small telephone (${language})`, async () => {
    await using stage = await createStage();
    await registerAndConfirm(stage, ada);
    await using person = await openVisitor(browser, stage, { language, options: small });
    const { page, words } = person;
    // As a browser's own setting does; a style of ours would be against the policy.
    const enlarge = `document.styleSheets[0].insertRule("html { font-size: 200% }", 0)`;
    const look = async (path: string) => {
      await person.open(path);
      await page.evaluate(enlarge);
      assert.equal(await page.evaluate("getComputedStyle(document.documentElement).fontSize"), "32px");
      assert.deepEqual(await page.evaluate(stickingOut), [], path);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 320, path);
      for (const room of await page.evaluate<number[]>(rooms)) assert.ok(room > 100, `${path}: what is typed is seen`);
    };
    for (const path of ["/login", "/register", "/forgot", "/verify?token=x"]) await look(path);
    await person.open("/login");
    await person.submit(words.logIn.submit, { [words.fields.email]: ada.email, [words.fields.password]: ada.password });
    for (const path of ["", "/password", "/email", "/export", "/delete"]) await look(`/account${path}`);
  });
}

test("where colours are the reader's own, what is wrong has a border of its own", async () => {
  await using stage = await createStage();
  await using person = await openVisitor(browser, stage, { options: { forcedColors: "active" } });
  const { page, words } = person;
  await person.open("/login");
  await person.submit(words.logIn.submit, { [words.fields.email]: ada.email });
  const width = (name: string) =>
    page.evaluate<number>(`parseFloat(getComputedStyle(document.getElementById("${name}")).borderTopWidth)`);
  assert.ok((await width("password")) >= 2 * (await width("email")));
});
