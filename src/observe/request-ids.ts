/** The position of a request in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/**
 * The ids of one request: its own id, and its position in a trace from OpenTelemetry or its `traceparent` header. Every log line
 * about the request contains them, and error responses with a status of 500 or more contain `id`.
 */
export interface RequestIds extends Partial<TraceContext> {
  readonly id: string;
}

/** Returns the ids as log fields. Those of the trace have OpenTelemetry's names. */
export function toLogFields(ids: RequestIds | undefined): object {
  if (!ids) return {};
  const { id, traceId, spanId } = ids;
  return { requestId: id, ...(traceId !== undefined && { trace_id: traceId, span_id: spanId }) };
}

/** Version, trace id, parent id, flags, and fields of later versions. */
const traceParentPattern = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/**
 * Parses a `traceparent` header (W3C Trace Context, 3.2).
 *
 * @returns undefined if the header is missing or malformed
 */
export function parseTraceParent(header: string | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, extra] = traceParentPattern.exec(header ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || (version === "00" && extra !== undefined)) return undefined;
  return { traceId, spanId };
}
