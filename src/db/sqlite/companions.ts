/** The suffixes of the files that SQLite keeps beside a database. */
export const companionSuffixes = ["-wal", "-shm", "-journal"] as const;
