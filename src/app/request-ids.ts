import { randomUUID } from "node:crypto";
import type { RequestIds } from "../request-ids.ts";
import type { Settings } from "../settings.ts";
import { parseTraceParent } from "../trace-parent.ts";
import type { Tracing } from "../tracing.ts";
import type { Request } from "./caller.ts";
import { peers } from "./peers.ts";

/**
 * Finds out what a request is called, when somebody wants to know: most requests cause no log line. What the headers say
 * is believed of this machine and of TRUSTED_PROXIES; anyone else could pass for another request in the log.
 */
export function identifier({ TRUSTED_PROXIES }: Settings, tracing: Tracing): (c: Request) => RequestIds {
  const isTrusted = peers(TRUSTED_PROXIES);
  return (c) => {
    const known = c.get("ids");
    if (known) return known;
    const header = (name: string) =>
      isTrusted(c.env?.incoming?.socket.remoteAddress) ? c.req.header(name) : undefined;
    const given = header("X-Request-Id") ?? "";
    const trace = tracing.current() ?? parseTraceParent(header("traceparent"));
    const ids = { id: /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID(), ...trace };
    c.set("ids", ids);
    return ids;
  };
}
