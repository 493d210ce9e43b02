import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { html } from "hono/html";
import { notFoundError } from "../../http/refusals.ts";
import type { Service } from "../../http/service.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Accent } from "../../settings/types.ts";
import { surfaces, textColorOn } from "../../values/colors.ts";

interface Asset {
  /** URL path, which contains a hash of the content. */
  readonly path: string;
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

export interface Assets {
  readonly style: Asset;
  readonly script: Asset;
  readonly icon: Asset;
  /** The image at `LOGO_FILE`, if the setting is set. */
  readonly logo: Asset | undefined;
}

export function createAssets(settings: Pick<Settings, "ACCENT_COLOR" | "LOGO_FILE" | "SERVICE_NAME">): Assets {
  const { ACCENT_COLOR, LOGO_FILE, SERVICE_NAME } = settings;
  const logo = LOGO_FILE === null ? undefined : createAsset("logo", extensionOf(LOGO_FILE), readFileSync(LOGO_FILE));
  return {
    style: createAsset("pages", "css", createStyleSheet(ACCENT_COLOR)),
    script: createAsset("pages", "js", readAsset("script.js")),
    icon: logo ?? createAsset("icon", "svg", createIcon(SERVICE_NAME, ACCENT_COLOR.light)),
    logo,
  };
}

export function serveAsset({ answers }: Service, assets: Assets, path: string): Response {
  const found = findAsset(assets, path);
  if (!found) throw notFoundError();
  const { asset, isExact } = found;
  return answers.content(200, asset.content, {
    "Content-Type": asset.type,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    // Caches may keep the content forever only if the path contains the hash of this content.
    ...(isExact && { "Cache-Control": "public, max-age=31536000, immutable" }),
  });
}

/**
 * Returns the asset at a path. During a rolling update, a page of one version can request its assets from a node of another
 * version. That node returns its own asset of the same kind, and `isExact` is false.
 *
 * @returns undefined if no version has an asset at this path
 */
function findAsset(assets: Assets, path: string): { asset: Asset; isExact: boolean } | undefined {
  const exact = Object.values(assets).find((each: Asset | undefined) => each?.path === path);
  if (exact) return { asset: exact, isExact: true };
  const [, name = "", extension = ""] = /^\/assets\/(\w+)\.[\w-]{16}\.(\w+)$/.exec(path) ?? [];
  const { style, script, icon, logo = icon } = assets;
  const others: Record<string, Asset> = {
    "pages.css": style,
    "pages.js": script,
    "icon.svg": icon,
    "icon.png": icon,
    "logo.svg": logo,
    "logo.png": logo,
  };
  const other = others[`${name}.${extension}`];
  return other && { asset: other, isExact: false };
}

/** Returns the style sheet of all pages: variables for the colors, then the CSS files. */
function createStyleSheet(accent: Accent): string {
  const colors = (theme: keyof Accent) => `:root {
--page: ${surfaces[theme].page};
--card: ${surfaces[theme].card};
--accent: ${accent[theme]};
--on-accent: ${textColorOn(accent[theme])};
}
`;
  const files = ["style.css", "form.css", "list.css"].map((name) => readAsset(name).toString());
  // Strip comments and indentation.
  const rules = files.join("").replaceAll(/^ *\/\*.*?\*\/\n|^ +/gms, "");
  return `${colors("light")}@media (prefers-color-scheme: dark) {\n${colors("dark")}}\n${rules}`;
}

function readAsset(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.url));
}

const types = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
} as const;

function extensionOf(path: string): keyof typeof types {
  return path.toLowerCase().endsWith(".png") ? "png" : "svg";
}

function createAsset(name: string, extension: keyof typeof types, text: string | Buffer): Asset {
  const content = Uint8Array.from(Buffer.from(text));
  const hash = createHash("sha256").update(content).digest("base64url").slice(0, 16);
  return { path: `/assets/${name}.${hash}.${extension}`, type: types[extension], content };
}

/** Returns the first grapheme of a name in upper case, or `·` if the name is blank. */
export function firstLetter(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return (first?.segment ?? "·").toUpperCase();
}

function createIcon(name: string, color: string): string {
  return String(
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="16" fill="${color}"/><text x="32" y="45" font-family="system-ui, sans-serif" font-size="36" font-weight="700" text-anchor="middle" fill="${textColorOn(color)}">${firstLetter(name)}</text></svg>`,
  );
}
