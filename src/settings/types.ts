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

/** The largest logo, in bytes: with it a page stays under 30 KB. */
const maxLogoSize = 8 * 1024;

/** So many tries, at most, within so many milliseconds of the first of them. */
interface Rate {
  readonly attempts: number;
  readonly window: number;
}

/** The accent on light pages and on dark ones. */
export interface Accent {
  readonly light: string;
  readonly dark: string;
}

/** One of several words. */
export function oneOf<const Word extends string>(...words: readonly Word[]) {
  return z.enum(words, `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

/** `on` or `off`. */
export function onOff() {
  return oneOf("on", "off");
}

/** `none`, which becomes null, or something else. */
export function noneOr(type: z.ZodType<string, string>) {
  return z.union([z.literal("none").transform(() => null), type], {
    error: (issue) => type.safeParse(issue.input).error?.issues[0]?.message ?? "none, or something else",
  });
}

/** `none`, or items with commas between them. */
export function list(item: z.ZodType<string, string>, expected: string) {
  return z.string().transform((text, context): readonly string[] => {
    const items = text === "none" ? [] : text.split(",").map((part) => item.safeParse(part.trim()));
    if (items.every((read) => read.success)) return items.map(({ data }) => data);
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

/** A whole number. */
export function integer(least: number, most: number, example: number) {
  const expected = `a whole number from ${least} to ${most}, such as ${example}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected);
}

/** A duration such as `90s`, which becomes milliseconds. */
export function duration(least: string, most: string, example: string) {
  const expected = `a number and a unit (s, m, h or d), from ${least} to ${most}, such as ${example}`;
  return z
    .string()
    .regex(/^\d{1,9}[smhd]$/, expected)
    .transform(parseDuration)
    .refine((value) => value >= parseDuration(least) && value <= parseDuration(most), expected);
}

/** Tries per duration, such as `10/15m`. */
export function rate() {
  const expected = "1 to 999999 tries per duration of at most 30d, such as 10/15m";
  return z
    .string()
    .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}[smhd]$/, expected)
    .transform((text): Rate => {
      const [tries = "", window = ""] = text.split("/");
      return { attempts: Number(tries), window: parseDuration(window) };
    })
    .refine(({ window }) => window <= parseDuration("30d"), expected);
}

/** An address, or a network in CIDR notation, of either family. */
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

/** `none`, or the proxies that may name callers: not so many addresses that strangers are among them. */
export function trustedProxies() {
  const expected = "none, or addresses and networks, such as 127.0.0.1,10.0.0.0/8";
  return list(network(), expected).refine((networks) => findOverbroadFamily(networks) === undefined, {
    error: ({ input }) =>
      `${expected}; these hold a sixteenth or more of all ${findOverbroadFamily(input as string[])} addresses, and a stranger among them could say to be anybody`,
  });
}

/** A mail server, as nodemailer takes it, without any other of its options. */
export function smtpUrl() {
  return z.string().check(({ value, issues }) => {
    const mistake = describeSmtpUrlError(value);
    if (mistake === undefined) return;
    const message = `none, or a mail server's URL, such as smtps://USER:PASSWORD@mail.example.com; ${mistake}`;
    issues.push({ code: "custom", message, input: value });
  });
}

/** Explains a wrong URL without repeating any of it. */
function describeSmtpUrlError(text: string): string | undefined {
  const [, port, rest = ""] =
    /^smtps?:\/\/(?:[^@/?#\s\p{C}]*@)?(?:\[[^\]]*\]|[^@/?#\s\p{C}:[\]]+)(?::([^@/?#\s\p{C}]*))?(\/?(?:\?[^@]*)?)$/u.exec(
      text,
    ) ?? [text, "none"];
  if ((port !== undefined && !isPort(port)) || !isDecodable(text) || !URL.canParse(text)) {
    return describeUrlError(text, ["smtp://", "smtps://"]);
  }
  // Other options of the library could switch its checks off.
  if (/^\/?(\?requireTLS=(true|false))?$/.test(rest)) return undefined;
  return "nothing may follow the port but ?requireTLS=true or ?requireTLS=false";
}

/** The sender of mails: an address, with or without a name. */
export function mailFrom() {
  const expected =
    'an address with or without a name (in double quotes if it has a comma), such as Example <no-reply@example.com> or "Example, Inc." <no-reply@example.com>';
  return z.string().refine((text) => parseSender(text) !== null, expected);
}

/** What a server can listen on: an IPv4 or IPv6 address, or a name. */
export function listenHost() {
  return z
    .string()
    .refine(
      (text) => isIP(text) !== 0 || /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?\.?$/i.test(text),
      "an address or a name without scheme, port and brackets, such as 0.0.0.0 or ::1",
    );
}

/** The path of an image that is small enough for a page. */
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

/** One colour for light pages gives the dark ones a lighter tone of it. */
export function accentColor() {
  const { page } = surfaces.light;
  const { card } = surfaces.dark;
  return z
    .string()
    .regex(
      /^#[0-9a-f]{6}(\s*,\s*#[0-9a-f]{6})?$/i,
      "one color, or two with a comma for light and dark pages, such as #1d4ed8 or #1d4ed8,#93c5fd",
    )
    .transform((text, context): Accent => {
      const [light = "", given] = text.toLowerCase().split(/\s*,\s*/);
      const dark = given ?? readableColor(light, card);
      const mends = [readableColor(light, page), readableColor(dark, card)];
      if (contrastRatio(light, page) < minContrast || contrastRatio(dark, card) < minContrast) {
        const message = `readable, ${minContrast}:1 against light pages (and the second against dark ones), such as ${mends.slice(0, given ? 2 : 1)}`;
        context.addIssue({ code: "custom", message });
      }
      return { light, dark };
    });
}

/** An address without characters that a `mailto:` link would have to escape. */
export function supportEmail() {
  return z
    .string()
    .refine((text) => isDeliverable(text) && !/[%&'/?]/.test(text), "none, or an address, such as help@example.com");
}

/** The address of a page. */
export function pageUrl() {
  return z
    .string()
    .refine(
      (text) => /^https?:\/\/[^/?#@\s\\]+([/?#][^\s\\]*)?$/.test(text) && URL.canParse(text),
      "none, or the http or https address of a page, such as https://example.com/terms",
    );
}

/** Which range API is asked; `off` becomes null. */
export function breachCheck() {
  const expected =
    "off, on, or an address that the hash's first 5 characters are added to, such as https://mirror.example.com/range/";
  return z
    .string()
    .refine(
      (text) => /^(on|off)$/.test(text) || (/^https?:\/\/[^/?#@\s]+\/\S*$/.test(text) && URL.canParse(text)),
      expected,
    )
    .transform((text) => (text === "off" ? null : text === "on" ? "https://api.pwnedpasswords.com/range/" : text));
}

/** A database that there is an engine for. */
export function databaseUrl() {
  return z.string().check(({ value, issues }) => {
    const mistake = describeDatabaseUrlError(value);
    if (mistake === undefined) return;
    const message = `a database's URL, such as sqlite:bienvenue.db or postgres://USER:PASSWORD@db.example.com/NAME; ${mistake}`;
    issues.push({ code: "custom", message, input: value });
  });
}

/** The origin that the service is known by. */
export function publicUrl() {
  return origin("an origin (a scheme, a host and no path), such as https://auth.example.com");
}

/** An origin, written as browsers write it. */
export function origin(expected?: string) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:\/\/[^/?#@*]+\/?$/.test(text), expected)
    .transform((text) => new URL(text).origin);
}
