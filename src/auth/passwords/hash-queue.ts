import { type AuthError, busyError } from "../../errors.ts";
import { type Metrics, uncounted } from "../../observe/metrics.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Slot, SlotRequest, Task } from "./hash-slot.ts";
import { ProvisionalCallers } from "./provisional-callers.ts";

/** How long a slot waits for its turn before it is dropped, in milliseconds. */
const waitTimeout = 6000;
/** How long a hash may run before its caller is rejected, in milliseconds. */
const hashTimeout = 10_000;
/** The maximum expected wait of a caller, in milliseconds. */
const maxWait = 5000;
/** The maximum number of waiting slots, even if hashes are fast. */
const maxWaiting = 10_000;
/** One of four slots, and one of four turns, is reserved for known devices. */
const reservedShare = 4;

/** A hash that is being computed. */
interface RunningHash {
  readonly since: number;
  /** The total time of the earlier hashes of the same slot, in milliseconds. */
  readonly before: number;
}

/**
 * A bounded queue in front of the hash threads. A request takes a slot first, so that a rejected request reads and
 * writes nothing.
 *
 * Networks take turns. If the queue is full, the network with the most slots loses its newest one, so that one network
 * can fill the queue only while no other waits. Known devices have reserved slots and turns, shared by account and
 * device.
 */
export class HashQueue<Work, Result> {
  readonly #compute: (work: Work) => Promise<Result>;
  readonly #workers: number;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #unknown = new FairQueue<Slot<Work, Result>>();
  readonly #known = new FairQueue<Slot<Work, Result>>();
  /** Slots that have had a turn and need another hash. */
  readonly #served = new Set<Slot<Work, Result>>();
  readonly #provisional = new ProvisionalCallers();
  readonly #running = new Map<RunningHash, Promise<void>>();
  /** The moving average of the total hash time of a slot, in milliseconds. */
  #duration: number;
  #closed = false;
  /** The number of turns of unknown devices since the last one of a known device. */
  #unknownTurns = 0;

  /**
   * @param duration the expected time of a hash, in milliseconds, until some have been measured
   * @param options `now` returns milliseconds from any origin
   */
  constructor(
    compute: (work: Work) => Promise<Result>,
    workers: number,
    duration: number,
    {
      metrics = uncounted,
      now = () => performance.now(),
    }: { readonly metrics?: Metrics; readonly now?: () => number } = {},
  ) {
    this.#compute = compute;
    this.#workers = workers;
    this.#duration = duration;
    this.#metrics = metrics;
    this.#now = now;
    metrics.addQueue("hash", () => this.#waiting);
  }

  /**
   * Takes a slot for a caller, without waiting. The caller must dispose of it.
   *
   * @throws {AuthError} `busy` if the wait would be too long; for a caller with device secrets, `assign` throws it instead
   */
  enter({ path, devices = [] }: SlotRequest): Slot<Work, Result> {
    const isProvisional = this.#isRejected(path);
    if (isProvisional && !this.#mayBeProvisional(devices)) throw busyError(this.retryAfter);
    const slot: Slot<Work, Result> = {
      path,
      devices,
      isProvisional,
      hasHadTurn: false,
      isDisposed: false,
      totalTime: 0,
      [Symbol.dispose]: () => this.#dispose(slot),
    };
    if (isProvisional) this.#provisional.add(devices);
    else this.#addUnknown(slot);
    return slot;
  }

  /**
   * Returns true if `enter` would reject this caller now. An incomplete path stands for the caller under it with the best
   * chance.
   */
  wouldReject({ path, devices = [] }: SlotRequest): boolean {
    return this.#isRejected(path) && !this.#mayBeProvisional(devices);
  }

  /**
   * Moves the slot of a known device to the reserved slots, if one is free or another account has more of them.
   *
   * @param known the account and the device; undefined if the account knows no device of the caller
   * @throws {AuthError} `busy` if the caller gets no slot, or has lost it
   */
  assign(slot: Slot<Work, Result>, known: readonly [account: string, device: string] | undefined): void {
    if (slot.isDisposed || slot.rejection) throw this.#rejectionOf(slot);
    const { isProvisional } = slot;
    if (isProvisional) this.#endProvisional(slot);
    if (known && !slot.hasHadTurn && slot.queue !== this.#known) this.#reserve(slot, known);
    if (!isProvisional || slot.queue === this.#known) return;
    if (this.#isRejected(slot.path)) throw this.#rejectionOf(slot);
    this.#addUnknown(slot);
  }

  /**
   * Computes a hash when it is the slot's turn. Only the first hash of a slot waits for a turn. A slot can compute several
   * hashes, one after the other.
   *
   * @throws {AuthError} `busy` if the slot was dropped in favor of another, or has waited too long
   */
  async run(slot: Slot<Work, Result>, work: Work): Promise<Result> {
    if (this.#closed || slot.isProvisional || slot.isDisposed || slot.rejection) throw this.#rejectionOf(slot);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    slot.task = { work, queuedAt: this.#now(), resolve, reject };
    if (slot.hasHadTurn) this.#served.add(slot);
    else slot.queue?.setReady(slot);
    this.#serve();
    return promise;
  }

  /** True if callers are rejected, except those whose network has fewer slots than another. */
  get isFull(): boolean {
    return this.#waiting >= this.#capacity;
  }

  /** The estimated seconds until all waiting slots have had their turn: from 1 to 60. */
  get retryAfter(): number {
    const seconds = Math.ceil(this.#waiting / Math.max(this.#rate, 1e-9) / 1000);
    return Math.min(60, Math.max(1, seconds));
  }

  /** Rejects all waiting and further hashes. Resolves when the running ones have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const slot of [...this.#unknown.entries(), ...this.#known.entries(), ...this.#served]) this.#drop(slot);
    await Promise.all(this.#running.values());
  }

  get #waiting(): number {
    return this.#unknown.size + this.#known.size;
  }

  /** The maximum number of waiting slots: those that get their turn within `maxWait`, and one for each free worker. */
  get #capacity(): number {
    const free = this.#workers - this.#running.size;
    return free + Math.min(maxWaiting, Math.floor(maxWait * this.#rate));
  }

  /**
   * The number of slots that the workers serve per millisecond. A hash that runs longer than the average counts with its
   * time so far: if hashes no longer finish, the estimated wait keeps growing.
   */
  get #rate(): number {
    const now = this.#now();
    let rate = (this.#workers - this.#running.size) / this.#duration;
    for (const { since, before } of this.#running.keys()) rate += 1 / Math.max(this.#duration, before + now - since);
    return rate;
  }

  #isRejected(path: readonly string[]): boolean {
    return this.#closed || (this.isFull && !this.#unknown.admits(path));
  }

  #addUnknown(slot: Slot<Work, Result>): void {
    slot.queue = this.#unknown;
    slot.queue.add(slot, slot.path);
    slot.timer ??= setTimeout(() => this.#drop(slot), waitTimeout).unref();
    if (slot.task) this.#unknown.setReady(slot);
    this.#makeRoom(slot.path);
  }

  /** Moves a slot to the reserved ones, if there is room or another account has more of them. */
  #reserve(slot: Slot<Work, Result>, path: readonly string[]): void {
    const reserved = Math.max(1, Math.floor(this.#capacity / reservedShare));
    if (this.#known.size >= reserved && !this.#known.admits(path)) return;
    slot.queue?.delete(slot);
    slot.queue = this.#known;
    slot.queue.add(slot, path);
    slot.timer ??= setTimeout(() => this.#drop(slot), waitTimeout).unref();
    const surplus = this.#known.size > reserved ? this.#known.findNewestOfLargest(path) : undefined;
    if (surplus) {
      this.#known.delete(surplus);
      this.#addUnknown(surplus);
    } else this.#makeRoom();
  }

  /** Drops the newest slot of the largest network if there are too many. */
  #makeRoom(preferred?: readonly string[]): void {
    if (this.#waiting <= this.#capacity) return;
    const dropped = this.#unknown.findNewestOfLargest(preferred);
    if (dropped) this.#drop(dropped);
  }

  /** Gives free workers to the slots whose turn it is. */
  #serve(): void {
    while (this.#running.size < this.#workers) {
      const slot = this.#next();
      if (!slot?.task) return;
      const { task, totalTime } = slot;
      slot.task = undefined;
      const running = { since: this.#now(), before: totalTime };
      this.#running.set(running, this.#computeNow(slot, task, running));
    }
  }

  /** Computes a hash. After a timeout the worker stays busy until the hash ends. A failed hash adds no time. */
  async #computeNow(
    slot: Slot<Work, Result>,
    { work, queuedAt, resolve, reject }: Task<Work, Result>,
    running: RunningHash,
  ) {
    slot.hasHadTurn = true;
    clearTimeout(slot.timer);
    this.#metrics.recordHashWait(running.since - queuedAt);
    const timer = setTimeout(() => reject(this.#rejectionOf(slot)), hashTimeout).unref();
    try {
      const result = await Promise.try(this.#compute, work);
      slot.totalTime += this.#now() - running.since;
      if (slot.isDisposed) this.#updateAverage(slot);
      resolve(result);
    } catch (error) {
      reject(error);
    }
    clearTimeout(timer);
    this.#running.delete(running);
    this.#serve();
  }

  #next(): Slot<Work, Result> | undefined {
    const [served] = this.#served;
    if (served && this.#served.delete(served)) return served;
    if (this.#known.ready > 0 && (this.#unknown.ready === 0 || this.#unknownTurns >= reservedShare - 1)) {
      this.#unknownTurns = 0;
      return this.#known.takeNext();
    }
    if (this.#unknown.ready > 0) this.#unknownTurns++;
    return this.#unknown.takeNext();
  }

  /** Removes a slot and rejects its caller. */
  #drop(slot: Slot<Work, Result>): void {
    this.#remove(slot);
    const rejection = this.#rejectionOf(slot);
    slot.task?.reject(rejection);
    slot.task = undefined;
  }

  #rejectionOf(slot: Slot<Work, Result>): AuthError {
    slot.rejection ??= busyError(this.retryAfter);
    return slot.rejection;
  }

  #dispose(slot: Slot<Work, Result>): void {
    if (slot.isDisposed) return;
    slot.isDisposed = true;
    if (slot.isProvisional) this.#endProvisional(slot);
    this.#remove(slot);
    this.#updateAverage(slot);
  }

  #endProvisional(slot: Slot<Work, Result>): void {
    slot.isProvisional = false;
    this.#provisional.delete(slot.devices);
  }

  #remove(slot: Slot<Work, Result>): void {
    clearTimeout(slot.timer);
    slot.queue?.delete(slot);
    this.#served.delete(slot);
  }

  /** Adds the total time of a slot to the average. */
  #updateAverage(slot: Slot<Work, Result>): void {
    if (slot.totalTime > 0) this.#duration += (slot.totalTime - this.#duration) / 16;
    slot.totalTime = 0;
  }

  #mayBeProvisional(devices: readonly string[]): boolean {
    return !this.#closed && this.#provisional.admits(devices);
  }
}
