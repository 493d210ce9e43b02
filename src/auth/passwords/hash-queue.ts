import { type AuthError, busy } from "../../errors.ts";
import { type Metrics, uncounted } from "../../observe/metrics.ts";
import { FairQueue } from "./fair-queue.ts";
import { HashLoad } from "./hash-load.ts";

/** How long a place may wait for its turn before it is given up, in milliseconds. */
const waitLimit = 6000;
/** How long a hash may run before its caller is refused, in milliseconds. */
const hashLimit = 10_000;
/** One in so many places, and in so many turns, is reserved for known devices. */
const reservedPart = 4;
/** How many requests of one device may proceed without a place until its account is known. */
const mostOutside = 2;

/** A caller that needs a place. */
export interface PlaceFor {
  /** What a flood is divided by, from the widest network to the narrowest. */
  readonly path: readonly string[];
  /** The secrets of devices that may turn out to be known: the caller is refused only if none is. */
  readonly devices?: readonly string[];
}

/** A hash that waits for its turn. */
interface Task<Work, Result> {
  readonly work: Work;
  readonly asked: number;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/** One caller's place in the queue. */
class Place<Work, Result> implements Disposable {
  readonly path: readonly string[];
  readonly devices: readonly string[];
  readonly #queue: HashQueue<Work, Result>;
  task: Task<Work, Result> | undefined;
  /** It does not count as a place yet: `settle` decides, by the account of its device. */
  isOutside = false;
  /** It has had its turn: its further hashes come before those of callers that have not. */
  isServed = false;
  hasLeft = false;
  refusal: AuthError | undefined;
  /** How long its hashes took so far, in milliseconds. */
  worked = 0;
  timer: NodeJS.Timeout | undefined;

  /** Use `HashQueue.enter`. */
  constructor(queue: HashQueue<Work, Result>, { path, devices = [] }: PlaceFor) {
    this.#queue = queue;
    this.path = path;
    this.devices = devices;
  }

  /**
   * Tells the queue whose device the caller presented: a known one gets a reserved place, if one is free or another account has
   * more of them.
   *
   * @param known the account and the device; undefined for one that is not known
   * @throws {AuthError} `busy` for a caller who has no place
   */
  settle(known: readonly [account: string, device: string] | undefined): void {
    this.#queue.settle(this, known);
  }

  /**
   * Computes when it is this place's turn. A place may be used several times, one after the other: only the first waits for a
   * turn.
   *
   * @throws {AuthError} `busy` if others needed the place more, or the wait has become too long
   */
  run(work: Work): Promise<Result> {
    return this.#queue.run(this, work);
  }

  /** Gives the place up, if it still is one. */
  [Symbol.dispose](): void {
    this.#queue.leave(this);
  }
}

export type { Place };

/**
 * A bounded queue in front of the workers that hash. Callers enter before they know what they need, so that nothing is read or
 * written for a caller whom the queue cannot take.
 *
 * Turns are fair among networks. If the queue is full, the network that has most places gives up its newest one, so one network
 * may fill the queue while no other waits. Known devices have places and turns of their own, divided by account and device.
 */
export class HashQueue<Work, Result> {
  readonly #load: HashLoad<Work, Result>;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #strangers = new FairQueue<Place<Work, Result>>();
  readonly #known = new FairQueue<Place<Work, Result>>();
  /** Places that had a turn and need another hash. */
  readonly #served = new Set<Place<Work, Result>>();
  /** How many callers without a place present a device that may be known, by device. */
  readonly #outside = new Map<string, number>();
  readonly #computing = new Set<Promise<Result>>();
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
    this.#load = new HashLoad(compute, workers, duration, now);
    this.#metrics = metrics;
    this.#now = now;
    metrics.queue("hash", () => this.#waiting);
  }

  /**
   * Takes a place for a caller, at once. It must be disposed of, whatever happens.
   *
   * @throws {AuthError} `busy` if the wait would be too long; for a caller with a device that may be known, `settle` decides
   */
  enter(who: PlaceFor): Place<Work, Result> {
    const place = new Place(this, who);
    if (!this.#isRefused(who.path)) this.#addStranger(place);
    else if (this.#mayStayOutside(who.devices)) this.#stayOutside(place);
    else throw busy(this.retryAfter);
    return place;
  }

  /**
   * Whether `enter` would refuse this caller now. A path that ends early stands for the caller under it who has the best chance.
   */
  refuses({ path, devices }: PlaceFor): boolean {
    return this.#isRefused(path) && !this.#mayStayOutside(devices);
  }

  /** This, `run` and `leave` do what the methods of `Place` say. */
  settle(place: Place<Work, Result>, known: readonly [account: string, device: string] | undefined): void {
    if (place.hasLeft || place.refusal) throw this.#dismiss(place);
    const { isOutside } = place;
    this.#comeInside(place);
    if (known && !place.isServed && !this.#known.has(place)) this.#reserve(place, known);
    if (!isOutside || this.#known.has(place)) return;
    if (this.#isRefused(place.path)) throw this.#dismiss(place);
    this.#addStranger(place);
  }

  async run(place: Place<Work, Result>, work: Work): Promise<Result> {
    if (this.#closed || place.isOutside || place.hasLeft || place.refusal) throw this.#dismiss(place);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    place.task = { work, asked: this.#now(), resolve, reject };
    if (place.isServed) this.#served.add(place);
    else if (this.#known.has(place)) this.#known.setReady(place);
    else this.#strangers.setReady(place);
    this.#serve();
    return promise;
  }

  leave(place: Place<Work, Result>): void {
    if (place.hasLeft) return;
    place.hasLeft = true;
    this.#comeInside(place);
    this.#remove(place);
    this.#load.learn(place);
  }

  /** Whether callers must be refused, unless they have fewer places than others. */
  get isFull(): boolean {
    return this.#waiting >= this.#load.capacity;
  }

  /** The estimated seconds until all who wait now have had their turn: from 1 to 60. */
  get retryAfter(): number {
    return this.#load.secondsFor(this.#waiting);
  }

  /** Refuses what waits and what comes; resolves when what is computed already has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const place of [...this.#strangers.entries(), ...this.#known.entries(), ...this.#served]) this.#drop(place);
    await Promise.allSettled(this.#computing);
  }

  get #waiting(): number {
    return this.#strangers.size + this.#known.size;
  }

  #isRefused(path: readonly string[]): boolean {
    return this.#closed || (this.isFull && !this.#strangers.admits(path));
  }

  #addStranger(place: Place<Work, Result>): void {
    this.#strangers.add(place, place.path);
    place.timer ??= setTimeout(() => this.#drop(place), waitLimit).unref();
    if (place.task) this.#strangers.setReady(place);
    this.#makeRoom(place.path);
  }

  /** Moves a place to the reserved ones, if there is room, or an account with more of them than this one's. */
  #reserve(place: Place<Work, Result>, path: readonly string[]): void {
    const reserved = Math.max(1, Math.floor(this.#load.capacity / reservedPart));
    if (this.#known.size >= reserved && !this.#known.admits(path)) return;
    this.#strangers.delete(place);
    this.#known.add(place, path);
    place.timer ??= setTimeout(() => this.#drop(place), waitLimit).unref();
    const surplus = this.#known.size > reserved ? this.#known.newestOfLargest(path) : undefined;
    if (surplus) {
      this.#known.delete(surplus);
      this.#addStranger(surplus);
    } else this.#makeRoom();
  }

  /** Refuses the newest place of the largest network if there are too many. */
  #makeRoom(preferred?: readonly string[]): void {
    if (this.#waiting <= this.#load.capacity) return;
    const dropped = this.#strangers.newestOfLargest(preferred);
    if (dropped) this.#drop(dropped);
  }

  /** Hands free workers to those whose turn it is. */
  #serve(): void {
    while (this.#load.hasFree) {
      const place = this.#next();
      if (!place?.task) return;
      const { work, asked, resolve, reject } = place.task;
      place.task = undefined;
      place.isServed = true;
      clearTimeout(place.timer);
      this.#metrics.hashing(this.#now() - asked);
      // The worker stays busy until the hash ends, even if its caller was refused before.
      const timer = setTimeout(() => reject(this.#dismiss(place)), hashLimit).unref();
      const computing = this.#load.run(place, work).finally(() => {
        clearTimeout(timer);
        this.#computing.delete(computing);
        this.#serve();
      });
      this.#computing.add(computing);
      computing.then(resolve, reject);
    }
  }

  #next(): Place<Work, Result> | undefined {
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
  #drop(place: Place<Work, Result>): void {
    this.#remove(place);
    const refusal = this.#dismiss(place);
    place.task?.reject(refusal);
    place.task = undefined;
  }

  #dismiss(place: Place<Work, Result>): AuthError {
    place.refusal ??= busy(this.retryAfter);
    return place.refusal;
  }

  #remove(place: Place<Work, Result>): void {
    clearTimeout(place.timer);
    this.#strangers.delete(place);
    this.#known.delete(place);
    this.#served.delete(place);
  }

  #mayStayOutside(devices: readonly string[] = []): boolean {
    const hasMore = devices.some((device) => (this.#outside.get(device) ?? 0) >= mostOutside);
    return !this.#closed && devices.length > 0 && !hasMore;
  }

  #stayOutside(place: Place<Work, Result>): void {
    place.isOutside = true;
    for (const device of place.devices) this.#outside.set(device, (this.#outside.get(device) ?? 0) + 1);
  }

  #comeInside(place: Place<Work, Result>): void {
    if (!place.isOutside) return;
    place.isOutside = false;
    for (const device of place.devices) {
      const others = (this.#outside.get(device) ?? 1) - 1;
      if (others > 0) this.#outside.set(device, others);
      else this.#outside.delete(device);
    }
  }
}
