import { formatInvalidValue } from "./invalid-value.ts";

/** An environment variable that is not a setting, and the setting that was probably meant. */
export interface MisspelledSetting {
  readonly name: string;
  readonly suggestion: string;
  /** A warning that does not repeat the value. */
  readonly message: string;
}

/** Variables of other programs whose names differ from a setting by one letter. */
const unrelated = new Set(["LOG_FILE"]);
/** Longer names are ignored. In characters. */
const maxLength = 60;

/**
 * Finds environment variables whose names are similar to those of settings:
 * - in another case, with other separators, or with a typo
 * - in the singular instead of the plural, or with the words in another order
 * - with the program's name or `export` in front
 * - with spaces, quotes or invisible characters around them, which environment files can leave
 *
 * Values are ignored, except that an empty one counts as unset.
 *
 * @param names the names of all settings
 */
export function findMisspellings(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): MisspelledSetting[] {
  const settingNames = new Set(names);
  const settings = names.map(parseName);
  return Object.keys(environment)
    .filter((name) => environment[name] && !settingNames.has(name) && !unrelated.has(name) && name.length <= maxLength)
    .flatMap((name) => {
      const upper = name.toUpperCase();
      const bare = upper.replace(/^\s*EXPORT\s+/, "");
      const parsed = parseName(bare);
      // Orchestrators set BIENVENUE_PORT for a service of that name.
      const withoutPrefix = bare.startsWith("BIENVENUE_") ? parseName(bare.slice("BIENVENUE_".length)) : parsed;
      const matches = settings.filter((one) => isSimilar(one.name.includes("_") ? withoutPrefix : parsed, one));
      const suggestion = matches
        .map((setting) => setting.name)
        .sort((a, b) => editDistance(upper, a) - editDistance(upper, b))[0];
      const message = `${quoteIfNeeded(name)} is not a setting and has no effect; did you mean ${suggestion}?`;
      return suggestion === undefined ? [] : [{ name, suggestion, message }];
    });
}

/** Quotes a name whose mistake can be invisible. */
function quoteIfNeeded(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${formatInvalidValue(name)}"`;
}

/** A name in upper case, prepared for comparison. */
interface NameParts {
  readonly name: string;
  readonly letters: string;
  readonly words: readonly string[];
  /** The words in alphabetical order. */
  readonly sortedWords: string;
}

function parseName(name: string): NameParts {
  const parts = splitWords(name);
  return { name, letters: name.replace(/[^A-Z0-9]/g, ""), words: parts, sortedWords: sortAndJoin(parts) };
}

function isSimilar(candidate: NameParts, setting: NameParts): boolean {
  if (candidate.letters === setting.letters) return true;
  const distance = editDistance(candidate.letters, setting.letters, 1);
  // PATH, POST and HOSTS are variables of other programs: in a short name, only swapped letters count as a typo.
  if (!setting.name.includes("_"))
    return distance === 1 && sortAndJoin([...candidate.letters]) === sortAndJoin([...setting.letters]);
  if (distance === 1 || candidate.sortedWords === setting.sortedWords) return true;
  return (
    candidate.words.length === setting.words.length &&
    candidate.words.every((word, i) => isSimilarWord(word, setting.words[i] ?? ""))
  );
}

function isSimilarWord(word: string, expected: string): boolean {
  if (word === expected) return true;
  const maxDistance = expected.length <= 3 ? 0 : expected.length <= 6 ? 1 : 2;
  return word[0] === expected[0] && editDistance(word, expected, maxDistance) <= maxDistance;
}

/** Splits a name into words and makes each one singular. */
function splitWords(name: string): string[] {
  const parts = name.split(/[^A-Z0-9]+/).filter(Boolean);
  return parts.map((word) =>
    word
      .replace(/IES$/, "Y")
      .replace(/^(\w{3,})S$/, "$1")
      .replace(/^URI$/, "URL"),
  );
}

function sortAndJoin(parts: readonly string[]): string {
  return parts.toSorted().join(" ");
}

/**
 * Returns the number of letters to add, remove, replace or swap with their neighbor (optimal string alignment distance).
 *
 * @param max if the distance exceeds it, the result can be Infinity
 */
function editDistance(from: string, to: string, max = Number.POSITIVE_INFINITY): number {
  if (Math.abs(from.length - to.length) > max) return Number.POSITIVE_INFINITY;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped));
    }
    if (Math.min(...next) > max) return Number.POSITIVE_INFINITY;
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
