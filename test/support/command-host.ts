import "../../bin/v8.js";

/** A message from `commands.ts`: a command to run. */
export interface CommandRequest {
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
  readonly folder: string;
  /** Printed to both streams after the output of the command. */
  readonly endMarker: string;
}

// Loaded after V8 is set up, as in bin/start.js.
const { load } = await import("../../src/cli/cli.ts");

const start = process.cwd();
process.on("message", async ({ args, environment, folder, endMarker }: CommandRequest) => {
  process.chdir(folder);
  const run = await load(args);
  await run(environment);
  const code = process.exitCode ?? 0;
  // Commands do not reset this state, because their process usually exits.
  process.chdir(start);
  process.exitCode = undefined;
  process.stdout.removeAllListeners("error");
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.removeAllListeners(signal);
  process.stdout.write(endMarker);
  // The word separates the exit code from output that ends with a digit.
  process.stderr.write(` code ${code}${endMarker}`);
});
