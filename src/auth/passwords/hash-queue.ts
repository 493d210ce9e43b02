import { type AuthError, busyError } from "../../errors.ts";
import { type Metrics, uncounted } from "../../observe/metrics.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Slot, SlotRequest, Task } from "./hash-slot.ts";
import { ProvisionalCallers } from "./provisional-callers.ts";

/** How long a place may wait for its turn before it is given up, in milliseconds. */
const waitLimit = 6000;
/** How long a hash may run before its caller is refused, in milliseconds. */
const hashLimit = 10_000;
/** The longest expected wait for a hash, in milliseconds: past it a caller must come back later. */
const longestWait = 5000;
/** However fast the hashes are, no more wait than this. */
const mostWaiting = 10_000;
/** One in so many places, and in so many turns, is reserved for known devices. */
const reservedPart = 4;

/** A hash that a worker computes. */
interface Running {
  readonly since: number;
  /** What the same place had computed before, in milliseconds. */
  readonly before: number;
}

/**
 * A bounded queue in front of the workers that hash. Callers enter before they know what they need, so that nothing is read or
 * written for a caller whom the queue cannot take.
 *
 * Turns are fair among networks. If the queue is full, the network that has most places gives up its newest one, so one network
 * may fill the queue while no other waits. Known devices have places and turns of their own, divided by account and device.
 */
export class HashQueue<Work, Result> {
  readonly #compute: (work: Work) => Promise<Result>;
  readonly #workers: number;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #strangers = new FairQueue<Slot<Work, Result>>();
  readonly #known = new FairQueue<Slot<Work, Result>>();
  /** Places that had a turn and need another hash. */
  readonly #served = new Set<Slot<Work, Result>>();
  readonly #outsiders = new ProvisionalCallers();
  readonly #running = new Map<Running, Promise<void>>();
  /** How long the hashes of one place take together, in milliseconds: a moving average. */
  #duration: number;
  #closed = false;
  /** How many turns strangers have had since the last one of a known device. */
  #turnsOfStrangers = 0;

  /**
   * @param duration how long a hash is expected to take, in milliseconds, until some were measured
   * @param options `now` tells milliseconds, from any beginning
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
   * Takes a place for a caller, at once. It must be disposed of, whatever happens.
   *
   * @throws {AuthError} `busy` if the wait would be too long; for a caller with a device that may be known, `settle` decides
   */
  enter({ path, devices = [] }: SlotRequest): Slot<Work, Result> {
    const isOutside = this.#isRefused(path);
    if (isOutside && !this.#mayStayOutside(devices)) throw busyError(this.retryAfter);
    const place: Slot<Work, Result> = {
      path,
      devices,
      isProvisional: isOutside,
      hasHadTurn: false,
      isDisposed: false,
      totalTime: 0,
      [Symbol.dispose]: () => this.#leave(place),
    };
    if (isOutside) this.#outsiders.add(devices);
    else this.#addStranger(place);
    return place;
  }

  /**
   * Whether `enter` would refuse this caller now. A path that ends early stands for the caller under it who has the best chance.
   */
  wouldReject({ path, devices = [] }: SlotRequest): boolean {
    return this.#isRefused(path) && !this.#mayStayOutside(devices);
  }

  /**
   * Tells the queue whose device the caller presented: a known one gets a reserved place, if one is free or another account has
   * more of them.
   *
   * @param known the account and the device; undefined for one that is not known
   * @throws {AuthError} `busy` for a caller who has no place
   */
  assign(place: Slot<Work, Result>, known: readonly [account: string, device: string] | undefined): void {
    if (place.isDisposed || place.rejection) throw this.#dismiss(place);
    const { isProvisional: isOutside } = place;
    if (isOutside) this.#comeInside(place);
    if (known && !place.hasHadTurn && place.queue !== this.#known) this.#reserve(place, known);
    if (!isOutside || place.queue === this.#known) return;
    if (this.#isRefused(place.path)) throw this.#dismiss(place);
    this.#addStranger(place);
  }

  /**
   * Computes when it is this place's turn. A place may be used several times, one after the other: only the first waits for a
   * turn.
   *
   * @throws {AuthError} `busy` if others needed the place more, or the wait has become too long
   */
  async run(place: Slot<Work, Result>, work: Work): Promise<Result> {
    if (this.#closed || place.isProvisional || place.isDisposed || place.rejection) throw this.#dismiss(place);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    place.task = { work, queuedAt: this.#now(), resolve, reject };
    if (place.hasHadTurn) this.#served.add(place);
    else place.queue?.setReady(place);
    this.#serve();
    return promise;
  }

  /** Whether callers must be refused, unless they have fewer places than others. */
  get isFull(): boolean {
    return this.#waiting >= this.#capacity;
  }

  /** The estimated seconds until all who wait now have had their turn: from 1 to 60. */
  get retryAfter(): number {
    const seconds = Math.ceil(this.#waiting / Math.max(this.#rate, 1e-9) / 1000);
    return Math.min(60, Math.max(1, seconds));
  }

  /** Refuses what waits and what comes; resolves when what is computed already has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const place of [...this.#strangers.entries(), ...this.#known.entries(), ...this.#served]) this.#drop(place);
    await Promise.all(this.#running.values());
  }

  get #waiting(): number {
    return this.#strangers.size + this.#known.size;
  }

  /** How many may wait: as many as get their turn in time, and one for each worker that is free. */
  get #capacity(): number {
    const free = this.#workers - this.#running.size;
    return free + Math.min(mostWaiting, Math.floor(longestWait * this.#rate));
  }

  /**
   * How many places the workers serve in a millisecond. A hash that already runs longer than the average counts with its time so
   * far: if hashes stop ending, the estimated wait keeps growing.
   */
  get #rate(): number {
    const now = this.#now();
    let rate = (this.#workers - this.#running.size) / this.#duration;
    for (const { since, before } of this.#running.keys()) rate += 1 / Math.max(this.#duration, before + now - since);
    return rate;
  }

  #isRefused(path: readonly string[]): boolean {
    return this.#closed || (this.isFull && !this.#strangers.admits(path));
  }

  #addStranger(place: Slot<Work, Result>): void {
    place.queue = this.#strangers;
    place.queue.add(place, place.path);
    place.timer ??= setTimeout(() => this.#drop(place), waitLimit).unref();
    if (place.task) this.#strangers.setReady(place);
    this.#makeRoom(place.path);
  }

  /** Moves a place to the reserved ones, if there is room, or an account with more of them than this one's. */
  #reserve(place: Slot<Work, Result>, path: readonly string[]): void {
    const reserved = Math.max(1, Math.floor(this.#capacity / reservedPart));
    if (this.#known.size >= reserved && !this.#known.admits(path)) return;
    place.queue?.delete(place);
    place.queue = this.#known;
    place.queue.add(place, path);
    place.timer ??= setTimeout(() => this.#drop(place), waitLimit).unref();
    const surplus = this.#known.size > reserved ? this.#known.newestOfLargest(path) : undefined;
    if (surplus) {
      this.#known.delete(surplus);
      this.#addStranger(surplus);
    } else this.#makeRoom();
  }

  /** Refuses the newest place of the largest network if there are too many. */
  #makeRoom(preferred?: readonly string[]): void {
    if (this.#waiting <= this.#capacity) return;
    const dropped = this.#strangers.newestOfLargest(preferred);
    if (dropped) this.#drop(dropped);
  }

  /** Hands free workers to those whose turn it is. */
  #serve(): void {
    while (this.#running.size < this.#workers) {
      const place = this.#next();
      if (!place?.task) return;
      const { task, totalTime: worked } = place;
      place.task = undefined;
      const running = { since: this.#now(), before: worked };
      this.#running.set(running, this.#work(place, task, running));
    }
  }

  /** Computes a hash now, and adds its time to the place; a failure adds nothing. The worker stays busy until the hash ends. */
  async #work(
    place: Slot<Work, Result>,
    { work, queuedAt: asked, resolve, reject }: Task<Work, Result>,
    running: Running,
  ) {
    place.hasHadTurn = true;
    clearTimeout(place.timer);
    this.#metrics.recordHashWait(running.since - asked);
    const timer = setTimeout(() => reject(this.#dismiss(place)), hashLimit).unref();
    try {
      const result = await Promise.try(this.#compute, work);
      place.totalTime += this.#now() - running.since;
      if (place.isDisposed) this.#learn(place);
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
    if (this.#known.ready > 0 && (this.#strangers.ready === 0 || this.#turnsOfStrangers >= reservedPart - 1)) {
      this.#turnsOfStrangers = 0;
      return this.#known.next();
    }
    if (this.#strangers.ready > 0) this.#turnsOfStrangers++;
    return this.#strangers.next();
  }

  /** Gives a place up and refuses its caller. */
  #drop(place: Slot<Work, Result>): void {
    this.#remove(place);
    const refusal = this.#dismiss(place);
    place.task?.reject(refusal);
    place.task = undefined;
  }

  #dismiss(place: Slot<Work, Result>): AuthError {
    place.rejection ??= busyError(this.retryAfter);
    return place.rejection;
  }

  #leave(place: Slot<Work, Result>): void {
    if (place.isDisposed) return;
    place.isDisposed = true;
    if (place.isProvisional) this.#comeInside(place);
    this.#remove(place);
    this.#learn(place);
  }

  #comeInside(place: Slot<Work, Result>): void {
    place.isProvisional = false;
    this.#outsiders.delete(place.devices);
  }

  #remove(place: Slot<Work, Result>): void {
    clearTimeout(place.timer);
    place.queue?.delete(place);
    this.#served.delete(place);
  }

  /** Adds what a place took to the average. */
  #learn(place: Slot<Work, Result>): void {
    if (place.totalTime > 0) this.#duration += (place.totalTime - this.#duration) / 16;
    place.totalTime = 0;
  }

  #mayStayOutside(devices: readonly string[]): boolean {
    return !this.#closed && this.#outsiders.admits(devices);
  }
}
