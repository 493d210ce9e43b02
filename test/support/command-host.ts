import "../../bin/v8.js";

/** What `commands.ts` sends: a command, and what to print when it has ended. */
export interface Order {
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
  readonly folder: string;
  readonly end: string;
}

// As bin/start.js does, after V8 is set up.
const { load } = await import("../../src/cli/cli.ts");

const start = process.cwd();
process.on("message", async ({ args, environment, folder, end }: Order) => {
  process.chdir(folder);
  const run = await load(args);
  await run(environment);
  const code = process.exitCode ?? 0;
  // What a process leaves to its end.
  process.chdir(start);
  process.exitCode = undefined;
  process.stdout.removeAllListeners("error");
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.removeAllListeners(signal);
  process.stdout.write(end);
  // A word before it, for what was printed may end with a digit.
  process.stderr.write(` code ${code}${end}`);
});
