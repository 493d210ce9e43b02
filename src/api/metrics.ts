import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestContext } from "../http/caller.ts";
import { endpoint } from "../http/endpoint.ts";
import { notFoundError } from "../http/refusals.ts";
import type { Resource } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";
import { Counters, hasMetrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";

export const metrics: Resource = {
  GET: endpoint(
    {
      summary:
        "Returns metrics to callers that send METRICS_TOKEN or, if it is not set, to programs on the same machine.",
      answers: () => ({
        200: { description: "The metrics in the Prometheus text format.", content: ["text/plain"] },
      }),
      refusals: ["not_found"],
    },
    ({ auth, metrics, settings, answers, caller }) => {
      if (!(metrics instanceof Counters) || !hasMetrics(settings)) return null;
      // Loads prom-client on the first request.
      const load = async () => (await import("../observe/prometheus.ts")).createRegistry(metrics);
      let loaded: ReturnType<typeof load> | undefined;
      const mayRead = createAccessCheck(settings);
      return async (c) => {
        if (!mayRead(c)) {
          auth.audit.recordRejectedRequest("metrics", caller(c));
          throw notFoundError();
        }
        loaded ??= load();
        const registry = await loaded;
        return answers.content(200, await registry.metrics(), { "Content-Type": registry.contentType });
      };
    },
  ),
};

function createAccessCheck({ METRICS_TOKEN: token }: Settings): (c: RequestContext) => boolean {
  if (token === null) return isFromThisMachine;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (c) => {
    const [, given] = /^bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}
