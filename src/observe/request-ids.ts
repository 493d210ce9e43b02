/** Where a request stands in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/**
 * The ids of one request: its own, and the position in a trace that it has from OpenTelemetry or from its `traceparent`. Every
 * line of the log about the request has all of them, and an answer that reports a fault has its own.
 */
export interface RequestIds extends Partial<TraceContext> {
  readonly id: string;
}

/** The ids as fields of a log line; the trace's have the names that OpenTelemetry gives them. */
export function toLogFields(ids: RequestIds | undefined): object {
  if (!ids) return {};
  const { id, traceId, spanId } = ids;
  return { requestId: id, ...(traceId !== undefined && { trace_id: traceId, span_id: spanId }) };
}

/** Version, trace, parent, flags, and what a later version may add. */
const traceParentPattern = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * Reads a `traceparent` header (W3C Trace Context, 3.2).
 *
 * @returns undefined for what is malformed, which counts as not there
 */
export function parseTraceParent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, more] = traceParentPattern.exec(header ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || (version === "00" && more !== undefined)) return undefined;
  return { traceId, spanId };
}
