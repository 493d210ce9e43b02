import { type Tracing, type TracingOptions, untraced } from "./tracing.ts";

/**
 * Returns the tracing of an OpenTelemetry SDK that was registered before (with `node --import`). Without one, returns `untraced`,
 * does not load OpenTelemetry's API, and adds no cost to requests.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  // Every copy of the API, in any version 1.x, stores the registered SDK here.
  const registered: { trace?: object } | undefined = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (!registered?.trace) return untraced;
  return (await import("./open-telemetry.ts")).createOpenTelemetryTracing(options);
}
