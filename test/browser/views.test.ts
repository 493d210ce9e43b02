import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { Page } from "playwright-core";
import { barriers } from "../support/browser/accessible.ts";
import { startBrowser } from "../support/browser/browser.ts";
import { setStage, type View, views } from "../support/browser/views.ts";
import { visit } from "../support/browser/visitor.ts";

const browser = await startBrowser();
after(() => browser.close());

const kilobyte = 1024;
/** The states in which a page has something to refuse. */
const refused = /-(wrong|refused|unconfirmed|too-often|locked|stale-form)$|^error/;
const looks = [
  { colorScheme: "light", viewport: { width: 320, height: 568 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;
const largeDesk = { width: 1600, height: 900 };

suite("every page, in every state", { concurrency: 2 }, () => {
  for (const view of Object.keys(views) as View[]) {
    for (const language of ["en", "fr"] as const) {
      test(`${view} (${language}): axe-core finds nothing in either theme, nothing is cut off, and it is light`, async () => {
        await using stage = await setStage(view);
        await using visitor = await visit(browser, stage, { language, options: { reducedMotion: "reduce" } });
        const { page } = visitor;
        await views[view]({ stage, visitor });
        assert.equal(await page.getAttribute("html", "lang"), language);
        assert.equal(await page.getByRole("alert").count(), refused.test(view) ? 1 : 0, "a failure is told");
        for (const { colorScheme, viewport } of looks) {
          await page.emulateMedia({ colorScheme });
          await fits(page, viewport);
          assert.deepEqual(await barriers(page), [], colorScheme);
        }
        await fits(page, largeDesk);
        const weights = await weigh(page);
        for (const [url, weight] of weights)
          if (/\.css$/.test(url)) assert.ok(weight < 12 * kilobyte, `${url}: ${weight}`);
        const whole = weights.reduce((sum, [, weight]) => sum + weight, 0);
        assert.ok(whole < 30 * kilobyte, JSON.stringify(weights));
        assert.ok(weights.length >= 3, "a page, its style sheet and its script");
      });
    }
  }
});

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
