/** The file of an embedded database that outlives the process; undefined for any other. */
export function embeddedFile(url: string): string | undefined {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === ":memory:" ? undefined : path;
}

/** The suffixes of the files that SQLite keeps beside a database. */
export const companions = ["-wal", "-shm", "-journal"] as const;
