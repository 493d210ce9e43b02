import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Page } from "playwright-core";
import type { Language } from "../../src/languages/languages.ts";
import { findAccessibilityViolations, installAxe } from "../support/browser/accessibility.ts";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createWorldForView, type View, views } from "../support/browser/views.ts";
import { type BrowserWindow, openWindow } from "../support/browser/visitor.ts";

const browser = await getSharedBrowser();

const kilobyte = 1024;
/** The views that display an error. */
const withError = /-(wrong|refused|unconfirmed|too-often|locked|stale-form)$|^error/;
const looks = [
  { colorScheme: "light", viewport: { width: 320, height: 568 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;
const largeDesktop = { width: 1600, height: 900 };

/** The language of the document and the number of visible alerts. Locators would add a quarter to the time of each page. */
const languageAndAlerts = `[document.documentElement.getAttribute("lang"), [...document.querySelectorAll("[role=alert]")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[aria-hidden=true]")).length]`;
/** Open windows, reused because opening one takes as long as opening three pages. */
const idle: Record<Language, BrowserWindow[]> = { en: [], fr: [] };

suite("every page, in every state", { concurrency: 2 }, () => {
  for (const view of Object.keys(views) as View[]) {
    for (const language of ["en", "fr"] as const) {
      test(`${view} (${language}): axe-core finds nothing in either theme, nothing is cut off, and the page is small`, async () => {
        const window = idle[language].pop() ?? (await openWindowWithAxe(language));
        await checkView(window, view, language);
        idle[language].push(window);
      });
    }
  }
});

async function openWindowWithAxe(language: Language): Promise<BrowserWindow> {
  const window = await openWindow(browser, { language, options: { reducedMotion: "reduce" } });
  await installAxe(window.page);
  return window;
}

/** Checks a view in a window without cookies. */
async function checkView(window: BrowserWindow, view: View, language: Language): Promise<void> {
  await using world = await createWorldForView(view);
  await using visitor = window.visit(world);
  const { page } = visitor;
  await views[view]({ world, visitor });
  const [lang, alerts] = await page.evaluate<[string, number]>(languageAndAlerts);
  assert.equal(lang, language);
  assert.equal(alerts, withError.test(view) ? 1 : 0, "the page reports a failure");
  for (const { colorScheme, viewport } of looks) {
    await page.emulateMedia({ colorScheme });
    await assertFits(page, viewport);
    assert.deepEqual(await findAccessibilityViolations(page), [], colorScheme);
  }
  await assertFits(page, largeDesktop);
  const sizes = await measureSizes(page);
  for (const [url, size] of sizes) if (/\.css$/.test(url)) assert.ok(size < 12 * kilobyte, `${url}: ${size}`);
  const whole = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(whole < 30 * kilobyte, JSON.stringify(sizes));
  assert.ok(sizes.length >= 3, "a page, its style sheet and its script");
}

type Box = Readonly<Record<"left" | "right" | "width", number>>;

/** Asserts that nothing is cut off at this size, that the page is centered, and that its lines are not too long to read. */
async function assertFits(page: Page, viewport: typeof largeDesktop): Promise<void> {
  await page.setViewportSize(viewport);
  const [whole, ...parts] = await page.evaluate<[number, ...Box[]]>(`[document.documentElement.scrollWidth,
    ...[...document.body.children].map((part) => part.getBoundingClientRect().toJSON())]`);
  assert.equal(whole, viewport.width);
  assert.equal(parts.length, 3, "header, main and footer");
  for (const { left, right, width } of parts) {
    assert.ok(width <= 42 * 16, `${width} of ${whole}`);
    assert.ok(Math.abs(left - (whole - right)) <= 1, `from ${left} to ${right} of ${whole}`);
  }
}

/** Returns the size of a page and of each resource that it loads, in bytes before compression. */
function measureSizes(page: Page): Promise<[url: string, size: number][]> {
  return page.evaluate(`
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .map(({ name, decodedBodySize }) => [name, decodedBodySize])`);
}
