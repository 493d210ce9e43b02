/** Entries under one key: those of its subgroups, or, at the end of a path, its own. */
class Group<Entry> {
  size = 0;
  /** How many of them are ready for their turn. */
  ready = 0;
  /** In the order in which they have their turn. */
  readonly groups = new Map<string, Group<Entry>>();
  readonly #bySize = new Map<number, Set<Group<Entry>>>();
  /** The size of the largest subgroup. */
  largestSize = 0;
  /** In the order in which they came. */
  readonly entries: Entry[] = [];
  /** In the order in which they became ready. */
  readonly readyEntries = new Set<Entry>();

  /** A largest subgroup: the one with this key if it is among them. */
  largest(preferred: string | undefined): Group<Entry> | undefined {
    const own = preferred === undefined ? undefined : this.groups.get(preferred);
    if (own && own.size === this.largestSize) return own;
    return this.#bySize.get(this.largestSize)?.values().next().value;
  }

  /** Keeps the subgroups sorted by size, in constant time, when the size of one changes by one. */
  resize(group: Group<Entry>, from: number, to: number): void {
    const before = this.#bySize.get(from);
    before?.delete(group);
    if (before?.size === 0) this.#bySize.delete(from);
    if (to > 0) this.#bySize.set(to, (this.#bySize.get(to) ?? new Set()).add(group));
    if (to > this.largestSize || !this.#bySize.has(this.largestSize)) this.largestSize = to;
  }
}

/** Where an entry waits. */
interface Place<Entry> {
  readonly path: readonly string[];
  /** The group of all entries, then one for each key of the path. */
  readonly lineage: readonly Group<Entry>[];
}

/**
 * Entries that wait, each under a path of keys (such as a /48, a /56 in it and a /64 in that), from the widest to the narrowest.
 * At each level of the paths, groups take turns, and the largest one gives up its newest entry when there is no more room. No
 * path may be the beginning of another.
 */
export class FairQueue<Entry> {
  readonly #root = new Group<Entry>();
  readonly #places = new Map<Entry, Place<Entry>>();

  get size(): number {
    return this.#root.size;
  }

  /** How many entries are ready for their turn. */
  get ready(): number {
    return this.#root.ready;
  }

  add(entry: Entry, path: readonly string[]): void {
    let group = this.#root;
    group.size++;
    const lineage = [group];
    for (const key of path) {
      const child = group.groups.get(key) ?? new Group<Entry>();
      group.groups.set(key, child);
      group.resize(child, child.size, ++child.size);
      group = child;
      lineage.push(group);
    }
    group.entries.push(entry);
    this.#places.set(entry, { path, lineage });
  }

  /** Lets `next` choose this entry. */
  setReady(entry: Entry): void {
    const { lineage = [] } = this.#places.get(entry) ?? {};
    const group = lineage.at(-1);
    if (!group || group.readyEntries.has(entry)) return;
    group.readyEntries.add(entry);
    for (const each of lineage) each.ready++;
  }

  /** Deletes an entry, if it is in the queue. */
  delete(entry: Entry): void {
    const place = this.#places.get(entry);
    if (!place) return;
    const { path, lineage } = place;
    const last = lineage.at(-1) as Group<Entry>;
    const wasReady = last.readyEntries.delete(entry);
    last.entries.splice(last.entries.indexOf(entry), 1);
    for (const [depth, group] of lineage.entries()) {
      const parent = lineage[depth - 1];
      parent?.resize(group, group.size, group.size - 1);
      group.size--;
      if (wasReady) group.ready--;
      if (group.size === 0) parent?.groups.delete(path[depth - 1] as string);
    }
    this.#places.delete(entry);
  }

  /** Takes out the ready entry whose turn it is. */
  next(): Entry | undefined {
    let group = this.#root;
    while (group.groups.size > 0) {
      const turn = firstReady(group);
      if (!turn) return undefined;
      const [key, child] = turn;
      group.groups.delete(key);
      group.groups.set(key, child);
      group = child;
    }
    const [entry] = group.readyEntries;
    if (entry !== undefined) this.delete(entry);
    return entry;
  }

  /**
   * Whether a new entry under this path would stay if the queue then had to remove one entry. A path that ends early stands for a
   * new group under it.
   */
  admits(path: readonly string[]): boolean {
    let group: Group<Entry> | undefined = this.#root;
    // One level more than the path has, for a path that ends early.
    for (let depth = 0; group && depth <= path.length; depth++) {
      const key = path[depth];
      const child: Group<Entry> | undefined = key === undefined ? undefined : group.groups.get(key);
      // Of equally large groups the newest entry is the one that is added.
      if (group.largestSize > (child?.size ?? 0) + 1) return true;
      group = child;
    }
    return false;
  }

  /**
   * The newest entry of the group that has the most, and so on within it.
   *
   * @param preferred the path to follow among groups that have equally many
   */
  newestOfLargest(preferred: readonly string[] = []): Entry | undefined {
    let group: Group<Entry> | undefined = this.#root;
    for (let depth = 0; group && group.groups.size > 0; depth++) group = group.largest(preferred[depth]);
    return group?.entries.at(-1);
  }

  /** All entries. */
  entries(): Entry[] {
    return [...this.#places.keys()];
  }
}

function firstReady<Entry>({ groups }: Group<Entry>): [string, Group<Entry>] | undefined {
  for (const turn of groups) if (turn[1].ready > 0) return turn;
  return undefined;
}
