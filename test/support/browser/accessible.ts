import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Found {
  readonly violations: { readonly id: string; readonly help: string; readonly nodes: { readonly html: string }[] }[];
}

/** What axe-core finds wrong with a page, a line each: rules of WCAG 2.2 A and AA, and what it holds for good practice. */
export async function barriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axe);
  const { violations } = await page.evaluate<Found>(
    "axe.run(document, { iframes: false, rules: { 'target-size': { enabled: true } } })",
  );
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
}
