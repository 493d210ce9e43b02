import { execFile } from "node:child_process";
import { access, constants, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);
// In the package's own folder, which npm replaces with the version.
const unpacked = fileURLToPath(new URL("../../../node_modules/@sparticuz/chromium/unpacked/", import.meta.url));
/** What playwright turns off that could matter here: Chromium heeds only the last such list. */
const disabledFeatures = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "HttpsUpgrades",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

let shared: Promise<Browser> | undefined;

/** The Chromium of this process's tests, started at the first use and closed after all of them. */
export function getSharedBrowser(): Promise<Browser> {
  if (shared) return shared;
  const started = startBrowser();
  shared = started;
  after(async () => (await started).close());
  return started;
}

/**
 * Starts a Chromium: the one that CHROMIUM names, else the one that is installed, else the one that comes with npm. All
 * write in the same typeface. End it with `await using`.
 *
 * @throws {Error} when there is none, or it does not start
 */
export async function startBrowser({ PATH = "", CHROMIUM } = process.env): Promise<Browser> {
  await unpack();
  const installed = CHROMIUM || (await findInstalled(PATH));
  const env: Record<string, string> = { PATH, FONTCONFIG_FILE: join(unpacked, "fonts.conf"), TMPDIR: tmpdir() };
  // Libraries that a bare machine lacks.
  if (!installed) env.LD_LIBRARY_PATH = join(unpacked, "al2023/lib");
  const executablePath = installed || join(unpacked, "chromium");
  // Before playwright looks: it would leave the folders that it makes first.
  await access(executablePath, constants.X_OK);
  return chromium.launch({
    executablePath,
    args: [
      "--font-render-hinting=none",
      "--force-color-profile=srgb",
      "--disable-gpu",
      // With a new frame for every document, opening a page would take half as much processor time again.
      `--disable-features=${[...disabledFeatures, "RenderDocument"].join()}`,
    ],
    env,
  });
}

async function findInstalled(PATH: string): Promise<string | undefined> {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const paths = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

function exists(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Unpacks the package's browser, libraries and typeface, once for all tests. */
async function unpack(): Promise<void> {
  if (await exists(unpacked)) return;
  const folder = await mkdtemp(unpacked.replace(/\/$/, "-"));
  // It unpacks into the temporary folder, and its libraries only where it believes to be on that platform: a process
  // of its own, for it changes its environment too.
  const script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" },
  });
  const fonts = `<fontconfig><dir>${unpacked}fonts/fonts</dir><cachedir>${unpacked}fonts-cache</cachedir></fontconfig>\n`;
  await writeFile(join(folder, "fonts.conf"), fonts);
  // In one piece, or another test file would find half of it.
  await rename(folder, unpacked).catch(() => rm(folder, { recursive: true }));
}
