import { AsyncLocalStorage } from "node:async_hooks";
import { type TestContext, type TestOptions, test as testOnce } from "node:test";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";

/** Every test of storage, auth and HTTP runs on each of these. */
const engines = ["sqlite", "postgres"] as const;
export type EngineName = (typeof engines)[number];

const running = new AsyncLocalStorage<EngineName>();

/** Returns the engine of the current test. */
export function getCurrentEngine(): EngineName {
  return running.getStore() ?? "sqlite";
}

/** Registers a test for each engine. `createWorld` and `createStore` use the engine of the current test. */
export function test(name: string, run: Body): void;
export function test(name: string, options: TestOptions, run: Body): void;
export function test(name: string, ...rest: [TestOptions, Body] | [Body]): void {
  const run = rest.at(-1) as Body;
  const options = rest.length === 2 ? rest[0] : {};
  const [, caller] = getCallSites(2);
  const file = fileURLToPath(caller?.scriptName ?? import.meta.url);
  for (const engine of engines)
    testOnce(`${name} (${engine})`, options, (context) => {
      // Node reports this file as the file of the test; the reporter needs the actual one.
      if (context.filePath !== file) context.diagnostic(file);
      return running.run(engine, () => run(context));
    });
}

type Body = (context: TestContext) => void | Promise<void>;
