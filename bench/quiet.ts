import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How long the machine is watched each time, in milliseconds. */
const watched = 150;
/** The part of one core that counts as nothing. */
const nothing = 0.15;

/**
 * Waits for a machine without other work before each round: between rounds nothing of ours runs, once what the last one
 * left behind is done. Its patience is limited, for all rounds together.
 */
export class Quiet {
  #patience = 45_000;
  /** How many rounds began on a machine that had other work. */
  disturbed = 0;

  async wait(): Promise<void> {
    for (;;) {
      const before = busyTime();
      const began = performance.now();
      await sleep(watched);
      const passed = performance.now() - began;
      if (busyTime() - before < nothing * passed) return;
      this.#patience -= passed;
      if (this.#patience < 0) {
        this.disturbed++;
        return;
      }
    }
  }
}

/** What all cores have worked since the machine started, in milliseconds. */
function busyTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
