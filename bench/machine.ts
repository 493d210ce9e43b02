import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds over which the load is measured. */
const sampleTime = 150;
/** The machine is idle if less than this share of one core is busy. */
const idleShare = 0.15;

export class Machine {
  /** Milliseconds that all rounds together can still wait. */
  #remainingWait = 45_000;
  /** Number of rounds that began on a busy machine. */
  busyRounds = 0;

  /** Waits until the machine is idle, or until no waiting time remains. */
  async waitUntilIdle(): Promise<void> {
    for (;;) {
      const before = readBusyTime();
      const began = performance.now();
      await sleep(sampleTime);
      const passed = performance.now() - began;
      if (readBusyTime() - before < idleShare * passed) return;
      this.#remainingWait -= passed;
      if (this.#remainingWait < 0) {
        this.busyRounds++;
        return;
      }
    }
  }
}

/** Returns the processor time used since the machine started, on all cores together, in milliseconds. */
function readBusyTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
