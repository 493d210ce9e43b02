import type { ErrorCode } from "../errors.ts";

/**
 * The server's responses to requests that do not reach the app, by status. Each response closes the connection.
 * `docs/errors.md` is generated from them.
 */
export const connectionErrors = {
  400: {
    code: "bad_request",
    when: "The request is not valid HTTP/1.0 or 1.1, has no valid Host, or names two hosts.",
    remedy: "Check the proxy. An https request to the http port gets this response too.",
  },
  405: {
    code: "method_not_allowed",
    when: "The method is CONNECT.",
    remedy: "Do not use the service as a proxy.",
  },
  408: {
    code: "request_timeout",
    when: "The headers took more than 10 seconds, or the whole request more than 15 seconds.",
    remedy: "Send the request faster.",
  },
  417: {
    code: "expectation_failed",
    when: "The request has an Expect header other than `100-continue`.",
    remedy: "Remove the header.",
  },
  431: {
    code: "headers_too_large",
    when: "The headers are larger than 16 KiB, often because of too many cookies.",
    remedy: "Delete the cookies of the site.",
  },
  500: {
    code: "internal",
    when: "The app failed without returning a response.",
    remedy: "Search the log for `unexpected error`, and report the bug.",
  },
} as const satisfies Record<number, { code: ErrorCode; when: string; remedy: string }>;
