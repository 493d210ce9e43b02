import { refusedValue } from "./refused-value.ts";

/** A variable of the environment that is no setting, and the setting that was probably meant. */
export interface Misspelling {
  readonly found: string;
  readonly meant: string;
  /** A warning that does not repeat the value. */
  readonly message: string;
}

/** Variables of other programs that differ from a setting by one letter. */
const unrelated = new Set(["LOG_FILE"]);
/** The longest name that is compared, in characters. */
const maxLength = 60;

/**
 * Finds the variables whose names are nearly those of settings: with other case, other separators, a typo, singular for plural,
 * the words in another order, the program's name or `export` in front, or spaces, quotes and invisible characters around them,
 * as environment files can leave them. Values are ignored, except that an empty one counts as unset.
 *
 * @param names the names of all settings
 */
export function misspellings(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Misspelling[] {
  const known = new Set(names);
  const settings = names.map(partsOf);
  return Object.keys(environment)
    .filter((found) => environment[found] && !known.has(found) && !unrelated.has(found) && found.length <= maxLength)
    .flatMap((found) => {
      const upper = found.toUpperCase();
      const bare = upper.replace(/^\s*EXPORT\s+/, "");
      const given = partsOf(bare);
      // Orchestrators set BIENVENUE_PORT for a service of that name.
      const withoutPrefix = bare.startsWith("BIENVENUE_") ? partsOf(bare.slice("BIENVENUE_".length)) : given;
      const candidates = settings.filter((one) => isNear(one.name.includes("_") ? withoutPrefix : given, one));
      const meant = candidates.map(({ name }) => name).sort((a, b) => edits(upper, a) - edits(upper, b))[0];
      const message = `${quoteIfNeeded(found)} is not a setting and has no effect; did you mean ${meant}?`;
      return meant === undefined ? [] : [{ found, meant, message }];
    });
}

/** Quoted if the mistake could be invisible. */
function quoteIfNeeded(found: string): string {
  return /^[\w.-]+$/.test(found) ? found : `"${refusedValue(found)}"`;
}

/** What is compared of a name, in upper case. */
interface Parts {
  readonly name: string;
  readonly joined: string;
  readonly words: readonly string[];
  /** Its words in the order of the alphabet. */
  readonly sorted: string;
}

function partsOf(name: string): Parts {
  const parts = words(name);
  return { name, joined: name.replace(/[^A-Z0-9]/g, ""), words: parts, sorted: sorted(parts) };
}

function isNear(given: Parts, setting: Parts): boolean {
  if (given.joined === setting.joined) return true;
  const distance = edits(given.joined, setting.joined, 1);
  // PATH, POST and HOSTS are words of their own: in a short name only exchanged letters count as a typo.
  if (!setting.name.includes("_")) return distance === 1 && sorted([...given.joined]) === sorted([...setting.joined]);
  if (distance === 1 || given.sorted === setting.sorted) return true;
  return (
    given.words.length === setting.words.length &&
    given.words.every((word, i) => isNearWord(word, setting.words[i] ?? ""))
  );
}

function isNearWord(word: string, wanted: string): boolean {
  if (word === wanted) return true;
  const most = wanted.length <= 3 ? 0 : wanted.length <= 6 ? 1 : 2;
  return word[0] === wanted[0] && edits(word, wanted, most) <= most;
}

/** The words of a name, each in its singular. */
function words(name: string): string[] {
  const parts = name.split(/[^A-Z0-9]+/).filter(Boolean);
  return parts.map((word) =>
    word
      .replace(/IES$/, "Y")
      .replace(/^(\w{3,})S$/, "$1")
      .replace(/^URI$/, "URL"),
  );
}

function sorted(parts: readonly string[]): string {
  return parts.toSorted().join(" ");
}

/**
 * The number of letters to add, remove, replace or exchange with their neighbor (optimal string alignment).
 *
 * @param most above it, some number above it is returned as soon as that is certain
 */
function edits(from: string, to: string, most = Number.POSITIVE_INFINITY): number {
  if (Math.abs(from.length - to.length) > most) return Number.POSITIVE_INFINITY;
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const exchanged = isExchanged ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, exchanged));
    }
    if (Math.min(...next) > most) return Number.POSITIVE_INFINITY;
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
