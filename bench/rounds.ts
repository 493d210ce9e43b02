import type { Machine } from "./machine.ts";

/** The results of two consecutive rounds. */
export interface Pair<Result> {
  readonly subject: Result;
  readonly baseline: Result;
}

/** Runs both measurements in turn, so that a machine that becomes slower affects both. */
export async function alternate<Result>(
  machine: Machine,
  rounds: number,
  measureSubject: () => Promise<Result>,
  measureBaseline: () => Promise<Result>,
): Promise<Pair<Result>[]> {
  const pairs: Pair<Result>[] = [];
  while (pairs.length < rounds) {
    await machine.waitUntilIdle();
    const subject = await measureSubject();
    await machine.waitUntilIdle();
    pairs.push({ subject, baseline: await measureBaseline() });
  }
  return pairs;
}
