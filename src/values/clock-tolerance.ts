import { minute } from "./durations.ts";

/**
 * The maximum difference between the clocks of nodes, in milliseconds. A stored time further in the future was written while a
 * clock was wrong.
 */
export const clockTolerance = 5 * minute;
