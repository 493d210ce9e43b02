import { DatabaseSync } from "node:sqlite";

/** The line on which each email address was first seen. Kept in a temporary file, so that millions of them take no memory. */
export class SeenEmails implements Disposable {
  // An empty name makes SQLite use an unnamed file, which no other process can open, once the database outgrows its cache.
  readonly #db = new DatabaseSync("");
  readonly #insert;
  readonly #select;

  constructor() {
    this.#db.exec("pragma journal_mode = off; pragma synchronous = off");
    this.#db.exec("create table first_lines (email text primary key, line integer not null) without rowid");
    this.#insert = this.#db.prepare("insert or ignore into first_lines values (?, ?)");
    this.#select = this.#db.prepare("select line from first_lines where email = ?");
  }

  /** Records that an email address is on this line, and returns the first line that it was on. */
  firstLine(email: string, line: number): number {
    if (this.#insert.run(email, line).changes === 1) return line;
    return Number(this.#select.get(email)?.line);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
