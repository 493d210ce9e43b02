import type { Store } from "./store.ts";
import { isEmpty } from "./tables/users.ts";

/** An open database. A base class, because the groups of `DB` are fields that need the store to be set before them. */
export class OpenDatabase implements AsyncDisposable {
  declare protected readonly store: Store;

  /** Use `openDB`. */
  constructor(store: Store) {
    // Not enumerable: otherwise a DB that is logged would show the passwords in the settings.
    Object.defineProperty(this, "store", { value: store });
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await isEmpty(this.store);
  }

  /** Closes it; whatever is asked afterwards throws `DatabaseUnavailable`. */
  close(): Promise<void> {
    return this.store.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
