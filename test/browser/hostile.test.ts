import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createServedWorld } from "../support/browser/served-world.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndVerify } from "../support/production.ts";

const browser = await getSharedBrowser();

const ada = { email: "ada@example.com", password: "plough-Violet-9-harbour" };
const hostile = [
  `<script>alert(1)</script>@example.com`,
  `"><img src=x onerror=alert(1)>@example.com`,
  `'onfocus='alert(1)' autofocus='@example.com`,
  "javascript:alert(1)@example.com",
  "\u202Emoc.elpmaxe@ada\u2066",
  "</title></style><svg onload=alert(1)>",
  "a".repeat(10_000),
];
/** The value of the field, the width of the document, and the number of injected elements. */
const pageState = `[document.querySelector("label[for=email]").control.value, document.documentElement.scrollWidth,
  document.querySelectorAll("main script, main svg, main [onerror], main [onfocus]").length]`;

test("hostile input is displayed as text: no script runs, and the layout stays intact", async () => {
  await using world = await createServedWorld();
  await using visitor = await openVisitor(browser, world, { options: { viewport: { width: 320, height: 568 } } });
  const { texts, page } = visitor;
  for (const email of hostile) {
    for (const [path, button] of [
      ["/login", texts.logIn.submit],
      ["/register", texts.register.submit],
      ["/forgot", texts.forgot.submit],
      ["/verify", texts.verify.resend],
    ] as const) {
      await visitor.open(path);
      const withPassword = path === "/login" || path === "/register";
      await visitor.submit(button, {
        [texts.fields.email]: email,
        ...(withPassword && { [texts.fields.password]: ada.password }),
      });
      assert.equal(visitor.path, path);
      const [kept, width, injected] = await page.evaluate<[string, number, number]>(pageState);
      assert.ok(email.startsWith(kept) && kept.length === Math.min(email.length, 1000), `${email}: ${kept}`);
      assert.equal(width, 320, email);
      assert.equal(injected, 0);
    }
  }
});

test("return_to never leads to another site", async () => {
  await using world = await createServedWorld();
  await using visitor = await openVisitor(browser, world);
  const { fields, logIn } = visitor.texts;
  await registerAndVerify(world, ada);
  for (const to of [
    "javascript:alert(1)",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example",
  ]) {
    await visitor.open(`/login?${new URLSearchParams({ return_to: to })}`);
    await visitor.submit(logIn.submit, { [fields.email]: ada.email, [fields.password]: ada.password });
    assert.equal(visitor.path, "/account", to);
    await visitor.page.context().clearCookies();
  }
});
