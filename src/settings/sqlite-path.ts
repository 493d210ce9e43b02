const examples =
  "write sqlite:bienvenue.db for a file in the working folder, or sqlite:/var/lib/bienvenue/bienvenue.db";

/**
 * Describes why the text after `sqlite:` is probably not the intended path, and what to write instead; undefined if it is valid.
 * Without this check, almost any text would open a new, empty database. The description repeats no part of the text, which can be
 * a URL with a password.
 */
export function describeSqlitePathError(path: string): string | undefined {
  return describeUrlPartError(path) ?? describeFileNameError(path);
}

/** Applies to settings only: `openDB` accepts these characters, because file names can contain them. */
function describeUrlPartError(path: string): string | undefined {
  if (/[?#]/.test(path)) return `the path must not contain ? or #: ${examples}`;
  if (/%[0-9a-f]{2}/i.test(path)) return "the path must not be percent-encoded";
  return undefined;
}

/** Describes why a text is probably not meant as a file name; undefined if it can be one. */
export function describeFileNameError(path: string): string | undefined {
  if (path === ":memory:") return undefined;
  if (/^\s*$/.test(path)) return `the path is missing: ${examples}`;
  if (/^[:/]*memory:*$/i.test(path) || path.startsWith(":")) return "write sqlite::memory: for a database in memory";
  if (/^["'`‘’“”]|["'`‘’“”]$/.test(path.trim())) return "remove the quotes";
  if (/^\s|\s$|[^\S ]|\p{C}/u.test(path)) return "remove the spaces, line breaks or invisible characters";
  if (path.startsWith("//")) return `the path must not start with //: ${examples}`;
  if (isUrl(path)) return `the path must not contain a scheme, host or password: ${examples}`;
  if (path.startsWith("~")) return "write the path of the home folder instead of ~, which is not expanded";
  if (/\$[\w{(]|%\w+%|\{\{/.test(path)) return "it contains a variable that was not expanded; write the path itself";
  if (/[*<>|;"]/.test(path)) return `the path must not contain * < > | ; or ": ${examples}`;
  if (/-(wal|shm|journal)$/.test(path)) return "this file is part of an SQLite database; name the database itself";
  if (/(^|[/\\])\.{0,2}$/.test(path)) return "it is a folder; add a file name";
  return undefined;
}

/** Returns false for a path with a drive letter, such as `C:\accounts.db`. */
function isUrl(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) || /:[^/\\]*@/.test(path);
}
