const examples =
  "write sqlite:bienvenue.db for a file of the working folder, or sqlite:/var/lib/bienvenue/bienvenue.db";

/**
 * Explains why the text after `sqlite:` is probably not the intended path, and what to write; undefined if it is fine. Without
 * this check, almost any text opens a new, empty database. The explanation repeats nothing of the text, which may be a URL with
 * a password.
 */
export function describeSqlitePathError(path: string): string | undefined {
  return describeUrlPartError(path) ?? describeFileNameError(path);
}

/** Refuses what only URLs have. A program that builds the URL from a known path may use a file with such a name. */
function describeUrlPartError(path: string): string | undefined {
  if (/[?#]/.test(path)) return `it is a path, without ? or # and what follows: ${examples}`;
  if (/%[0-9a-f]{2}/i.test(path)) return "it is a path: write characters as they are, not as %XX";
  return undefined;
}

/** Refuses what no program would use as a file name. */
export function describeFileNameError(path: string): string | undefined {
  if (path === ":memory:") return undefined;
  if (/^\s*$/.test(path)) return `the path is missing: ${examples}`;
  if (/^[:/]*memory:*$/i.test(path) || path.startsWith(":")) return "a database in memory is written sqlite::memory:";
  if (/^["'`‘’“”]|["'`‘’“”]$/.test(path.trim())) return "remove the quotes";
  if (/^\s|\s$|[^\S ]|\p{C}/u.test(path)) return "remove the spaces, line ends or invisible characters";
  if (path.startsWith("//")) return `a path has no // in front: ${examples}`;
  if (isUrl(path)) return `it is one path, without another scheme, host or password: ${examples}`;
  if (path.startsWith("~")) return "write the home folder out, for no shell replaces ~ here";
  if (/\$[\w{(]|%\w+%|\{\{/.test(path)) return "it holds a variable that nothing has replaced; write the path itself";
  if (/[*<>|;"]/.test(path)) return `it holds a character that no path needs (* < > | ; "): ${examples}`;
  if (/-(wal|shm|journal)$/.test(path))
    return "it is a file that SQLite keeps beside a database; name the database itself";
  if (/(^|[/\\])\.{0,2}$/.test(path)) return "it is a folder; add the name of a file to it";
  return undefined;
}

/** Whether a path is a URL; a single letter before the colon is a drive. */
function isUrl(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) || /:[^/\\]*@/.test(path);
}
