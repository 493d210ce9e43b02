// Loaded by `node --import` before node:test, which tracks every promise to find the test of an unhandled error. Tracking takes
// a fifth of the time of most tests. Without it such an error still fails the run, as an error of its file.
import hooks, { type HookCallbacks } from "node:async_hooks";

const { createHook } = hooks;
/** The published types lack it. */
const untracked = { trackPromises: false };
hooks.createHook = (callbacks: HookCallbacks) => createHook({ ...callbacks, ...untracked });
