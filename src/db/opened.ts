import type { Store } from "./store.ts";
import { areNone } from "./tables/users.ts";

/** A database that is open. Its fields come before those of `DB`, which are bound to the store. */
export class Opened implements AsyncDisposable {
  protected readonly store: Store;

  /** Use `openDB`. */
  constructor(store: Store) {
    this.store = store;
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await areNone(this.store);
  }

  /** Closes it; whatever is asked afterwards throws `DatabaseUnavailable`. */
  close(): Promise<void> {
    return this.store.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
