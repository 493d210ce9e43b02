import { randomBytes } from "node:crypto";
import type { Device } from "../db/db.ts";
import { isMailable } from "../email.ts";
import type { browsers, systems } from "../mailer.ts";
import type { User } from "../user.ts";
import type { Caller, Context } from "./context.ts";

/** The caller's device that this account knows, if any. An account that does not exist costs the same lookups. */
export async function knownDevice(
  { db, settings }: Context,
  user: User | null,
  caller: Caller,
): Promise<string | undefined> {
  if (settings.RATE_LIMIT === "off") return undefined;
  for (const secret of secretsOf(caller)) if (await db.knowsDevice(secret, user?.id ?? 0)) return secret;
  return undefined;
}

/** The device by which an account will know the caller: one that it knows already, else the first one presented. */
export async function presentedDevice(context: Context, user: User, caller: Caller): Promise<string | undefined> {
  const [first, ...others] = secretsOf(caller);
  return others.length === 0 ? first : ((await knownDevice(context, user, caller)) ?? first);
}

/** The device secrets that the caller presents. */
export function secretsOf({ device = [] }: Caller): readonly string[] {
  return typeof device === "string" ? [device] : device;
}

/**
 * The device that an account will know, with the presented secret or a new one: it has attempts of its own, so that strangers
 * cannot lock the owner out. Undefined if attempts are not limited.
 *
 * @param made the secret of a new device
 */
export async function deviceOf(
  context: Context,
  user: User,
  caller: Caller,
  made = randomBytes(32).toString("base64url"),
): Promise<Device | undefined> {
  if (context.settings.RATE_LIMIT === "off") return undefined;
  const { language = "en", userAgent } = caller;
  const secret = (await presentedDevice(context, user, caller)) ?? made;
  const notice = { kind: "new_device", language, device: describeDevice(userAgent) } as const;
  return { secret, notice: isMailable(user.email) ? notice : null };
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
