/** A kind of device. Both names come from fixed lists, because a User-Agent header can contain any text of an attacker. */
export interface DeviceKind {
  readonly browser: keyof typeof browsers;
  readonly system: keyof typeof systems;
}

/** Tested in this order, because the User-Agent of many browsers also names other browsers. */
const browsers = {
  Edge: /Edg(e|A|iOS)?\//,
  Opera: /OPR\/|Opera/,
  "Samsung Internet": /SamsungBrowser\//,
  Firefox: /Firefox\/|FxiOS\//,
  Chrome: /Chrom(e|ium)\/|CriOS\//,
  Safari: /Safari\//,
} as const;
const systems = {
  Android: /Android/,
  iPadOS: /iPad/,
  iOS: /iPhone|iPod/,
  Windows: /Windows/,
  macOS: /Mac OS X|Macintosh/,
  ChromeOS: /CrOS/,
  Linux: /Linux|X11/,
} as const;

/** Returns the kind of device of a User-Agent; null if its browser or system is not in the lists. */
export function detectDeviceKind(userAgent: string | null | undefined): DeviceKind | null {
  if (!userAgent) return null;
  const browser = firstMatch(browsers, userAgent);
  const system = firstMatch(systems, userAgent);
  return browser && system ? { browser, system } : null;
}

function firstMatch<Name extends string>(patterns: Readonly<Record<Name, RegExp>>, text: string): Name | undefined {
  for (const name in patterns) if (patterns[name].test(text)) return name;
  return undefined;
}

/** Formats a kind of device for the database and the API: `Firefox/Windows`. */
export function formatDeviceKind({ browser, system }: DeviceKind): string {
  return `${browser}/${system}`;
}

/** Parses a text such as `Firefox/Windows`; returns null for any other. */
export function parseDeviceKind(name: string | null): DeviceKind | null {
  const [browser = "", system = "", ...rest] = name?.split("/") ?? [];
  const kind = { browser, system };
  return rest.length === 0 && isDeviceKind(kind) ? kind : null;
}

/** Returns true if both names are in the lists. */
export function isDeviceKind(kind: { browser: string; system: string }): kind is DeviceKind {
  return Object.hasOwn(browsers, kind.browser) && Object.hasOwn(systems, kind.system);
}
