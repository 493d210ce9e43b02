import assert from "node:assert/strict";
import { type Environment, readSettings, SettingsError } from "../../src/settings/settings.ts";

/** Returns the message with which settings are rejected. */
export function getSettingsError(environment: Environment): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return assert.fail(`not rejected: ${JSON.stringify(environment)}`);
}
