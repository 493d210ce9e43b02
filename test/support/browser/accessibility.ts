import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * The rules about colors, sizes and positions. All other rules depend only on the document and its visible elements, so they
 * are skipped if only the theme or the width has changed.
 */
const visualRules = [
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

/** Runs axe-core in the page. It remembers the document that it has checked, and returns only violations. */
const runAxe = `(async () => {
  const visible = [...document.querySelectorAll("*")].map((each) => Number(each.checkVisibility({ visibilityProperty: true })));
  const checked = document.documentElement.outerHTML + visible.join("");
  const again = axe.checked === checked;
  axe.checked = checked;
  const { violations } = await axe.run(document, {
    iframes: false,
    resultTypes: ["violations"],
    rules: { "target-size": { enabled: true } },
    ...(again && { runOnly: ${JSON.stringify(visualRules)} }),
  });
  if (violations.length > 0) axe.checked = undefined;
  return violations.map(({ id, help, nodes }) => id + ": " + help + ": " + nodes.map(({ html }) => html).join(" "));
})()`;

/**
 * Loads axe-core into every later document of a page. Chromium then compiles it only once, which halves the processor time of a
 * check.
 */
export function installAxe(page: Page): Promise<unknown> {
  return page.addInitScript(`globalThis.loadAxe = () => {${axe}}`);
}

/** Returns one line for each violation that axe-core finds in a page: of WCAG 2.2 A and AA, and of its best practices. */
export async function findAccessibilityViolations(page: Page): Promise<string[]> {
  const isLoaded = await page.evaluate("typeof axe === 'object' || (globalThis.loadAxe?.(), typeof axe === 'object')");
  if (!isLoaded) await page.evaluate(axe);
  return page.evaluate<string[]>(runAxe);
}
