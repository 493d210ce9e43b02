import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Locator, Page, Response } from "playwright-core";
import { type Language, messages } from "../../../src/languages/languages.ts";
import type { PageTexts } from "../../../src/languages/pages.ts";

/**
 * A visitor with a browser. Disposing of it asserts that no page requested another host, ran into a script error or violated its
 * content security policy.
 */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  /** The texts of the pages in the language of the visitor. */
  readonly texts: PageTexts;
  /** The current URL without the origin. */
  readonly path: string;
  /** Opens a path or a URL. */
  open(url: string): Promise<Response>;
  /** Clicks the first link with this text. */
  follow(link: string): Promise<void>;
  /** Fills in the form with this button by the labels of its fields, and submits it. */
  submit(button: string, fields?: Record<string, string>): Promise<void>;
  /** Locates the first form with this button. */
  locateForm(button: string): Locator;
  /** Runs `act`, and waits for the page that it loads. */
  waitForLoad(act: () => Promise<unknown>): Promise<void>;
  /** Waits until the page contains the text. */
  waitForText(text: string): Promise<void>;
  /** Opens another tab of the same browser. */
  openTab(): Promise<Visitor>;
}

export interface VisitorOptions {
  readonly language?: Language;
  readonly script?: boolean;
  readonly options?: BrowserContextOptions;
}

/** A browser window that visitors use one after the other. */
export interface BrowserWindow extends AsyncDisposable {
  readonly page: Page;
  /** Starts the next visit. By default, the cookies are deleted when it ends. */
  visit(site: Site, leave?: () => PromiseLike<unknown>): Visitor;
}

interface Site {
  readonly url: string;
}

/** Opens a new window for one visitor. */
export async function openVisitor(browser: Browser, site: Site, options?: VisitorOptions): Promise<Visitor> {
  const window = await openWindow(browser, options);
  return window.visit(site, () => window[Symbol.asyncDispose]());
}

/** Opens a new window without cookies. */
export async function openWindow(
  browser: Browser,
  { language = "en", script = true, options = {} }: VisitorOptions = {},
): Promise<BrowserWindow> {
  const context = await browser.newContext({ locale: language, javaScriptEnabled: script, ...options });
  context.setDefaultTimeout(10_000);
  const violations: string[] = [];
  let url = "";
  context.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) violations.push(`a page requests another host: ${request.url()}`);
  });
  context.on("weberror", (error) => violations.push(`a script fails: ${error.error().message}`));
  context.on("console", (message) => {
    // The status of an error response is expected; a violation of the policy is not.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      violations.push(`the console reports: ${message.text()}`);
  });
  context.on("dialog", (dialog) => {
    violations.push(`a script runs: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  const page = await context.newPage();
  return {
    page,
    visit(site, leave = () => context.clearCookies()) {
      url = site.url;
      return createVisitor(page, url, messages[language].pages, async () => {
        await leave();
        assert.deepEqual(violations.splice(0), []);
      });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

// These scripts replace locators. Playwright injects the script of its locators into each document, which takes as long as
// opening the page.
const pageFunctions = `const plain = (words) => words.trim().replace(/\\s+/g, " ");
  const text = (element) => plain(element.textContent);
  const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });
  const findPoint = (element, name) => {
    element.scrollIntoView({ block: "nearest", behavior: "instant" });
    const { left, top, width, height } = element.getClientRects()[0];
    const [x, y] = [left + width / 2, top + height / 2];
    if (element.disabled || !element.contains(document.elementFromPoint(x, y))) throw new Error("cannot click " + name);
    return [x, y];
  };`;

const formFunctions = `${pageFunctions}
  const buttonsOf = (form) => [...form.querySelectorAll("button")].filter(
    (each) => (each.getAttribute("aria-label") ?? text(each)) === plain(button) && isVisible(each));
  const form = [...document.forms].find((each) => buttonsOf(each).length > 0);
  if (!form) throw new Error("no form has the button " + button);`;

/** Selects the value of the field with this label, so that typing replaces it. */
const selectField = `(button, label) => {
  ${formFunctions}
  const found = [...form.elements].filter((each) => [...(each.labels ?? [])].some((one) => text(one) === plain(label)));
  if (found.length !== 1) throw new Error(found.length + " fields have the label " + label);
  const [field] = found;
  if (!isVisible(field) || field.matches(":disabled, :read-only"))
    throw new Error("cannot type into " + label);
  field.select();
  field.focus();
  if (document.activeElement !== field) throw new Error("the focus is not on " + label);
}`;

/** Returns a point where the button can be clicked. */
const findButton = `(button) => {
  ${formFunctions}
  const found = buttonsOf(form);
  if (found.length !== 1) throw new Error(found.length + " buttons have the label " + button);
  return findPoint(found[0], button);
}`;

/** Returns a point where the first link with this text can be clicked. */
const findLink = `(link) => {
  ${pageFunctions}
  const found = [...document.querySelectorAll("a[href]")].find(
    (each) => (each.getAttribute("aria-label") ?? text(each)) === plain(link) && isVisible(each));
  if (!found) throw new Error("no link has the text " + link);
  return findPoint(found, link);
}`;

function createVisitor(page: Page, url: string, texts: PageTexts, close: () => Promise<void>): Visitor {
  const visitor: Visitor = {
    page,
    texts,
    get path() {
      return page.url().replace(url, "");
    },
    async open(path) {
      const response = await page.goto(new URL(path, url).href);
      assert.ok(response);
      return response;
    },
    async follow(link) {
      const [x, y] = await page.evaluate<[number, number]>(`(${findLink})(${JSON.stringify(link)})`);
      await visitor.waitForLoad(() => page.mouse.click(x, y));
    },
    async submit(button, fields = {}) {
      for (const [label, value] of Object.entries(fields)) {
        await page.evaluate(`(${selectField})(${JSON.stringify(button)}, ${JSON.stringify(label)})`);
        await (value === "" ? page.keyboard.press("Delete") : page.keyboard.insertText(value));
      }
      const [x, y] = await page.evaluate<[number, number]>(`(${findButton})(${JSON.stringify(button)})`);
      await visitor.waitForLoad(() => page.mouse.click(x, y));
    },
    locateForm: (button) =>
      page
        .locator("form")
        .filter({ has: page.getByRole("button", { name: button, exact: true }) })
        .first(),
    async waitForLoad(act) {
      await Promise.all([page.waitForEvent("load"), act()]);
    },
    async waitForText(text) {
      const visibleText = await page.evaluate<string>("document.body.innerText");
      if (!visibleText.replace(/\s+/g, " ").includes(text.replace(/\s+/g, " ")))
        await page.getByText(text).first().waitFor();
    },
    openTab: async () => createVisitor(await page.context().newPage(), url, texts, async () => {}),
    [Symbol.asyncDispose]: close,
  };
  return visitor;
}
