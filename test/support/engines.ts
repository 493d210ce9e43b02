import { AsyncLocalStorage } from "node:async_hooks";
import { type TestContext, type TestOptions, test as testOnce } from "node:test";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";

/** The databases that every test of storage, auth and HTTP runs on. */
const engines = ["sqlite", "postgres"] as const;
export type EngineName = (typeof engines)[number];

const running = new AsyncLocalStorage<EngineName>();

/** The engine of the test that runs. */
export function currentEngine(): EngineName {
  return running.getStore() ?? "sqlite";
}

/** Registers a test once an engine: `createWorld` makes its world there. */
export function test(name: string, run: Body): void;
export function test(name: string, options: TestOptions, run: Body): void;
export function test(name: string, ...rest: [TestOptions, Body] | [Body]): void {
  const run = rest.at(-1) as Body;
  const options = rest.length === 2 ? rest[0] : {};
  const [, caller] = getCallSites(2);
  const file = fileURLToPath(caller?.scriptName ?? import.meta.url);
  for (const engine of engines)
    testOnce(`${name} (${engine})`, options, (context) => {
      // Node takes this file for the test's, and the reporter wants the other.
      if (context.filePath !== file) context.diagnostic(file);
      return running.run(engine, () => run(context));
    });
}

type Body = (context: TestContext) => void | Promise<void>;
