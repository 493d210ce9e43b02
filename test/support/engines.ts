import { AsyncLocalStorage } from "node:async_hooks";
import { test as nodeTest, type TestContext, type TestOptions } from "node:test";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";

/** Tests of storage, auth and HTTP run on each of these engines. */
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
    nodeTest(`${name} (${engine})`, options, (context) => {
      // Node reports this file as the file of the test; the reporter needs the actual one.
      if (context.filePath !== file) context.diagnostic(file);
      return running.run(engine, () => run(context));
    });
}

type Body = (context: TestContext) => void | Promise<void>;
