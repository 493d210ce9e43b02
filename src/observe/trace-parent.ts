/** Where a request stands in a trace. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** Version, trace, parent, flags, and what a later version may add. */
const form = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * Reads a `traceparent` header (W3C Trace Context, 3.2).
 *
 * @returns undefined for what is malformed, which counts as not there
 */
export function parseTraceParent(header: string | undefined): Trace | undefined {
  const [, version, traceId, spanId, more] = form.exec(header ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || (version === "00" && more !== undefined)) return undefined;
  return { traceId, spanId };
}
