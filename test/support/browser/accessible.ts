import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * The rules that look at colors, sizes and places. Every other one looks at the document and at what of it is shown: for a page
 * that shows the same of the same document in another theme or width, its answer is the one before.
 */
const drawn = [
  "avoid-inline-spacing",
  "color-contrast",
  "css-orientation-lock",
  "label-content-name-mismatch",
  "link-in-text-block",
  "p-as-heading",
  "scrollable-region-focusable",
  "skip-link",
  "target-size",
];

/** Asks axe-core in the page, which keeps the document that the answer is about, and hands over nothing but violations. */
const ask = `(async () => {
  const shown = [...document.querySelectorAll("*")].map((each) => Number(each.checkVisibility({ visibilityProperty: true })));
  const looked = document.documentElement.outerHTML + shown.join("");
  const again = axe.looked === looked;
  axe.looked = looked;
  const { violations } = await axe.run(document, {
    iframes: false,
    resultTypes: ["violations"],
    rules: { "target-size": { enabled: true } },
    ...(again && { runOnly: ${JSON.stringify(drawn)} }),
  });
  if (violations.length > 0) axe.looked = undefined;
  return violations.map(({ id, help, nodes }) => id + ": " + help + ": " + nodes.map(({ html }) => html).join(" "));
})()`;

/**
 * Gives a page's documents axe-core from the next one on. Chromium compiles it once for all of them, so that looking at a document
 * takes half as much processor time.
 */
export function installAxe(page: Page): Promise<unknown> {
  return page.addInitScript(`globalThis.loadAxe = () => {${axe}}`);
}

/** What axe-core finds wrong with a page, a line each: rules of WCAG 2.2 A and AA, and what it holds for good practice. */
export async function findBarriers(page: Page): Promise<string[]> {
  const isLoaded = await page.evaluate("typeof axe === 'object' || (globalThis.loadAxe?.(), typeof axe === 'object')");
  if (!isLoaded) await page.evaluate(axe);
  return page.evaluate<string[]>(ask);
}
