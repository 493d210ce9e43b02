import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { DevOutbox } from "../../src/mail/dev-outbox.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { startBrowser } from "../support/browser/browser.ts";
import { createStage } from "../support/browser/stage.ts";
import { createStageFor, type View, views } from "../support/browser/views.ts";
import { openVisitor } from "../support/browser/visitor.ts";

const folder = fileURLToPath(new URL("../../screenshots/", import.meta.url));
/** The screenshots that README and docs show; they are redrawn with the others. */
const shown = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const themes = ["light", "dark"] as const;
const telephone = { width: 320, height: 568 };
const desk = { width: 1280, height: 800 };

await rm(folder, { recursive: true, force: true });
await mkdir(folder);
await using browser = await startBrowser();

// Every page in both themes, on a small telephone and on a desk; its other states on the telephone, where room is scarce.
for (const view of Object.keys(views) as View[]) {
  await using stage = await createStageFor(view);
  await using visitor = await openVisitor(browser, stage);
  await visitor.page.clock.setFixedTime(stage.clock.now());
  await views[view]({ stage, visitor });
  await draw(visitor.page, view, view.includes("-") ? [telephone] : [telephone, desk]);
}
await drawInFrench("login");
await drawOutbox();
for (const name of await readdir(shown)) await copyFile(`${folder}${name}`, `${shown}${name}`);

async function drawInFrench(view: View): Promise<void> {
  await using stage = await createStageFor(view);
  await using visitor = await openVisitor(browser, stage, { language: "fr" });
  await views[view]({ stage, visitor });
  await draw(visitor.page, `${view}-fr`, [telephone]);
}

/** What is there in development alone, with a mail as it looks. */
async function drawOutbox(): Promise<void> {
  const outbox = new DevOutbox(readSettings(), silent);
  await using stage = await createStage({ NODE_ENV: "development" }, { outbox });
  await using visitor = await openVisitor(browser, stage);
  const at = stage.clock.now();
  await outbox.send({ kind: "reset_password", to: "ada@example.com", language: "en", token: "b4l0u-t4rt1fl3tt3", at });
  await visitor.open("/dev/outbox");
  await visitor.page.frameLocator("iframe").getByRole("link").first().waitFor();
  await draw(visitor.page, "outbox", [telephone, desk]);
}

async function draw(page: Page, name: string, viewports: readonly (typeof desk)[]): Promise<void> {
  for (const viewport of viewports) {
    await page.setViewportSize(viewport);
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      const path = `${folder}${name}-${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path, fullPage: true, animations: "disabled", caret: "hide" });
    }
  }
}
