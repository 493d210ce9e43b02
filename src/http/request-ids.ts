import { randomUUID } from "node:crypto";
import { parseTraceParent, type RequestIds } from "../observe/request-ids.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Settings } from "../settings/settings.ts";
import type { RequestContext } from "./caller.ts";
import { networkMatcher, traceSourceMatcher } from "./peers.ts";

/**
 * Creates a function that returns the ids of a request. It creates them on the first call, because most requests log nothing.
 * `X-Request-Id` is accepted only from TRUSTED_PROXIES, because other clients could reuse the id of another request. `traceparent`
 * is also accepted from programs on this machine.
 */
export function requestIdReader({ TRUSTED_PROXIES }: Settings, tracing: Tracing): (c: RequestContext) => RequestIds {
  const isTrusted = networkMatcher(TRUSTED_PROXIES);
  const isTracer = traceSourceMatcher(TRUSTED_PROXIES);
  return (c) => {
    const cached = c.get("ids");
    if (cached) return cached;
    const peer = c.env?.incoming?.socket.remoteAddress;
    const requestId = (isTrusted(peer) && c.req.header("X-Request-Id")) || "";
    const parent = c.req.header("traceparent");
    const isAccepted = parent !== undefined && isTracer(peer, c.req.raw.headers.keys());
    const trace = tracing.activeSpan() ?? (isAccepted ? parseTraceParent(parent) : undefined);
    const ids = { id: /^[A-Za-z0-9._-]{1,64}$/.test(requestId) ? requestId : randomUUID(), ...trace };
    c.set("ids", ids);
    return ids;
  };
}
