import { redacted, type Settings, weaknesses } from "../settings/settings.ts";
import { developmentRisk, firstSteps } from "./first-steps.ts";
import type { Log } from "./log.ts";

/**
 * Logs that the service listens, which settings are weak, and, on a first run in development, what to try.
 *
 * @param url the address under which a program on this machine reaches it
 * @param isFirstRun whether there is no account yet
 */
export function announce(settings: Settings, log: Log, url: string, isFirstRun: boolean): void {
  const database = redacted(settings.DATABASE_URL);
  log.info({ event: "listening", mode: settings.NODE_ENV, url, database }, "listening");
  for (const [name, why] of Object.entries(weaknesses(settings))) {
    log.warn({ event: "weak_setting", [name]: settings[name as keyof Settings] }, `${name} is ${why}`);
  }
  if (isFirstRun && settings.NODE_ENV === "development")
    log.info({ event: "first_run", try: firstSteps(url), risk: developmentRisk }, "no account yet: try these");
}
