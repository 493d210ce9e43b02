import type { IncomingMessage, ServerResponse } from "node:http";
import type { Trace } from "./trace-parent.ts";

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Where spans are told of what is done. `startTracing` finds one; `untraced` is another. */
export interface Tracing {
  /** Does work in a span of this name, a child of the one that is under way. */
  span<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Answers each request in a span of its own. */
  around(listener: Listener): Listener;
  /** The span that is under way. */
  current(): Trace | undefined;
}

export const untraced: Tracing = {
  span: (_, work) => work(),
  around: (listener) => listener,
  current: () => undefined,
};

/** What is known of requests. */
export interface Requests {
  /** The path of the resource that a URL is of, or `other`. */
  readonly routeOf: (url: string | undefined) => string;
  /** Whether to accept trace headers from a peer, given its address and the names of the headers. */
  readonly isTrusted: (peer: string | undefined, names: Iterable<string>) => boolean;
}

/**
 * The tracing of the OpenTelemetry SDK that was registered before (by `node --import`); where none was, `untraced`: then
 * not even OpenTelemetry's API is loaded, and a request costs nothing more.
 */
export async function startTracing(requests: Requests): Promise<Tracing> {
  // Where every copy of that API, of any 1.x, looks for what was registered.
  const registered: { trace?: object } | undefined = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (!registered?.trace) return untraced;
  return (await import("./open-telemetry.ts")).openTelemetry(requests);
}
