import { existsSync } from "node:fs";
import "./v8.js";

// The sources in a clone; what was built from them in the package, where Node does not read TypeScript.
const source = new URL("../src/cli/cli.ts", import.meta.url);
const args = process.argv.slice(2);
// The service stops at these signals, and loading it takes a while. The first process of a container does not get a signal that it
// has no handler for, so one that comes now is kept until the service has its own.
/** @type {NodeJS.Signals[]} */
const early = [];
/** @type {NodeJS.SignalsListener} */
const keep = (signal) => early.push(signal);
/** @type {NodeJS.Signals[]} */
const stops = args.length === 0 ? ["SIGTERM", "SIGINT"] : [];
for (const signal of stops) process.on(signal, keep);
const { load } = await import(existsSync(source) ? source.href : new URL("../dist/cli/cli.js", import.meta.url).href);
const run = await load(args);
const running = run(process.env);
for (const signal of stops) process.off(signal, keep);
for (const signal of early) process.emit(signal, signal);
await running;
