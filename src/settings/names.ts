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
  return Object.keys(environment)
    .filter((found) => environment[found] && !known.has(found) && !unrelated.has(found) && found.length <= maxLength)
    .flatMap((found) => {
      const candidates = names.filter((name) => isNear(found, name));
      const meant = candidates.sort((a, b) => edits(found.toUpperCase(), a) - edits(found.toUpperCase(), b))[0];
      const message = `${quoteIfNeeded(found)} is not a setting and has no effect; did you mean ${meant}?`;
      return meant === undefined ? [] : [{ found, meant, message }];
    });
}

/** Quoted if the mistake could be invisible. */
function quoteIfNeeded(found: string): string {
  return /^[\w.-]+$/.test(found) ? found : `"${refusedValue(found)}"`;
}

function isNear(found: string, name: string): boolean {
  const upper = found.toUpperCase().replace(/^\s*EXPORT\s+/, "");
  // Orchestrators set BIENVENUE_PORT for a service of that name.
  const bare = name.includes("_") ? upper.replace(/^BIENVENUE_/, "") : upper;
  const [joined, expected] = [joinedWords(bare), joinedWords(name)];
  if (joined === expected) return true;
  const distance = edits(joined, expected);
  // PATH, POST and HOSTS are words of their own: in a short name only exchanged letters count as a typo.
  if (!name.includes("_")) return distance === 1 && sorted([...joined]) === sorted([...expected]);
  if (distance === 1) return true;
  const [given, wanted] = [words(bare), words(name)];
  if (sorted(given) === sorted(wanted)) return true;
  return given.length === wanted.length && given.every((word, i) => isNearWord(word, wanted[i] ?? ""));
}

function isNearWord(word: string, wanted: string): boolean {
  if (word === wanted) return true;
  const most = wanted.length <= 3 ? 0 : wanted.length <= 6 ? 1 : 2;
  return word[0] === wanted[0] && edits(word, wanted) <= most;
}

function joinedWords(name: string): string {
  return name.replace(/[^A-Z0-9]/g, "");
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

/** The number of letters to add, remove, replace or exchange with their neighbor (optimal string alignment). */
function edits(from: string, to: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isExchanged = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const exchanged = isExchanged ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, exchanged));
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
