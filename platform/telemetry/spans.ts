// OpenTelemetry spans of calls, made when a call has ended. Loaded only where an exporter is configured.
import { context, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type IdGenerator, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { Call } from "../call/call.js";
import type { SpanSink } from "./telemetry.js";

/** Exports the spans of calls. `flush` and `shutdown` send what is left, within 5 s. */
export interface Spans {
  readonly sink: SpanSink;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Spans over OTLP/HTTP, to the endpoint that OpenTelemetry's own variables name (OTEL_EXPORTER_OTLP_ENDPOINT, ...).
 * An exporter that hangs blocks nobody: spans wait in a bounded queue and are dropped when it is full.
 */
export function createSpans(serviceName: string, exporter: SpanExporter = new OTLPTraceExporter()): Spans {
  // A call has its ids before its span is made, since calls that it made have carried them; the generator hands them over.
  let next: Call["trace"];
  const ids: IdGenerator = {
    generateTraceId: () => next?.traceId ?? "",
    generateSpanId: () => next?.spanId ?? "",
  };
  const provider = new NodeTracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ "service.name": serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: 5000 })],
  });
  const tracer = provider.getTracer("trunkline");
  return {
    sink(call, status, error) {
      if (call.trace === undefined || !call.trace.sampled) return;
      next = call.trace;
      const startTime = performance.timeOrigin + call.startedAt;
      const attributes = {
        "rpc.system.name": call.door === "grpc" || call.door === "grpc-web" ? "grpc" : "connectrpc",
        "rpc.method": call.plan.name,
        "rpc.response.status_code": status,
        "client.address": call.peer.address,
      };
      const span = tracer.startSpan(
        call.plan.name,
        { kind: SpanKind.SERVER, startTime, attributes },
        parentOf(call.trace),
      );
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.rawMessage });
      span.end(performance.timeOrigin + performance.now());
    },
    flush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
  };
}

function parentOf({ traceId, parentId }: NonNullable<Call["trace"]>) {
  const root = context.active();
  if (parentId === "") return root;
  return trace.setSpanContext(root, {
    traceId,
    spanId: parentId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}
