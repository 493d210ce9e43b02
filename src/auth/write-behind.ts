/** How a `WriteBehind` stores its values. */
interface Options<Value> {
  /** How long values are collected before they are written, in milliseconds. */
  readonly delay: number;
  /** The maximum number of pending values for which `isBounded` returns true. */
  readonly maxPending: number;
  /** Returns true if a value counts towards `maxPending`. By default, all values do. */
  isBounded?(value: Value): boolean;
  /** Receives a value for which there is no room. By default, it is dropped. */
  overflow?(value: Value): void;
  /** Combines a pending value with a newer one of the same key. */
  merge(older: Value, newer: Value): Value;
  /**
   * Writes values, and removes the written ones from the map. If it throws, the remaining ones are written later.
   *
   * @param isExplicit true if `flush` was called, false if the delay is over
   */
  write(values: Map<string, Value>, isExplicit: boolean): Promise<void>;
  /** Called if `write` throws. */
  onError(error: unknown): void;
}

/** Collects values by key and writes them later in batches, oldest first, so that requests do not wait for the write. */
export class WriteBehind<Value> {
  readonly #options: Options<Value>;
  #pending = new Map<string, Value>();
  /** The number of pending values that count towards `maxPending`. */
  #bounded = 0;
  #writing: Map<string, Value> = new Map();
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Options<Value>) {
    this.#options = options;
  }

  /** Returns true if a value of this key is not written yet. */
  has(key: string): boolean {
    return this.#pending.has(key) || this.#writing.has(key);
  }

  /** Adds a value. It is written by the next `flush` or `flushSoon`. */
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

  /** Writes all values after the delay. */
  flushSoon(): void {
    this.#timer ??= setTimeout(() => void this.#flush(false), this.#options.delay).unref();
  }

  /** Writes all values now. Resolves when they are written, or a retry is scheduled. */
  flush(): Promise<void> {
    return this.#flush(true);
  }

  #flush(isExplicit: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(() => this.#write(isExplicit));
    return this.#written;
  }

  async #write(isExplicit: boolean): Promise<void> {
    this.#writing = this.#pending;
    this.#pending = new Map();
    this.#bounded = 0;
    try {
      await this.#options.write(this.#writing, isExplicit);
    } catch (error) {
      this.#restore();
      this.flushSoon();
      this.#options.onError(error);
    }
    this.#writing = new Map();
  }

  /** Makes unwritten values pending again, before newer ones. */
  #restore(): void {
    const { isBounded } = this.#options;
    const newer = this.#pending;
    this.#pending = this.#writing;
    this.#bounded = isBounded ? [...this.#pending.values()].filter(isBounded).length : this.#pending.size;
    for (const [key, value] of newer) this.add(key, value);
  }
}
