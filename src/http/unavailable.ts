import { AuthError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { minute } from "../values/durations.ts";

/** How many 503 responses are logged in a minute: 60 MB a day. */
const maxLinesPerMinute = 200;

/**
 * Logs a request that got 503, and why. If there are more than 200 in a minute (the database is unavailable, logins flood), the
 * first line of the next minute says how many were left out.
 */
export type LogUnavailable = (error: Error, where: object) => void;

export function unavailableLogger(log: Log, now = () => performance.now()): LogUnavailable {
  let began = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (error, where) => {
    const isNext = now() - began >= minute;
    const unlogged = isNext ? Math.max(0, lines - maxLinesPerMinute) : 0;
    if (isNext) [began, lines] = [now(), 0];
    if (++lines > maxLinesPerMinute) return;
    const more = unlogged > 0 ? { unlogged } : {};
    const reason = error instanceof AuthError && error.cause instanceof Error ? error.cause.message : error.message;
    log.warn({ event: "unavailable", reason, ...more, ...where }, "unavailable");
  };
}
