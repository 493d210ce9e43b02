import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../src/settings/settings.ts";
import { findPasswordProblem } from "../support/password-problem.ts";
import { startService } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

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
  return ["/prom-client/", "/@opentelemetry/", "/commander/"].filter((part) => modules.includes(part));
}

const METRICS_TOKEN = "of-the-prometheus-server";

test("prom-client is loaded by the first who reads metrics, and neither it nor OpenTelemetry before; commander by commands alone", async () => {
  assert.deepEqual(await loaded(productionEnvironment), []);
  assert.deepEqual(await loaded({ ...productionEnvironment, METRICS_TOKEN }, "Bearer nonsense"), []);
  assert.ok(
    (await loaded({ ...productionEnvironment, METRICS_TOKEN }, `Bearer ${METRICS_TOKEN}`)).includes("/prom-client/"),
  );
});

test("the list is loaded only where PASSWORD_BLOCKLIST is on", async () => {
  const email = "bob.smith@mail.example.org";
  const loaded: string[] = [];
  const hooks = registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  try {
    assert.equal(await findPasswordProblem("password", {}, email), null);
    assert.deepEqual(loaded, []);
    assert.equal(await findPasswordProblem("password", { PASSWORD_BLOCKLIST: "on" }, email), "password_common");
    assert.match(loaded.join(), /common-passwords\.ts$/);
  } finally {
    hooks.deregister();
  }
});
