import { existsSync } from "node:fs";
import "./v8.js";

// A clone runs its sources. The package runs its build, since Node runs no TypeScript below node_modules.
const source = new URL("../src/cli/cli.ts", import.meta.url);
const args = process.argv.slice(2);
// Keeps the signals that stop the service until it has loaded and has its own handlers. Without any handler, the first process of
// a container would not receive them.
/** @type {NodeJS.Signals[]} */
const received = [];
/** @type {NodeJS.SignalsListener} */
const keep = (signal) => received.push(signal);
/** @type {NodeJS.Signals[]} */
const stopSignals = args.length === 0 ? ["SIGTERM", "SIGINT"] : [];
for (const signal of stopSignals) process.on(signal, keep);
const { load } = await import(existsSync(source) ? source.href : new URL("../dist/cli/cli.js", import.meta.url).href);
const run = await load(args);
const running = run(process.env);
for (const signal of stopSignals) process.off(signal, keep);
for (const signal of received) process.emit(signal, signal);
await running;
