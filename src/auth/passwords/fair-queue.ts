/** The entries under one key. At the end of a path they are in `entries`, elsewhere in subgroups. */
class Group<Entry> {
  size = 0;
  /** The number of entries that `takeNext` can return. */
  ready = 0;
  /** In the order of their turns. */
  readonly groups = new Map<string, Group<Entry>>();
  readonly #bySize = new Map<number, Set<Group<Entry>>>();
  /** The size of the largest subgroup. */
  largestSize = 0;
  /** Oldest first. */
  readonly entries: Entry[] = [];
  /** In the order in which they became ready. */
  readonly readyEntries = new Set<Entry>();

  /** Returns the largest subgroup. Of several, prefers the one with this key. */
  findLargest(preferred: string | undefined): Group<Entry> | undefined {
    const own = preferred === undefined ? undefined : this.groups.get(preferred);
    if (own && own.size === this.largestSize) return own;
    return this.#bySize.get(this.largestSize)?.values().next().value;
  }

  /** Updates the index of subgroups by size, in constant time, after the size of one has changed by one. */
  resize(group: Group<Entry>, from: number, to: number): void {
    const before = this.#bySize.get(from);
    before?.delete(group);
    if (before?.size === 0) this.#bySize.delete(from);
    if (to > 0) this.#bySize.set(to, (this.#bySize.get(to) ?? new Set()).add(group));
    if (to > this.largestSize || !this.#bySize.has(this.largestSize)) this.largestSize = to;
  }
}

interface Position<Entry> {
  readonly path: readonly string[];
  /** The root group, then one for each key of the path. */
  readonly lineage: readonly Group<Entry>[];
}

/**
 * A queue of entries, each under a path of keys from the widest to the narrowest, for example a /48, a /56 in it and a
 * /64 in that. At each level, groups take turns. If there is no room, the newest entry of the largest group must go
 * (`findNewestOfLargest`). No path may be the prefix of another.
 */
export class FairQueue<Entry> {
  readonly #root = new Group<Entry>();
  readonly #positions = new Map<Entry, Position<Entry>>();

  get size(): number {
    return this.#root.size;
  }

  /** The number of entries that `takeNext` can return. */
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
    this.#positions.set(entry, { path, lineage });
  }

  /** Allows `takeNext` to return this entry. */
  setReady(entry: Entry): void {
    const { lineage = [] } = this.#positions.get(entry) ?? {};
    const group = lineage.at(-1);
    if (!group || group.readyEntries.has(entry)) return;
    group.readyEntries.add(entry);
    for (const each of lineage) each.ready++;
  }

  /** Deletes an entry, if it is in the queue. */
  delete(entry: Entry): void {
    const position = this.#positions.get(entry);
    if (!position) return;
    const { path, lineage } = position;
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
    this.#positions.delete(entry);
  }

  /** Removes and returns the ready entry whose turn it is. */
  takeNext(): Entry | undefined {
    let group = this.#root;
    while (group.groups.size > 0) {
      const turn = findFirstReady(group);
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
   * Returns true if a new entry under this path would stay even if the queue then had to remove one entry. An
   * incomplete path stands for a new group under it.
   */
  admits(path: readonly string[]): boolean {
    let group: Group<Entry> | undefined = this.#root;
    // An incomplete path goes one level deeper, to the new group.
    for (let depth = 0; group && depth <= path.length; depth++) {
      const key = path[depth];
      const child: Group<Entry> | undefined = key === undefined ? undefined : group.groups.get(key);
      // Of equally large groups, the one with the new entry loses that entry.
      if (group.largestSize > (child?.size ?? 0) + 1) return true;
      group = child;
    }
    return false;
  }

  /**
   * Returns the newest entry of the largest group, found in the same way at each level.
   *
   * @param preferred the path to follow among equally large groups
   */
  findNewestOfLargest(preferred: readonly string[] = []): Entry | undefined {
    let group: Group<Entry> | undefined = this.#root;
    for (let depth = 0; group && group.groups.size > 0; depth++) group = group.findLargest(preferred[depth]);
    return group?.entries.at(-1);
  }

  entries(): Entry[] {
    return [...this.#positions.keys()];
  }
}

function findFirstReady<Entry>({ groups }: Group<Entry>): [string, Group<Entry>] | undefined {
  for (const turn of groups) if (turn[1].ready > 0) return turn;
  return undefined;
}
