import assert from "node:assert/strict";
import { test } from "node:test";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStage } from "../support/browser/stage.ts";
import { openVisitor } from "../support/browser/visitor.ts";
import { registerAndConfirm } from "../support/production.ts";

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
/** What the field keeps, how wide the document is, and how many elements in it are none of ours. */
const seen = `[document.querySelector("label[for=email]").control.value, document.documentElement.scrollWidth,
  document.querySelectorAll("main script, main svg, main [onerror], main [onfocus]").length]`;

test("what somebody types shows as text: nothing runs, nothing breaks the layout", async () => {
  await using stage = await createStage();
  await using person = await openVisitor(browser, stage, { options: { viewport: { width: 320, height: 568 } } });
  const { words, page } = person;
  for (const email of hostile) {
    for (const [path, button] of [
      ["/login", words.logIn.submit],
      ["/register", words.register.submit],
      ["/forgot", words.forgot.submit],
      ["/verify", words.verify.resend],
    ] as const) {
      await person.open(path);
      const withPassword = path === "/login" || path === "/register";
      await person.submit(button, {
        [words.fields.email]: email,
        ...(withPassword && { [words.fields.password]: ada.password }),
      });
      assert.equal(person.path, path);
      const [kept, width, alien] = await page.evaluate<[string, number, number]>(seen);
      assert.ok(email.startsWith(kept) && kept.length === Math.min(email.length, 1000), `${email}: ${kept}`);
      assert.equal(width, 320, email);
      assert.equal(alien, 0);
    }
  }
});

test("where to go afterwards is this service, whatever a link says", async () => {
  await using stage = await createStage();
  await using person = await openVisitor(browser, stage);
  const { fields, logIn } = person.words;
  await registerAndConfirm(stage, ada);
  for (const to of [
    "javascript:alert(1)",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https://evil.example",
  ]) {
    await person.open(`/login?${new URLSearchParams({ return_to: to })}`);
    await person.submit(logIn.submit, { [fields.email]: ada.email, [fields.password]: ada.password });
    assert.equal(person.path, "/account", to);
    await person.page.context().clearCookies();
  }
});
