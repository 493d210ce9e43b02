import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestContext } from "../http/caller.ts";
import { notFoundError } from "../http/refusals.ts";
import type { Resource, Service } from "../http/service.ts";
import { isFromThisMachine } from "../http/this-machine.ts";
import { Counters, hasMetrics } from "../observe/metrics.ts";
import type { Settings } from "../settings/settings.ts";

/** What was counted, for Prometheus. Whoever may not read it finds nothing here. */
export function metrics({ auth, metrics, settings, answers, caller }: Service): Resource {
  if (!(metrics instanceof Counters) || !hasMetrics(settings)) return {};
  // prom-client is loaded by whoever asks first, and by nobody else.
  const load = async () => (await import("../observe/prometheus.ts")).createRegistry(metrics);
  let loaded: ReturnType<typeof load> | undefined;
  const mayRead = reader(settings);
  return {
    async GET(c) {
      if (!mayRead(c)) {
        auth.audit.recordRejectedRequest("metrics", caller(c));
        throw notFoundError();
      }
      loaded ??= load();
      const registry = await loaded;
      return answers.content(200, await registry.metrics(), { "Content-Type": registry.contentType });
    },
  };
}

function reader({ METRICS_TOKEN: token }: Settings): (c: RequestContext) => boolean {
  if (token === null) return isFromThisMachine;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (c) => {
    const [, given] = /^bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}
