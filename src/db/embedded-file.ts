/** The file of an embedded database that outlives the process; undefined for any other. */
export function embeddedFile(url: string): string | undefined {
  const path = /^sqlite:(.+)$/s.exec(url)?.[1];
  return path === ":memory:" ? undefined : path;
}

/** What SQLite adds to a database's name for the files that belong to it. */
export const companions = ["-wal", "-shm", "-journal"] as const;
