import type { Trace } from "./trace-parent.ts";

/** What one request is called in the log, and by those who trace it. */
export interface RequestIds extends Partial<Trace> {
  readonly id: string;
}

/** The ids as fields of a log line; the trace's have the names that OpenTelemetry gives them. */
export function idsInLog(ids: RequestIds | undefined): object {
  if (!ids) return {};
  const { id, traceId, spanId } = ids;
  return { requestId: id, ...(traceId !== undefined && { trace_id: traceId, span_id: spanId }) };
}
