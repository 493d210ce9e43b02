// Loaded by `node --import`, before node:test: that follows each promise from its birth to its end, to know the test of an error that
// nobody handles. It is a fifth of what most tests take. Without it such an error still fails the run, as one of its file.
import hooks, { type HookCallbacks } from "node:async_hooks";

const { createHook } = hooks;
/** The published types lack it. */
const untracked = { trackPromises: false };
hooks.createHook = (callbacks: HookCallbacks) => createHook({ ...callbacks, ...untracked });
