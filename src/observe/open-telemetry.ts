import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { type Tracing, type TracingOptions, unknownRoute } from "./tracing.ts";

/** Methods that are reported. Others could contain any text of a client. */
const methods = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);

/**
 * Reports to OpenTelemetry, following its semantic conventions for HTTP servers (1.23 and later). Reports no client data except the
 * method and known paths: no query, header, address or message.
 */
export function createOpenTelemetryTracing({ routeOf, isTrusted }: TracingOptions): Tracing {
  const tracer = trace.getTracer("bienvenue");
  return {
    span: (name, work) =>
      tracer.startActiveSpan(name, async (span) => {
        try {
          return await work();
        } catch (error) {
          markFailed(span, error instanceof Error ? error.name : "_OTHER");
          throw error;
        } finally {
          span.end();
        }
      }),
    wrapListener: (listener) => (request, response) => {
      const { headers, socket, httpVersion } = request;
      const isAccepted = isTrusted(socket.remoteAddress, Object.keys(headers));
      const parent = isAccepted ? propagation.extract(ROOT_CONTEXT, headers) : ROOT_CONTEXT;
      const route = routeOf(request.url);
      const isKnown = route !== unknownRoute;
      const method = methods.has(request.method ?? "") ? (request.method as string) : undefined;
      const attributes = {
        "http.request.method": method ?? "_OTHER",
        "network.protocol.version": httpVersion,
        "url.scheme": "http",
        ...(isKnown && { "http.route": route }),
        ...(isKnown && !route.includes(":") && { "url.path": route }),
      };
      const name = [method ?? "HTTP", ...(isKnown ? [route] : [])].join(" ");
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
      return context.with(trace.setSpan(parent, span), async () => {
        try {
          await listener(request, response);
        } finally {
          span.setAttribute("http.response.status_code", response.statusCode);
          if (response.statusCode >= 500) markFailed(span, String(response.statusCode));
          span.end();
        }
      });
    },
    activeSpan() {
      const { traceId, spanId } = trace.getActiveSpan()?.spanContext() ?? {};
      return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
    },
  };
}

function markFailed(span: Span, type: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", type);
}
