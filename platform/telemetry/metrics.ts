// Hot path: one observation a call.
import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client";
import type { MethodPlan } from "../contract/plan.js";
import { durationHistogram, type Observe } from "./duration-histogram.js";

// OpenTelemetry's advice for rpc.server.call.duration, in seconds (semantic conventions 1.45).
const secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The platform's metrics, under the names of OpenTelemetry's RPC conventions in Prometheus spelling. */
export interface Metrics {
  readonly registry: Registry;
  /** `rpc.server.call.duration` of a call of a served method. */
  call(system: string, plan: MethodPlan, code: string, seconds: number): void;
  /** The same for a request that led to no method: it is counted under "_OTHER". */
  unrouted(system: string, code: string): void;
  /** Calls that are being answered. */
  active: number;
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
  const duration = durationHistogram<"rpc_system_name" | "rpc_method" | "rpc_response_status_code">(
    registry,
    {
      name: "rpc_server_call_duration_seconds",
      help: "Duration of calls, as rpc.server.call.duration of OpenTelemetry.",
      bounds: secondsBounds,
    },
  );
  const byMethod = new Map<string, Map<string, Observe>>();
  const metrics: Metrics = {
    registry,
    active: 0,
    call: (system, plan, code, seconds) => observer(system, plan.name, code)(seconds),
    unrouted: (system, code) => observer(system, "_OTHER", code)(0),
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
  // Held here and read when asked for: a gauge of its own would cost two look-ups a call.
  const active: Gauge = new Gauge({
    name: "rpc_server_active_calls",
    help: "Calls that are being answered.",
    registers: [registry],
    collect: (): void => active.set(metrics.active),
  });
  return metrics;

  function observer(system: string, method: string, code: string): Observe {
    let observers = byMethod.get(method);
    if (observers === undefined) byMethod.set(method, (observers = new Map()));
    const key = system + code;
    let observe = observers.get(key);
    if (observe === undefined) {
      observe = duration.child({
        rpc_system_name: system,
        rpc_method: method,
        rpc_response_status_code: code,
      });
      observers.set(key, observe);
    }
    return observe;
  }
}
