import { type Tracing, type TracingOptions, untraced } from "./tracing.ts";

/**
 * The tracing of the OpenTelemetry SDK that was registered before (by `node --import`); where none was, `untraced`: then
 * not even OpenTelemetry's API is loaded, and a request costs nothing more.
 */
export async function startTracing(requests: TracingOptions): Promise<Tracing> {
  // Where every copy of that API, of any 1.x, looks for what was registered.
  const registered: { trace?: object } | undefined = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (!registered?.trace) return untraced;
  return (await import("./open-telemetry.ts")).createOpenTelemetryTracing(requests);
}
