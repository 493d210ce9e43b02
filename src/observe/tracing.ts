import type { IncomingMessage, ServerResponse } from "node:http";
import type { Trace } from "./request-ids.ts";

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

/** The route of what nothing answers. */
export const other = "other";

/** What is known of requests. */
export interface Requests {
  /** The path of the resource that a URL is of, or `other`. */
  readonly routeOf: (url: string | undefined) => string;
  /** Whether to accept trace headers from a peer, given its address and the names of the headers. */
  readonly isTrusted: (peer: string | undefined, names: Iterable<string>) => boolean;
}
