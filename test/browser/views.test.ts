import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Page } from "playwright-core";
import type { Language } from "../../src/languages/languages.ts";
import { findBarriers, installAxe } from "../support/browser/accessible.ts";
import { getSharedBrowser } from "../support/browser/browser.ts";
import { createStageFor, type View, views } from "../support/browser/views.ts";
import { type BrowserWindow, openWindow } from "../support/browser/visitor.ts";

const browser = await getSharedBrowser();

const kilobyte = 1024;
/** The states in which a page has something to refuse. */
const refused = /-(wrong|refused|unconfirmed|too-often|locked|stale-form)$|^error/;
const looks = [
  { colorScheme: "light", viewport: { width: 320, height: 568 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;
const largeDesk = { width: 1600, height: 900 };

/** The language that a document names, and how many alerts it shows. Locators would cost a quarter of opening the page. */
const told = `[document.documentElement.getAttribute("lang"), [...document.querySelectorAll("[role=alert]")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[aria-hidden=true]")).length]`;
/** Windows for the next view: opening one takes as long as opening three pages. */
const idle: Record<Language, BrowserWindow[]> = { en: [], fr: [] };

suite("every page, in every state", { concurrency: 2 }, () => {
  for (const view of Object.keys(views) as View[]) {
    for (const language of ["en", "fr"] as const) {
      test(`${view} (${language}): axe-core finds nothing in either theme, nothing is cut off, and it is light`, async () => {
        const window = idle[language].pop() ?? (await openWindowWithAxe(language));
        await look(window, view, language);
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

/** Looks at a view in a window that has no cookie. */
async function look(window: BrowserWindow, view: View, language: Language): Promise<void> {
  await using stage = await createStageFor(view);
  await using visitor = window.visit(stage);
  const { page } = visitor;
  await views[view]({ stage, visitor });
  const [lang, alerts] = await page.evaluate<[string, number]>(told);
  assert.equal(lang, language);
  assert.equal(alerts, refused.test(view) ? 1 : 0, "the page reports a failure");
  for (const { colorScheme, viewport } of looks) {
    await page.emulateMedia({ colorScheme });
    await fits(page, viewport);
    assert.deepEqual(await findBarriers(page), [], colorScheme);
  }
  await fits(page, largeDesk);
  const weights = await weigh(page);
  for (const [url, weight] of weights) if (/\.css$/.test(url)) assert.ok(weight < 12 * kilobyte, `${url}: ${weight}`);
  const whole = weights.reduce((sum, [, weight]) => sum + weight, 0);
  assert.ok(whole < 30 * kilobyte, JSON.stringify(weights));
  assert.ok(weights.length >= 3, "a page, its style sheet and its script");
}

type Box = Readonly<Record<"left" | "right" | "width", number>>;

/** Nothing is cut off at that size; the page stands in the middle, and its lines are no longer than an eye follows. */
async function fits(page: Page, viewport: typeof largeDesk): Promise<void> {
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

/** The bytes of a page and of each thing that it loads, before any compression. */
function weigh(page: Page): Promise<[url: string, weight: number][]> {
  return page.evaluate(`
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .map(({ name, decodedBodySize }) => [name, decodedBodySize])`);
}
