import "../../bin/v8.js";

/** A message from `commands.ts`: a command, and the text to print when it has ended. */
export interface CommandRequest {
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
  readonly folder: string;
  readonly endMarker: string;
}

// As bin/start.js does, after V8 is set up.
const { load } = await import("../../src/cli/cli.ts");

const start = process.cwd();
process.on("message", async ({ args, environment, folder, endMarker }: CommandRequest) => {
  process.chdir(folder);
  const run = await load(args);
  await run(environment);
  const code = process.exitCode ?? 0;
  // Resets what a command leaves to the end of its process.
  process.chdir(start);
  process.exitCode = undefined;
  process.stdout.removeAllListeners("error");
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.removeAllListeners(signal);
  process.stdout.write(endMarker);
  // After a word, because the output may end with a digit.
  process.stderr.write(` code ${code}${endMarker}`);
});
