import { day } from "./durations.ts";

/** How long the move of an account to another address can be undone, in milliseconds. */
export const undoLifetime = 7 * day;
