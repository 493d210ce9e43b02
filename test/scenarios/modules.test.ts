import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Environment } from "../../src/settings/settings.ts";
import { findPasswordProblem } from "../support/password-problem.ts";
import { startService } from "../support/service.ts";
import { productionEnvironment } from "../support/world.ts";

const hook = fileURLToPath(new URL("../support/print-modules.ts", import.meta.url));

/** Starts the service, requests the metrics, stops it, and returns which of the optional modules were loaded. */
async function findLoadedModules(environment: Environment, authorization = ""): Promise<string[]> {
  await using service = await startService({ NODE_OPTIONS: `--import=${hook}`, ...environment });
  let modules = "";
  service.process.stderr?.on("data", (chunk) => {
    modules += chunk;
  });
  const response = await fetch(`${service.url}/metrics`, { headers: { Authorization: authorization } });
  await response.text();
  await service.stop("SIGTERM");
  assert.ok(modules.includes("/node_modules/hono/"), modules);
  return ["/prom-client/", "/@opentelemetry/", "/commander/"].filter((part) => modules.includes(part));
}

const METRICS_TOKEN = "of-the-prometheus-server";

test("the service loads prom-client only for an authorized request for metrics, and starts without OpenTelemetry and commander", async () => {
  assert.deepEqual(await findLoadedModules(productionEnvironment), []);
  assert.deepEqual(await findLoadedModules({ ...productionEnvironment, METRICS_TOKEN }, "Bearer nonsense"), []);
  assert.ok(
    (await findLoadedModules({ ...productionEnvironment, METRICS_TOKEN }, `Bearer ${METRICS_TOKEN}`)).includes(
      "/prom-client/",
    ),
  );
});

test("the list of common passwords is loaded only with PASSWORD_BLOCKLIST=on", async () => {
  const email = "bob.smith@mail.example.org";
  const loadedModules: string[] = [];
  const hooks = registerHooks({
    load(url, context, next) {
      loadedModules.push(url);
      return next(url, context);
    },
  });
  try {
    assert.equal(await findPasswordProblem("password", {}, email), null);
    assert.deepEqual(loadedModules, []);
    assert.equal(await findPasswordProblem("password", { PASSWORD_BLOCKLIST: "on" }, email), "password_common");
    assert.match(loadedModules.join(), /common-passwords\.ts$/);
  } finally {
    hooks.deregister();
  }
});
