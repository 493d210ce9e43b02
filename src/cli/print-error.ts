import type { Environment } from "../settings/settings.ts";
import { sanitize } from "./format.ts";

/** Prints a message to standard error. */
export function printError(message: string): void {
  console.error(`bienvenue: ${message.split("\n").map(sanitize).join("\n")}`);
}

/** Warns about environment variables that look like misspelled settings. */
export async function warnOfMisspelledSettings(environment: Environment): Promise<void> {
  const { findMisspelledSettings } = await import("../settings/settings.ts");
  for (const { message } of findMisspelledSettings(environment)) printError(message);
}
