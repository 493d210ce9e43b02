import { findWeakSettings, redactDatabaseUrl, type Settings } from "../settings/settings.ts";
import { developmentWarning, exampleRequests } from "./example-requests.ts";
import type { Log } from "./log.ts";

/**
 * Logs that the service listens, which settings are weak, and, on a first run in development, what to try.
 *
 * @param url the address under which a program on this machine reaches it
 * @param isFirstRun whether there is no account yet
 */
export function logStartup(settings: Settings, log: Log, url: string, isFirstRun: boolean): void {
  const database = redactDatabaseUrl(settings.DATABASE_URL);
  log.info({ event: "listening", mode: settings.NODE_ENV, url, database }, "listening");
  for (const [name, why] of Object.entries(findWeakSettings(settings))) {
    log.warn({ event: "weak_setting", [name]: settings[name as keyof Settings] }, `${name} is ${why}`);
  }
  if (isFirstRun && settings.NODE_ENV === "development")
    log.info({ event: "first_run", try: exampleRequests(url), risk: developmentWarning }, "no account yet: try these");
}
