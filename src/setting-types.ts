import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { z } from "zod";
import { contrast, leastContrast, legible, surfaces } from "./colours.ts";

/** The largest logo, in bytes: with it a page stays under 30 KB. */
const largestLogo = 8 * 1024;

/** So many tries, at most, within so many milliseconds of the first of them. */
export interface Rate {
  readonly tries: number;
  readonly window: number;
}

/** The accent on light pages and on dark ones. */
export interface Accent {
  readonly light: string;
  readonly dark: string;
}

/** `on` or `off`. */
export function onOff() {
  return z.enum(["on", "off"]);
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
export function whole(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected);
}

/** `unlimited`, which becomes Infinity, or a number. */
export function unlimitedOr(type: z.ZodType<number, string>) {
  return z.union([z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY), type], {
    error: "unlimited, or a whole number from 1 to 1000",
  });
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  return Number(text.slice(0, -1)) * units[text.at(-1) as keyof typeof units];
}

/** A duration such as `90s`, which becomes milliseconds. */
export function duration(least: string, most: string) {
  const expected = `a duration from ${least} to ${most}, such as 90s, 15m, 12h or 30d`;
  return z
    .string()
    .regex(/^\d{1,9}[smhd]$/, expected)
    .transform(milliseconds)
    .refine((value) => value >= milliseconds(least) && value <= milliseconds(most), expected);
}

/** Tries per duration, such as `10/15m`. */
export function rate() {
  const expected = "tries per duration, such as 10/15m";
  return z
    .string()
    .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}[smhd]$/, expected)
    .transform((text): Rate => {
      const [tries = "", window = ""] = text.split("/");
      return { tries: Number(tries), window: milliseconds(window) };
    })
    .refine(({ window }) => window <= milliseconds("30d"), expected);
}

/** An address, or a network in CIDR notation, of either family. */
export function network() {
  return z.string().refine((text) => {
    const [address = "", prefix, ...rest] = text.split("/");
    const family = isIP(address);
    return (
      family !== 0 &&
      rest.length === 0 &&
      // Not everybody: then a caller would be whoever they say.
      (prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)))
    );
  });
}

/** A mail server, as nodemailer takes it, without any other of its options. */
export function smtpUrl() {
  return z.string().refine(
    (text) =>
      URL.canParse(text) &&
      // No other option of the library's: some would switch its checks off.
      /^smtps?:\/\/([^@/?#\s]*@)?[^@/?#\s]+\/?(\?requireTLS=(true|false))?$/.test(text) &&
      isDecodable(text),
    "smtp://USER:PASSWORD@HOST:PORT or smtps://…, with special characters as %XX",
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Who mails come from: an address, with a name before it or not. */
export function mailFrom() {
  const address = "[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\\.[a-z0-9-]+)*";
  return z
    .string()
    .regex(
      new RegExp(`^(${address}|[^\\p{C}<>"@,;]{1,60} <${address}>)$`, "iu"),
      "an address, such as Example <no-reply@example.com>",
    );
}

/** The path of an image that is small enough for a page. */
export function logoFile() {
  return z.string().refine(isLogo, `none, or the path of an SVG or PNG file of at most ${largestLogo} bytes`);
}

function isLogo(path: string): boolean {
  try {
    if (!/\.(svg|png)$/i.test(path) || statSync(path).size > largestLogo) return false;
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
    .regex(/^#[0-9a-f]{6}(\s*,\s*#[0-9a-f]{6})?$/i, "a colour, such as #1d4ed8, or two, such as #1d4ed8,#93c5fd")
    .transform((text, context): Accent => {
      const [light = "", given] = text.toLowerCase().split(/\s*,\s*/);
      const dark = given ?? legible(light, card);
      const mends = [legible(light, page), legible(dark, card)];
      if (contrast(light, page) < leastContrast || contrast(dark, card) < leastContrast) {
        const message = `readable, ${leastContrast}:1 against light pages (and the second against dark ones), such as ${mends.slice(0, given ? 2 : 1)}`;
        context.addIssue({ code: "custom", message });
      }
      return { light, dark };
    });
}

/** An address that can stand in a link to write to it. */
export function linkableAddress() {
  return z
    .string()
    .regex(/^[a-z0-9.!#$*+=^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*$/i, "none, or an address, such as help@example.com");
}

/** The address of a page. */
export function webAddress() {
  return z
    .string()
    .refine(
      (text) => /^https?:\/\/[^/?#@\s\\]+([/?#][^\s\\]*)?$/.test(text) && URL.canParse(text),
      "none, or an address, such as https://example.com/terms",
    );
}

/** Which range API is asked; `off` becomes null. */
export function breachCheck() {
  const expected = "off, on, or an address that the hash's first 5 characters are added to";
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
  const postgres = /^postgres(ql)?:\/\/([^@/?#]*@)?[^@/?#]+(\/[^/?#]+)?(\?[^?#]*)?$/;
  return z
    .string()
    .refine(
      (text) => /^sqlite:[^\0]+$/.test(text) || postgres.test(text),
      "sqlite:PATH, sqlite::memory:, or postgres://USER:PASSWORD@HOST:PORT/NAME with special characters as %XX",
    );
}

/** The origin that the service is known by. */
export function publicUrl() {
  return origin("an origin, such as https://auth.example.com");
}

/** An origin, written as browsers write it. */
export function origin(expected?: string) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:\/\/[^/?#@*]+\/?$/.test(text), expected)
    .transform((text) => new URL(text).origin);
}
