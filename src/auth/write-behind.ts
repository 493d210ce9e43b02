/** What a `WriteBehind` gathers, and how it is written. */
interface Options<Value> {
  /** How long values are gathered, in milliseconds. */
  readonly delay: number;
  /** How many values wait at maxPending, of those that are bounded. */
  readonly maxPending: number;
  /** Whether a value counts towards `maxPending`; by default each does. */
  isBounded?(value: Value): boolean;
  /** Takes a value that finds no room; by default it is dropped. */
  overflow?(value: Value): void;
  /** Combines a value that waits with a newer one of the same key. */
  merge(older: Value, newer: Value): Value;
  /**
   * Writes values, and removes from the map what is written: if it throws, the rest is written later.
   *
   * @param isAsked whether somebody asked for it, instead of the timer
   */
  write(values: Map<string, Value>, isAsked: boolean): Promise<void>;
  /** Reports that values could not be written. */
  onError(error: unknown): void;
}

/** Gathers values by key, and writes them a little later, in the order in which they came, off the path of what caused them. */
export class WriteBehind<Value> {
  readonly #options: Options<Value>;
  #pending = new Map<string, Value>();
  /** How many of them are bounded. */
  #bounded = 0;
  #writing: Map<string, Value> = new Map();
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Options<Value>) {
    this.#options = options;
  }

  /** Whether a value of this key is not written yet. */
  has(key: string): boolean {
    return this.#pending.has(key) || this.#writing.has(key);
  }

  /** Adds a value, to be written by the next `flush`. */
  add(key: string, value: Value): void {
    const { maxPending, isBounded, overflow, merge } = this.#options;
    const same = this.#pending.get(key);
    if (same === undefined) {
      const counts = isBounded?.(value) ?? true;
      if (counts && this.#bounded >= maxPending) {
        overflow?.(value);
        return;
      }
      if (counts) this.#bounded++;
    }
    this.#pending.set(key, same === undefined ? value : merge(same, value));
  }

  /** Writes before long. */
  flushSoon(): void {
    this.#timer ??= setTimeout(() => void this.#flush(false), this.#options.delay).unref();
  }

  /** Writes now; resolves when all of it is written, or has to wait for the database. */
  flush(): Promise<void> {
    return this.#flush(true);
  }

  #flush(isAsked: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#write(isAsked));
    return this.#written;
  }

  async #write(isAsked: boolean): Promise<void> {
    this.#writing = this.#pending;
    this.#pending = new Map();
    this.#bounded = 0;
    try {
      await this.#options.write(this.#writing, isAsked);
    } catch (error) {
      this.#putBack();
      this.flushSoon();
      this.#options.onError(error);
    }
    this.#writing = new Map();
  }

  /** Puts unwritten values back, before newer ones. */
  #putBack(): void {
    const { isBounded } = this.#options;
    const newer = this.#pending;
    this.#pending = this.#writing;
    this.#bounded = isBounded ? [...this.#pending.values()].filter(isBounded).length : this.#pending.size;
    for (const [key, value] of newer) this.add(key, value);
  }
}
