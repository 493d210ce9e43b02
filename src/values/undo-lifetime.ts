import { day } from "./durations.ts";

/** How long an email change can be undone, in milliseconds. */
export const undoLifetime = 7 * day;
