import type { Quiet } from "./quiet.ts";

/** What two rounds found that followed each other. */
export interface Pair<Found> {
  readonly ours: Found;
  readonly theirs: Found;
}

/** Runs the two in turn, so that a machine that grows slower meanwhile does so for both. */
export async function alternate<Found>(
  quiet: Quiet,
  rounds: number,
  ours: () => Promise<Found>,
  theirs: () => Promise<Found>,
): Promise<Pair<Found>[]> {
  const pairs: Pair<Found>[] = [];
  while (pairs.length < rounds) {
    await quiet.wait();
    const found = await ours();
    await quiet.wait();
    pairs.push({ ours: found, theirs: await theirs() });
  }
  return pairs;
}
