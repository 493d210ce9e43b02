/** A kind of device. Both names are of closed lists: nothing else of a User-Agent, which a stranger writes, is shown or mailed. */
export interface DeviceKind {
  readonly browser: keyof typeof browsers;
  readonly system: keyof typeof systems;
}

/** In this order, for many a browser names others too. */
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

/** The kind of device that a User-Agent names; null if its browser or system is not in the lists. */
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

/** The name of a kind of device, as it is stored and as programs get it: `Firefox/Windows`. */
export function formatDeviceKind({ browser, system }: DeviceKind): string {
  return `${browser}/${system}`;
}

/** Reads such a name; null for any other text. */
export function parseDeviceKind(name: string | null): DeviceKind | null {
  const [browser = "", system = "", ...rest] = name?.split("/") ?? [];
  const kind = { browser, system };
  return rest.length === 0 && isDeviceKind(kind) ? kind : null;
}

/** Whether both names are in the lists. */
export function isDeviceKind(kind: { browser: string; system: string }): kind is DeviceKind {
  return Object.hasOwn(browsers, kind.browser) && Object.hasOwn(systems, kind.system);
}
