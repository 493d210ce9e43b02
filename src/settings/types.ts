import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { z } from "zod";
import { contrastRatio, minContrast, readableColor, surfaces } from "../values/colors.ts";
import { parseDuration } from "../values/durations.ts";
import { isDeliverable } from "../values/email.ts";
import { findOverbroadFamily } from "./address-ranges.ts";
import { describeDatabaseUrlError } from "./database-url.ts";
import { parseSender } from "./mail-from.ts";
import { describeUrlError, isDecodable, isPort } from "./url-errors.ts";

/** In bytes. With a logo of this size, a page stays under 30 KB. */
const maxLogoSize = 8 * 1024;

/** The maximum number of attempts in a window, which starts with the first attempt. */
export interface Rate {
  readonly attempts: number;
  /** In milliseconds. */
  readonly window: number;
}

/** The accent colors of light and dark pages, written `#rrggbb`. */
export interface Accent {
  readonly light: string;
  readonly dark: string;
}

export function oneOf<const Word extends string>(...words: readonly Word[]) {
  return z.enum(words, `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

export function onOff() {
  return oneOf("on", "off");
}

/** Accepts `none`, which becomes null, in addition to the values of a type. */
export function noneOr(type: z.ZodType<string, string>) {
  return z.union([z.literal("none").transform(() => null), type], {
    error: (issue) => type.safeParse(issue.input).error?.issues[0]?.message ?? "none, or a valid value",
  });
}

/** A comma-separated list; `none` is an empty list. */
export function list(item: z.ZodType<string, string>, expected: string) {
  return z.string().transform((text, context): readonly string[] => {
    const items = text === "none" ? [] : text.split(",").map((part) => item.safeParse(part.trim()));
    if (items.every((read) => read.success)) return items.map(({ data }) => data);
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

export function integer(min: number, max: number, example: number) {
  const expected = `a whole number from ${min} to ${max}, such as ${example}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

/** A duration such as `90s`, in milliseconds. */
export function duration(min: string, max: string, example: string) {
  const expected = `a number and a unit (s, m, h or d), from ${min} to ${max}, such as ${example}`;
  return z
    .string()
    .regex(/^\d{1,9}[smhd]$/, expected)
    .transform(parseDuration)
    .refine((value) => value >= parseDuration(min) && value <= parseDuration(max), expected);
}

/** Attempts per duration, such as `10/15m`. */
export function rate() {
  const expected = "1 to 999999 attempts per duration of at most 30d, such as 10/15m";
  return z
    .string()
    .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}[smhd]$/, expected)
    .transform((text): Rate => {
      const [attempts = "", window = ""] = text.split("/");
      return { attempts: Number(attempts), window: parseDuration(window) };
    })
    .refine(({ window }) => window <= parseDuration("30d"), expected);
}

/** An IPv4 or IPv6 address, or a network in CIDR notation. */
function network() {
  return z.string().refine((text) => {
    const [address = "", prefix, ...rest] = text.split("/");
    const family = isIP(address);
    return (
      family !== 0 &&
      rest.length === 0 &&
      (prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)))
    );
  });
}

/** Addresses and networks of trusted proxies. Rejects networks so large that they must contain public clients. */
export function trustedProxies() {
  const expected = "none, or addresses and networks, such as 127.0.0.1,10.0.0.0/8";
  return list(network(), expected).refine((networks) => findOverbroadFamily(networks) === undefined, {
    error: ({ input }) =>
      `${expected}; these networks contain a sixteenth or more of all ${findOverbroadFamily(input as string[])} addresses, so attackers could forge their address`,
  });
}

/** The URL of a mail server, without further options of nodemailer. */
export function smtpUrl() {
  return z.string().check(({ value, issues }) => {
    const problem = describeSmtpUrlError(value);
    if (problem === undefined) return;
    const message = `none, or the URL of a mail server, such as smtps://USER:PASSWORD@mail.example.com; ${problem}`;
    issues.push({ code: "custom", message, input: value });
  });
}

/** Describes what is wrong with a URL without repeating any of it; undefined if it is valid. */
function describeSmtpUrlError(text: string): string | undefined {
  const [, port, rest = ""] =
    /^smtps?:\/\/(?:[^@/?#\s\p{C}]*@)?(?:\[[^\]]*\]|[^@/?#\s\p{C}:[\]]+)(?::([^@/?#\s\p{C}]*))?(\/?(?:\?[^@]*)?)$/u.exec(
      text,
    ) ?? [text, "none"];
  if ((port !== undefined && !isPort(port)) || !isDecodable(text) || !URL.canParse(text)) {
    return describeUrlError(text, ["smtp://", "smtps://"]);
  }
  // Other options of nodemailer could disable its checks.
  if (/^\/?(\?requireTLS=(true|false))?$/.test(rest)) return undefined;
  return "only ?requireTLS=true or ?requireTLS=false can follow the port";
}

export function mailFrom() {
  const expected =
    'an address with or without a name (in double quotes if it has a comma), such as Example <no-reply@example.com> or "Example, Inc." <no-reply@example.com>';
  return z.string().refine((text) => parseSender(text) !== null, expected);
}

/** An IPv4 or IPv6 address, or a host name, to listen on. */
export function listenHost() {
  return z
    .string()
    .refine(
      (text) => isIP(text) !== 0 || /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i.test(text),
      "an IP address or host name without scheme, port or brackets, such as 0.0.0.0 or ::1",
    );
}

export function logoFile() {
  return z.string().refine(isLogo, `none, or the path of an SVG or PNG file of at most ${maxLogoSize} bytes`);
}

function isLogo(path: string): boolean {
  try {
    if (!/\.(svg|png)$/i.test(path) || statSync(path).size > maxLogoSize) return false;
    const content = readFileSync(path, "latin1");
    return /\.png$/i.test(path) ? content.startsWith("\x89PNG\r\n\x1a\n") : content.includes("<svg");
  } catch {
    return false;
  }
}

/** The accent colors. If only one is given, dark pages get a lighter tone of it. */
export function accentColor() {
  const { page } = surfaces.light;
  const { card } = surfaces.dark;
  return z
    .string()
    .regex(
      /^#[0-9a-f]{6}(\s*,\s*#[0-9a-f]{6})?$/i,
      "one color, or two separated by a comma for light and dark pages, such as #1d4ed8 or #1d4ed8,#93c5fd",
    )
    .transform((text, context): Accent => {
      const [light = "", darkInput] = text.toLowerCase().split(/\s*,\s*/);
      const dark = darkInput ?? readableColor(light, card);
      const fixes = [readableColor(light, page), readableColor(dark, card)];
      if (contrastRatio(light, page) < minContrast || contrastRatio(dark, card) < minContrast) {
        const colors = darkInput ? "the first on light pages, the second on dark pages" : "on light pages";
        const message = `readable (a contrast of at least ${minContrast}:1) ${colors}, such as ${fixes.slice(0, darkInput ? 2 : 1)}`;
        context.addIssue({ code: "custom", message });
      }
      return { light, dark };
    });
}

/** An email address without characters that a `mailto:` link would have to escape. */
export function supportEmail() {
  return z
    .string()
    .refine(
      (text) => isDeliverable(text) && !/[%&'/?]/.test(text),
      "none, or an email address, such as help@example.com",
    );
}

export function pageUrl() {
  return z
    .string()
    .refine(
      (text) => /^https?:\/\/[^/?#@\s\\]+([/?#][^\s\\]*)?$/.test(text) && URL.canParse(text),
      "none, or the http or https URL of a page, such as https://example.com/terms",
    );
}

/** The URL of a range API of breached passwords; `off` becomes null. */
export function breachCheck() {
  const expected =
    "off, on, or the URL of a mirror without the first 5 characters of the hash, such as https://mirror.example.com/range/";
  return z
    .string()
    .refine(
      (text) => /^(on|off)$/.test(text) || (/^https?:\/\/[^/?#@\s]+\/\S*$/.test(text) && URL.canParse(text)),
      expected,
    )
    .transform((text) => (text === "off" ? null : text === "on" ? "https://api.pwnedpasswords.com/range/" : text));
}

/** The URL of an SQLite or PostgreSQL database. */
export function databaseUrl() {
  return z.string().check(({ value, issues }) => {
    const problem = describeDatabaseUrlError(value);
    if (problem === undefined) return;
    const message = `a database URL, such as sqlite:bienvenue.db or postgres://USER:PASSWORD@db.example.com/NAME; ${problem}`;
    issues.push({ code: "custom", message, input: value });
  });
}

export function publicUrl() {
  return origin("an origin (a scheme, a host and no path), such as https://auth.example.com");
}

/** An origin, normalized as browsers write it. */
export function origin(expected?: string) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:\/\/[^/?#@*]+\/?$/.test(text), expected)
    .transform((text) => new URL(text).origin);
}
