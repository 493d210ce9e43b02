import { en } from "./en/en.ts";
import { fr } from "./fr/fr.ts";
import type { Messages } from "./messages.ts";

/** The languages of pages and mails, by their tag (BCP 47). To add one, add a folder and its name here. */
export const messages = { en, fr } as const satisfies Record<string, Messages>;

export type Language = keyof typeof messages;

export const languages = Object.keys(messages) as Language[];

/** For those who ask for none that there is. */
const otherwise: Language = "en";

/** More of the header is not read: nobody's list of languages is longer. */
const longest = 500;

/**
 * The language that a request's Accept-Language asks for (RFC 9110, 12.5.4): of those that there are, the one with the
 * highest quality, and of equals the first. Subtags do not count: `fr-CA` is `fr`. Never throws; English for whoever
 * asks for none of them, or for nothing that can be read.
 */
export function chooseLanguage(acceptLanguage = ""): Language {
  const ranges = acceptLanguage.slice(0, longest).split(",").flatMap(read);
  const named = new Set(ranges.map(({ name }) => name));
  const wanted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  for (const { name } of wanted) {
    const found = languages.find((language) => (name === "*" ? !named.has(language) : name === language));
    if (found !== undefined) return found;
  }
  return otherwise;
}

/** The language of that tag, as it was stored; English when it is none (any more). */
export function languageNamed(tag: string): Language {
  return languages.find((language) => language === tag) ?? otherwise;
}

function read(range: string): { name: string; quality: number }[] {
  const form = /^([a-z]{1,8}|\*)(?:-[a-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?$/;
  const [, name, quality = "1"] = form.exec(range.trim().toLowerCase()) ?? [];
  return name === undefined || Number(quality) > 1 ? [] : [{ name, quality: Number(quality) }];
}
