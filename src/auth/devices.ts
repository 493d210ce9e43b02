import { randomBytes } from "node:crypto";
import type { Device } from "../db/db.ts";
import type { browsers, systems } from "../mailer.ts";
import type { User } from "../user.ts";
import type { Caller, Context } from "./context.ts";

/** Whether this account knows the caller's device. An account that is not there is asked for all the same. */
export async function isKnownDevice({ db, settings }: Context, user: User | null, caller: Caller): Promise<boolean> {
  if (settings.RATE_LIMIT === "off" || caller.device === undefined) return false;
  return db.knowsDevice(caller.device, user?.id ?? 0);
}

/**
 * The device that an account is to know from now on, by its own secret or a new one: it keeps tries of its own, so that a
 * stranger's cannot lock the owner out. Undefined where tries are not limited.
 */
export function deviceOf({ settings }: Context, { device, language = "en", userAgent }: Caller): Device | undefined {
  if (settings.RATE_LIMIT === "off") return undefined;
  const secret = device ?? randomBytes(32).toString("base64url");
  return { secret, notice: { kind: "new_device", language, device: describeDevice(userAgent) } };
}

type Patterns<Name extends string> = Readonly<Record<Name, RegExp>>;

/** In this order, for many a browser names others too. */
const browserPatterns: Patterns<(typeof browsers)[number]> = {
  Edge: /Edg(e|A|iOS)?\//,
  Opera: /OPR\/|Opera/,
  "Samsung Internet": /SamsungBrowser\//,
  Firefox: /Firefox\/|FxiOS\//,
  Chrome: /Chrom(e|ium)\/|CriOS\//,
  Safari: /Safari\//,
};
const systemPatterns: Patterns<(typeof systems)[number]> = {
  Android: /Android/,
  iPadOS: /iPad/,
  iOS: /iPhone|iPod/,
  Windows: /Windows/,
  macOS: /Mac OS X|Macintosh/,
  ChromeOS: /CrOS/,
  Linux: /Linux|X11/,
};

/** A browser and its system, such as `Firefox/Windows`: words of ours alone, however a User-Agent is written; else null. */
export function describeDevice(userAgent: string | null | undefined): string | null {
  const find = (patterns: Patterns<string>) =>
    Object.entries(patterns).find(([, pattern]) => pattern.test(userAgent ?? ""))?.[0];
  const browser = find(browserPatterns);
  const system = find(systemPatterns);
  return browser && system ? `${browser}/${system}` : null;
}
