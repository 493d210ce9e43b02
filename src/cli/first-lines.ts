import { DatabaseSync } from "node:sqlite";

/** On which line each address came first. They are kept in a temporary file, so that millions of them take no memory. */
export class FirstLines implements Disposable {
  // A file without a name, which SQLite makes when it gets large, and which nobody else can open.
  readonly #db = new DatabaseSync("");
  readonly #insert;
  readonly #select;

  constructor() {
    this.#db.exec("pragma journal_mode = off; pragma synchronous = off");
    this.#db.exec("create table first_lines (email text primary key, line integer not null) without rowid");
    this.#insert = this.#db.prepare("insert or ignore into first_lines values (?, ?)");
    this.#select = this.#db.prepare("select line from first_lines where email = ?");
  }

  /** The line of an address that now comes on this one. */
  of(email: string, line: number): number {
    if (this.#insert.run(email, line).changes === 1) return line;
    return Number(this.#select.get(email)?.line);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
