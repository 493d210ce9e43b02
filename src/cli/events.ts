import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { AuditEvent, Auth, EventQuery } from "../auth/auth.ts";
import { DatabaseUnavailable } from "../errors.ts";
import type { Environment } from "../settings/settings.ts";
import { toIso } from "../values/iso.ts";
import { wholeNumber } from "./arguments.ts";
import { findAccount } from "./find-account.ts";
import { formatJson, formatTime, sanitize } from "./format.ts";
import { printError } from "./print-error.ts";
import { withAuth } from "./with-auth.ts";

interface EventsOptions {
  readonly user?: string;
  readonly limit: number;
  readonly json?: true;
  readonly follow?: true;
}

type Filter = Pick<EventQuery, "userId">;

/** Milliseconds between two polls of `--follow`. */
const pollInterval = 1000;
/** The number of ids that each poll reads again, because nodes can commit events in another order than their ids. */
const overlap = 1000;

export function declareEvents(program: Command, environment: Environment): void {
  program
    .command("events")
    .summary("Print the audit trail")
    .description("Print the newest audit events, oldest first. Times are in UTC.")
    .option("--user <account>", "Only events of this account (id or email address)")
    .option("--limit <number>", "Maximum number of events; 0 requires --follow", wholeNumber(0, 100_000), 100)
    .option("--json", "Print JSON; with --follow, one document per event")
    .option("--follow", "Keep printing new events until interrupted")
    .action((options: EventsOptions, command: Command) => {
      if (options.limit === 0 && !options.follow) command.error("error: --limit 0 requires --follow");
      return withAuth(environment, (auth) => printEvents(auth, options));
    });
}

async function printEvents(auth: Auth, { user, limit, json, follow }: EventsOptions): Promise<void> {
  const filter = user === undefined ? {} : { userId: (await findAccount(auth, user)).id };
  const newest = await auth.audit.list({ ...filter, limit: follow ? Math.max(limit, overlap) : limit, newest: true });
  const events = limit === 0 ? [] : newest.slice(-limit);
  if (json && !follow) return console.log(formatJson({ events: events.map(toJson) }));
  const print = (event: AuditEvent) => console.log(json ? formatJson(toJson(event)) : formatEvent(event));
  for (const event of events) print(event);
  if (follow) await followEvents(auth, filter, newest, print);
}

/** Prints each new event once, until SIGINT, SIGTERM or the end of standard output. */
async function followEvents(
  auth: Auth,
  filter: Filter,
  before: readonly AuditEvent[],
  print: (event: AuditEvent) => void,
): Promise<void> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  process.stdout.once("error", abort);
  let printed = new Set(before.map(({ id }) => id));
  let last = before.at(-1)?.id ?? 0;
  while (!controller.signal.aborted) {
    await sleep(pollInterval, undefined, { signal: controller.signal }).catch(() => {});
    try {
      for await (const event of eventsAfter(auth, filter, Math.max(0, last - overlap))) {
        if (!printed.has(event.id)) print(event);
        printed.add(event.id);
        last = Math.max(last, event.id);
      }
      printed = new Set([...printed].filter((id) => id > last - overlap));
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      printError(`${error.message}; retrying`);
    }
  }
}

async function* eventsAfter(auth: Auth, filter: Filter, after: number): AsyncGenerator<AuditEvent> {
  const limit = 1000;
  for (let from = after; ; ) {
    const page = await auth.audit.list({ ...filter, after: from, limit });
    yield* page;
    if (page.length < limit) return;
    from = page.at(-1)?.id ?? from;
  }
}

function toJson({ id, at, event, userId, ip, userAgent, detail }: AuditEvent) {
  return { id, at: toIso(at), event, user_id: userId, ip, user_agent: userAgent, detail };
}

/** Formats an event with fixed column widths, so that lines printed at different times align. */
function formatEvent({ at, event, userId, ip, detail }: AuditEvent): string {
  const user = userId === null ? "–" : `user ${userId}`;
  const cells = [formatTime(at), event.padEnd(21), user.padEnd(9), (ip ?? "–").padEnd(15), detail ?? ""];
  return sanitize(cells.join("  ")).trimEnd();
}
