import { execFile } from "node:child_process";
import { access, constants, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const run = promisify(execFile);
// In the folder of the package, which npm replaces when the version changes.
const unpacked = fileURLToPath(new URL("../../../node_modules/@sparticuz/chromium/unpacked/", import.meta.url));
/** Features that playwright disables and that could change a test. They are repeated because Chromium uses only the last list. */
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

/** Returns the Chromium of this process. The first call starts it; it closes after all tests. */
export function getSharedBrowser(): Promise<Browser> {
  if (shared) return shared;
  const started = startBrowser();
  shared = started;
  after(async () => (await started).close());
  return started;
}

/**
 * Starts Chromium: the one that CHROMIUM names, or else the installed one, or else the one from npm. All use the same font.
 *
 * @throws {Error} if it does not exist or does not start
 */
export async function startBrowser({ PATH = "", CHROMIUM } = process.env): Promise<Browser> {
  await unpack();
  const installed = CHROMIUM || (await findInstalled(PATH));
  const env: Record<string, string> = { PATH, FONTCONFIG_FILE: join(unpacked, "fonts.conf"), TMPDIR: tmpdir() };
  // A minimal system lacks these libraries.
  if (!installed) env.LD_LIBRARY_PATH = join(unpacked, "al2023/lib");
  const executablePath = installed || join(unpacked, "chromium");
  // Checked here first, because playwright leaves folders behind if the file is missing.
  await access(executablePath, constants.X_OK);
  return chromium.launch({
    executablePath,
    args: [
      "--font-render-hinting=none",
      "--force-color-profile=srgb",
      "--disable-gpu",
      // A new frame for each document would increase the processor time to open a page by half.
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

/** Unpacks the browser, libraries and font of the package, once for all tests. */
async function unpack(): Promise<void> {
  if (await exists(unpacked)) return;
  const folder = await mkdtemp(unpacked.replace(/\/$/, "-"));
  // The package unpacks into the temporary folder, and unpacks its libraries only on AWS Lambda. It also changes the environment,
  // so it runs in a separate process.
  const script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();';
  await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" },
  });
  const fonts = `<fontconfig><dir>${unpacked}fonts/fonts</dir><cachedir>${unpacked}fonts-cache</cachedir></fontconfig>\n`;
  await writeFile(join(folder, "fonts.conf"), fonts);
  // A rename is atomic: another test file never sees half of the folder.
  await rename(folder, unpacked).catch(() => rm(folder, { recursive: true }));
}
