import type { Store } from "./store.ts";
import { isEmpty } from "./tables/users.ts";

/** The base class of `DB`: its fields are bound to the store, so the store must be set before they are initialized. */
export class OpenDatabase implements AsyncDisposable {
  declare protected readonly store: Store;

  /** Use `openDB`. */
  constructor(store: Store) {
    // Not enumerable: a logged DB must not reveal the passwords in the settings.
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
