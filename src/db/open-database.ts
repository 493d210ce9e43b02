import type { Store } from "./store.ts";
import { isEmpty } from "./tables/users.ts";

/** The base class of `DB`. Sets the store before the fields of `DB`, because they are bound to it. */
export class OpenDatabase implements AsyncDisposable {
  declare protected readonly store: Store;

  /** Call `openDB` instead. */
  constructor(store: Store) {
    // Not enumerable, so that a logged `DB` does not reveal the passwords in the settings.
    Object.defineProperty(this, "store", { value: store });
  }

  /** Resolves if the database responds. */
  async ping(): Promise<void> {
    await isEmpty(this.store);
  }

  /** Closes the database; later calls throw `DatabaseUnavailable`. */
  close(): Promise<void> {
    return this.store.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
