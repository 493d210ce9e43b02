import { en } from "./en/en.ts";
import { fr } from "./fr/fr.ts";
import type { Messages } from "./messages.ts";

/** The languages of pages and emails, by tag (BCP 47). To add a language, add a directory and list the language here. */
export const messages = { en, fr } as const satisfies Record<string, Messages>;

export type Language = keyof typeof messages;

export const languages = Object.keys(messages) as Language[];

const defaultLanguage: Language = "en";

/** In characters. The rest of a longer header is ignored. */
const maxHeaderLength = 500;

/**
 * Chooses the language of a response from the Accept-Language header (RFC 9110, 12.5.4): the available language with the highest
 * quality value, or the first of several with this value. Ignores subtags: `fr-CA` counts as `fr`.
 *
 * @returns English if the header is invalid or lists no available language
 */
export function chooseLanguage(acceptLanguage = ""): Language {
  const ranges: [name: string, quality: number][] = [];
  const names = new Set<string>();
  for (const text of acceptLanguage.slice(0, maxHeaderLength).split(",")) {
    const [, name, quality = "1"] = range.exec(text.trim().toLowerCase()) ?? [];
    if (name === undefined || Number(quality) > 1) continue;
    ranges.push([name, Number(quality)]);
    names.add(name);
  }
  let chosen = defaultLanguage;
  let highest = 0;
  for (const [name, quality] of ranges) {
    const tag = name === "*" ? languages.find((language) => !names.has(language)) : name;
    if (quality <= highest || tag === undefined || !isLanguage(tag)) continue;
    chosen = tag;
    highest = quality;
  }
  return chosen;
}

/** Matches one language range of the header and its quality. `*` stands for the languages that the header does not list. */
const range = /^([a-z]{1,8}|\*)(?:-[a-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?$/;

/** Converts a stored tag to a language. Returns English if the language is not available. */
export function toLanguage(tag: string): Language {
  return isLanguage(tag) ? tag : defaultLanguage;
}

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(messages, tag);
}
