import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AuditEvent, Auth, EventsWanted } from "../auth/auth.ts";
import { DatabaseUnavailable } from "../errors.ts";
import { toIso } from "../values/iso.ts";
import type { Command } from "./command.ts";
import { named, operating, whole } from "./operator.ts";
import { json, moment, plain } from "./table.ts";

/** How often `--follow` looks, in milliseconds. */
const every = 1000;
/** How far back it looks: what several nodes write at once does not appear in the order of its ids. */
const overlap = 1000;

const options = {
  user: { type: "string" },
  limit: { type: "string" },
  json: { type: "boolean", default: false },
  follow: { type: "boolean", default: false },
} as const;

/** The audit trail. */
export const events: Command = {
  summary: "tell what happened: who, what, from where and when (UTC); --follow goes on until it is interrupted",
  usage: "events [--user WHO] [--limit N] [--json] [--follow]",
  async run(args, environment) {
    const { values } = parseArgs({ args, options });
    const limit = whole(values.limit, 100, values.follow ? 0 : 1, 100_000);
    await operating(environment, async (auth) => {
      const of = values.user === undefined ? {} : { userId: (await named(auth, values.user)).id };
      const newest = await auth.audit.list({
        ...of,
        limit: values.follow ? Math.max(limit, overlap) : limit,
        newest: true,
      });
      const shown = limit === 0 ? [] : newest.slice(-limit);
      if (values.json && !values.follow) return console.log(json({ events: shown.map(fields) }));
      const tell = (event: AuditEvent) => console.log(values.json ? json(fields(event)) : line(event));
      for (const event of shown) tell(event);
      if (values.follow) await follow(auth, of, newest, tell);
    });
  },
};

/** Tells each event once, until SIGINT or SIGTERM, or until nobody reads any more. */
async function follow(
  auth: Auth,
  of: Pick<EventsWanted, "userId">,
  before: readonly AuditEvent[],
  tell: (event: AuditEvent) => void,
): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once("SIGINT", end).once("SIGTERM", end);
  process.stdout.once("error", end);
  let told = new Set(before.map(({ id }) => id));
  let last = before.at(-1)?.id ?? 0;
  while (!ending.signal.aborted) {
    await sleep(every, undefined, { signal: ending.signal }).catch(() => {});
    try {
      const from = Math.max(0, last - overlap);
      for await (const event of eventsAfter(auth, of, from)) {
        if (!told.has(event.id)) tell(event);
        told.add(event.id);
        last = Math.max(last, event.id);
      }
      told = new Set([...told].filter((id) => id > last - overlap));
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      console.error(`bienvenue: ${error.message}; trying again`);
    }
  }
}

async function* eventsAfter(auth: Auth, of: Pick<EventsWanted, "userId">, after: number): AsyncGenerator<AuditEvent> {
  const limit = 1000;
  for (let from = after; ; ) {
    const page = await auth.audit.list({ ...of, after: from, limit });
    yield* page;
    if (page.length < limit) return;
    from = page.at(-1)?.id ?? from;
  }
}

function fields({ id, at, event, userId, ip, userAgent, detail }: AuditEvent) {
  return { id, at: toIso(at), event, user_id: userId, ip, user_agent: userAgent, detail };
}

/** Of the same columns whenever it is told. */
function line({ at, event, userId, ip, detail }: AuditEvent): string {
  const user = userId === null ? "–" : `user ${userId}`;
  const cells = [moment(at) ?? "", event.padEnd(21), user.padEnd(9), (ip ?? "–").padEnd(15), detail ?? ""];
  return plain(cells.join("  ")).trimEnd();
}
