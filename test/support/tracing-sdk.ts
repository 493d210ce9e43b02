// Registers an OpenTelemetry SDK that prints each finished span to standard error. Loaded with `node --import`, as by an operator.
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-node";

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, attributes, status, events } = span;
      const { traceId, spanId } = span.spanContext();
      const parent = span.parentSpanContext?.spanId;
      process.stderr.write(`${JSON.stringify({ name, kind, attributes, status, events, traceId, spanId, parent })}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
