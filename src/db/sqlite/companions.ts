/** The suffixes of the files that SQLite keeps next to a database. */
export const companionSuffixes = ["-wal", "-shm", "-journal"] as const;
