/** The suffixes of the files that SQLite keeps beside a database. */
export const companions = ["-wal", "-shm", "-journal"] as const;
