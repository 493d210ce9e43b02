import { minute } from "./durations.ts";

/**
 * How far the clocks of nodes may be apart, in milliseconds. A stored time that is further ahead of ours was written while a
 * clock was wrong.
 */
export const clockTolerance = 5 * minute;
