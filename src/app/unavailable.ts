import { AuthError } from "../errors.ts";
import type { Log } from "../log.ts";

/** How many requests without an answer are logged one by one, in a minute: 60 MB a day. Those who search by id need the first. */
const mostLines = 200;
const minute = 60_000;

/**
 * Logs a request that got 503, and why. Of more than 200 in a minute (a database that is away, a flood of logins) the next minute's
 * first line says how many were left out.
 */
export type LogUnavailable = (error: Error, where: object) => void;

export function unavailableLog(log: Log, now = () => performance.now()): LogUnavailable {
  let began = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (error, where) => {
    const isNext = now() - began >= minute;
    const unlogged = isNext ? Math.max(0, lines - mostLines) : 0;
    if (isNext) [began, lines] = [now(), 0];
    if (++lines > mostLines) return;
    const more = unlogged > 0 ? { unlogged } : {};
    const reason = error instanceof AuthError && error.cause instanceof Error ? error.cause.message : error.message;
    log.warn({ event: "unavailable", reason, ...more, ...where }, "unavailable");
  };
}
