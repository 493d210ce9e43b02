import { en } from "./en/en.ts";
import { fr } from "./fr/fr.ts";
import type { Messages } from "./messages.ts";

/** The languages of pages and mails, by their tag (BCP 47). To add one, add a folder and its name here. */
export const messages = { en, fr } as const satisfies Record<string, Messages>;

export type Language = keyof typeof messages;

export const languages = Object.keys(messages) as Language[];

/** For those who ask for none that there is. */
const defaultLanguage: Language = "en";

/** More of the header is not read: nobody's list of languages is longer. */
const maxHeaderLength = 500;

/**
 * The language that a request's Accept-Language asks for (RFC 9110, 12.5.4): of those that there are, the one with the
 * highest quality, and of equals the first. Subtags do not count: `fr-CA` is `fr`. Never throws; English for whoever
 * asks for none of them, or for nothing that can be read.
 */
export function chooseLanguage(acceptLanguage = ""): Language {
  const ranges: [name: string, quality: number][] = [];
  const named = new Set<string>();
  for (const text of acceptLanguage.slice(0, maxHeaderLength).split(",")) {
    const [, name, quality = "1"] = range.exec(text.trim().toLowerCase()) ?? [];
    if (name === undefined || Number(quality) > 1) continue;
    ranges.push([name, Number(quality)]);
    named.add(name);
  }
  let chosen = defaultLanguage;
  let highest = 0;
  for (const [name, quality] of ranges) {
    const tag = name === "*" ? languages.find((language) => !named.has(language)) : name;
    if (quality <= highest || tag === undefined || !isLanguage(tag)) continue;
    chosen = tag;
    highest = quality;
  }
  return chosen;
}

/** One of the header's languages, and its quality. */
const range = /^([a-z]{1,8}|\*)(?:-[a-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?$/;

/** The language of that tag, as it was stored; English when it is none (any more). */
export function toLanguage(tag: string): Language {
  return isLanguage(tag) ? tag : defaultLanguage;
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(messages, tag);
}
