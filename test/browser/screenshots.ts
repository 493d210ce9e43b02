import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startBrowser } from "./browser.ts";
import { setStage, type View, views } from "./views.ts";
import { visit } from "./visitor.ts";

const folder = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const themes = ["light", "dark"] as const;
const telephone = { width: 320, height: 568 };
const desk = { width: 1280, height: 800 };

// Every page in both themes, on a small telephone and on a desk; its other states on the telephone, where room is scarce.
await rm(folder, { recursive: true, force: true });
await mkdir(folder);
await using browser = await startBrowser();
for (const view of Object.keys(views) as View[]) {
  await using stage = await setStage();
  await using visitor = await visit(browser, stage);
  await visitor.page.clock.setFixedTime(stage.clock.now());
  await views[view]({ stage, visitor });
  for (const viewport of view.includes("-") ? [telephone] : [telephone, desk]) {
    await visitor.page.setViewportSize(viewport);
    for (const colorScheme of themes) {
      await visitor.page.emulateMedia({ colorScheme });
      const path = `${folder}${view}-${viewport.width}-${colorScheme}.png`;
      await visitor.page.screenshot({ path, fullPage: true, animations: "disabled", caret: "hide" });
    }
  }
}
