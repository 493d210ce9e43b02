import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../src/settings/settings.ts";
import { startService } from "../support/service.ts";
import { production } from "../support/world.ts";

const hook = fileURLToPath(new URL("../support/modules.ts", import.meta.url));

/** Starts the service; the parts of it that only some need and that were loaded by the time it ends. */
async function loaded(environment: Environment, authorization = ""): Promise<string[]> {
  await using service = await startService({ NODE_OPTIONS: `--import=${hook}`, ...environment });
  let modules = "";
  service.process.stderr?.on("data", (chunk) => {
    modules += chunk;
  });
  const response = await fetch(`${service.url}/metrics`, { headers: { Authorization: authorization } });
  await response.text();
  await service.end("SIGTERM");
  assert.ok(modules.includes("/node_modules/hono/"), modules);
  return ["/prom-client/", "/@opentelemetry/"].filter((part) => modules.includes(part));
}

const METRICS_TOKEN = "of-the-prometheus-server";

test("prom-client is loaded by the first who reads metrics, and neither it nor OpenTelemetry before", async () => {
  assert.deepEqual(await loaded(production), []);
  assert.deepEqual(await loaded({ ...production, METRICS_TOKEN }, "Bearer nonsense"), []);
  assert.ok((await loaded({ ...production, METRICS_TOKEN }, `Bearer ${METRICS_TOKEN}`)).includes("/prom-client/"));
});
