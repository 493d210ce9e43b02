import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { DevOutbox } from "../../src/mail/dev-outbox.ts";
import { silent } from "../../src/observe/log.ts";
import { readSettings } from "../../src/settings/settings.ts";
import { startBrowser } from "../support/browser/browser.ts";
import { createServedWorld } from "../support/browser/served-world.ts";
import { createWorldForView, type View, views } from "../support/browser/views.ts";
import { openVisitor } from "../support/browser/visitor.ts";

const folder = fileURLToPath(new URL("../../screenshots/", import.meta.url));
/** The screenshots in README and docs. Each is replaced by its new version. */
const documented = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const themes = ["light", "dark"] as const;
const phone = { width: 320, height: 568 };
const desktop = { width: 1280, height: 800 };

await rm(folder, { recursive: true, force: true });
await mkdir(folder);
await using browser = await startBrowser();

// Every page in both themes, on a small phone and on a desktop; other states of a page only on the phone.
for (const view of Object.keys(views) as View[]) {
  await using world = await createWorldForView(view);
  await using visitor = await openVisitor(browser, world);
  await visitor.page.clock.setFixedTime(world.clock.now());
  await views[view]({ world, visitor });
  await draw(visitor.page, view, view.includes("-") ? [phone] : [phone, desktop]);
}
await drawInFrench("login");
await drawOutbox();
for (const name of await readdir(documented)) await copyFile(`${folder}${name}`, `${documented}${name}`);

async function drawInFrench(view: View): Promise<void> {
  await using world = await createWorldForView(view);
  await using visitor = await openVisitor(browser, world, { language: "fr" });
  await views[view]({ world, visitor });
  await draw(visitor.page, `${view}-fr`, [phone]);
}

/** The page of the outbox, which exists only in development, with an email. */
async function drawOutbox(): Promise<void> {
  const outbox = new DevOutbox(readSettings(), silent);
  await using world = await createServedWorld({ NODE_ENV: "development" }, { outbox });
  await using visitor = await openVisitor(browser, world);
  const at = world.clock.now();
  await outbox.send({ kind: "reset_password", to: "ada@example.com", language: "en", token: "b4l0u-t4rt1fl3tt3", at });
  await visitor.open("/dev/outbox");
  await visitor.page.frameLocator("iframe").getByRole("link").first().waitFor();
  await draw(visitor.page, "outbox", [phone, desktop]);
}

async function draw(page: Page, name: string, viewports: readonly (typeof desktop)[]): Promise<void> {
  for (const viewport of viewports) {
    await page.setViewportSize(viewport);
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      const path = `${folder}${name}-${viewport.width}-${colorScheme}.png`;
      await page.screenshot({ path, fullPage: true, animations: "disabled", caret: "hide" });
    }
  }
}
