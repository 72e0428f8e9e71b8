// Hot path: one observation a call.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

// OpenTelemetry's advice for rpc.server.call.duration, in seconds (semantic conventions 1.45).
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The platform's metrics, under the names of OpenTelemetry's RPC conventions in Prometheus spelling. */
export interface Metrics {
  readonly registry: Registry;
  /** `rpc.server.call.duration`: `method` is a served method or "_OTHER". */
  call(system: string, method: string, code: string, seconds: number): void;
  /** Calls that are being answered. */
  readonly active: Gauge;
  /** Handlers that went on after their call was answered (deadline or cancellation), by how they ended. */
  readonly lateHandlers: Counter<"method" | "outcome">;
  /** Promise rejections that nobody handled. Each is a defect. */
  readonly unhandledRejections: Counter;
  /** What happened to connections, by kind: opened, closed, refused, abused. */
  readonly connections: Counter<"event">;
}

/** Metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: "rpc_server_call_duration_seconds",
    help: "Duration of calls, as rpc.server.call.duration of OpenTelemetry.",
    labelNames: ["rpc_system_name", "rpc_method", "rpc_response_status_code"],
    buckets: secondsBuckets,
    registers: [registry],
  });
  const observers = new Map<string, (seconds: number) => void>();
  return {
    registry,
    call(system, method, code, seconds) {
      const key = `${system} ${method} ${code}`;
      let observe = observers.get(key);
      if (observe === undefined) {
        const child = duration.labels(system, method, code);
        observe = (s) => child.observe(s);
        observers.set(key, observe);
      }
      observe(seconds);
    },
    active: new Gauge({
      name: "rpc_server_active_calls",
      help: "Calls that are being answered.",
      registers: [registry],
    }),
    lateHandlers: new Counter({
      name: "rpc_server_late_handlers_total",
      help: "Handlers that ended after their call had been answered.",
      labelNames: ["method", "outcome"],
      registers: [registry],
    }),
    unhandledRejections: new Counter({
      name: "process_unhandled_rejections_total",
      help: "Promise rejections that nobody handled.",
      registers: [registry],
    }),
    connections: new Counter({
      name: "server_connection_events_total",
      help: "What happened to connections.",
      labelNames: ["event"],
      registers: [registry],
    }),
  };
}
