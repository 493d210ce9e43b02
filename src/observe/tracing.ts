import type { IncomingMessage, ServerResponse } from "node:http";
import type { TraceContext } from "./request-ids.ts";

export type HttpListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Creates spans. `startTracing` returns an implementation; `untraced` does nothing. */
export interface Tracing {
  /** Runs work in a new span, a child of the active one. */
  span<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Wraps a listener so that each request gets its own span. */
  wrapListener(listener: HttpListener): HttpListener;
  /** Returns the active span, if any. */
  activeSpan(): TraceContext | undefined;
}

export const untraced: Tracing = {
  span: (_, work) => work(),
  wrapListener: (listener) => listener,
  activeSpan: () => undefined,
};

/** The route reported for unknown paths. */
export const unknownRoute = "other";

export interface TracingOptions {
  /** Returns the path of the resource that a URL belongs to, or `other`. */
  readonly routeOf: (url: string | undefined) => string;
  /** Returns true if trace headers from a peer can be trusted, given its address and the names of the headers. */
  readonly isTrusted: (peer: string | undefined, names: Iterable<string>) => boolean;
}
