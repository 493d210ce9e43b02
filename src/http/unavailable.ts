import { AuthError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { minute } from "../values/durations.ts";

/** At this maximum, the log grows by 60 MB a day. */
const maxLinesPerMinute = 200;

/**
 * Logs why a request got 503.
 *
 * @param fields identify the request
 */
export type LogUnavailable = (error: Error, fields: object) => void;

/**
 * Returns a function that logs at most 200 lines a minute. The first line of the next minute counts the omitted ones (`unlogged`).
 */
export function createUnavailableLogger(log: Log, now = () => performance.now()): LogUnavailable {
  let startedAt = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (error, fields) => {
    const isNext = now() - startedAt >= minute;
    const unlogged = isNext ? Math.max(0, lines - maxLinesPerMinute) : 0;
    if (isNext) [startedAt, lines] = [now(), 0];
    if (++lines > maxLinesPerMinute) return;
    const more = unlogged > 0 ? { unlogged } : {};
    const reason = error instanceof AuthError && error.cause instanceof Error ? error.cause.message : error.message;
    log.warn({ event: "unavailable", reason, ...more, ...fields }, "unavailable");
  };
}
