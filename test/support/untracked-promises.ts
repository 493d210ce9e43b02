// Loaded with `node --import` before node:test, which tracks every promise to find the test of an unhandled error. Tracking takes
// a fifth of the time of most tests. Without tracking, such an error still fails the run, but is reported for its file.
import hooks, { type HookCallbacks } from "node:async_hooks";

const { createHook } = hooks;
/** The published types lack `trackPromises`. */
const untracked = { trackPromises: false };
hooks.createHook = (callbacks: HookCallbacks) => createHook({ ...callbacks, ...untracked });
