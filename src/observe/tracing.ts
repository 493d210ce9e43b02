import type { IncomingMessage, ServerResponse } from "node:http";
import type { TraceContext } from "./request-ids.ts";

export type HttpListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Where spans are told of what is done. `startTracing` finds one; `untraced` is another. */
export interface Tracing {
  /** Does work in a span of this name, a child of the one that is under way. */
  span<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Answers each request in a span of its own. */
  wrapListener(listener: HttpListener): HttpListener;
  /** The span that is under way. */
  activeSpan(): TraceContext | undefined;
}

export const untraced: Tracing = {
  span: (_, work) => work(),
  wrapListener: (listener) => listener,
  activeSpan: () => undefined,
};

/** The route of what nothing answers. */
export const unknownRoute = "other";

/** What is known of requests. */
export interface TracingOptions {
  /** The path of the resource that a URL is of, or `other`. */
  readonly routeOf: (url: string | undefined) => string;
  /** Whether to accept trace headers from a peer, given its address and the names of the headers. */
  readonly isTrusted: (peer: string | undefined, names: Iterable<string>) => boolean;
}
