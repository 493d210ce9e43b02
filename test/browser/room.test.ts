import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld } from "../support/browser/served-world.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndVerify } from "../support/production.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const small = { viewport: { width: 320, height: 568 } };

/** The visible elements that extend beyond their card. */
const overflowing = `[...document.querySelectorAll("main .card *")].filter((each) => {
  const [inner, outer] = [each, each.closest(".card")].map((one) => one.getBoundingClientRect());
  return inner.width > 0 && (inner.right > outer.right || inner.left < outer.left);
}).map((each) => each.outerHTML)`;

/** The visible width of each password field, in pixels. */
const passwordWidths = `[...document.querySelectorAll(".password input")].map((field) => {
  const { paddingLeft, paddingRight } = getComputedStyle(field);
  return field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
})`;

for (const language of ["en", "fr"] as const) {
  test(`text of twice the size stays in its card on a small phone (${language})`, async () => {
    await using world = await createServedWorld();
    await registerAndVerify(world, ada);
    await using visitor = await openVisitor(browser, world, { language, options: small });
    const { page, texts } = visitor;
    // Like a browser setting. The Content-Security-Policy blocks inline styles.
    const enlarge = `document.styleSheets[0].insertRule("html { font-size: 200% }", 0)`;
    const checkPage = async (path: string) => {
      await visitor.open(path);
      await page.evaluate(enlarge);
      assert.equal(await page.evaluate("getComputedStyle(document.documentElement).fontSize"), "32px");
      assert.deepEqual(await page.evaluate(overflowing), [], path);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 320, path);
      for (const width of await page.evaluate<number[]>(passwordWidths))
        assert.ok(width > 100, `${path}: the password field is wide enough`);
    };
    for (const path of ["/login", "/register", "/forgot", "/verify?token=x"]) await checkPage(path);
    await visitor.open("/login");
    await visitor.submit(texts.logIn.submit, {
      [texts.fields.email]: ada.email,
      [texts.fields.password]: ada.password,
    });
    for (const path of ["", "/password", "/email", "/export", "/delete"]) await checkPage(`/account${path}`);
  });
}

test("with forced colors an invalid field has a thicker border", async () => {
  await using world = await createServedWorld();
  await using visitor = await openVisitor(browser, world, { options: { forcedColors: "active" } });
  const { page, texts } = visitor;
  await visitor.open("/login");
  await visitor.submit(texts.logIn.submit, { [texts.fields.email]: ada.email });
  const width = (name: string) =>
    page.evaluate<number>(`parseFloat(getComputedStyle(document.getElementById("${name}")).borderTopWidth)`);
  assert.ok((await width("password")) >= 2 * (await width("email")));
});
