import { findWeakSettings, redactDatabaseUrl, type Settings } from "../settings/settings.ts";
import { developmentWarning, exampleRequests } from "./example-requests.ts";
import type { Log } from "./log.ts";

/**
 * Logs that the service is listening, weak settings, and, on the first run in development, example requests.
 *
 * @param url the URL of the service for programs on this machine
 * @param isFirstRun true if there is no account yet
 */
export function logStartup(settings: Settings, log: Log, url: string, isFirstRun: boolean): void {
  const database = redactDatabaseUrl(settings.DATABASE_URL);
  log.info({ event: "listening", mode: settings.NODE_ENV, url, database }, "listening");
  for (const [name, reason] of Object.entries(findWeakSettings(settings))) {
    log.warn({ event: "weak_setting", [name]: settings[name as keyof Settings] }, `${name} is ${reason}`);
  }
  if (isFirstRun && settings.NODE_ENV === "development")
    log.info(
      { event: "first_run", try: exampleRequests(url), risk: developmentWarning },
      "no account yet; try these requests",
    );
}
