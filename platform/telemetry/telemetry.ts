// Hot path: what is kept of every call: one log line, one observation, one span if somebody collects them.
import type { Message } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import type { Call } from "../call/call.js";
import { reasonOf } from "../call/errors.js";
import type { Log } from "./log.js";
import { createMetrics, type Metrics } from "./metrics.js";
import { redacted } from "./redact.js";

/** Keeps spans; see spans.ts. */
export type SpanSink = (call: Call, status: string, error: ConnectError | undefined) => void;

/** What a server keeps of its calls. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly log: Log;
  begin(call: Call): void;
  /** Called once for every call that began, when it has been answered. */
  end(call: Call, error: ConnectError | undefined, request: Message | undefined): void;
  /** A request that led to no method. */
  unrouted(door: string, status: number): void;
  /** Something happened to a connection; `event` is a short name such as "opened" or "ended:idle". */
  connection(event: string): void;
}

/** Telemetry that writes to this log. */
export function createTelemetry(log: Log, spans?: SpanSink): Telemetry {
  const metrics = createMetrics();
  return {
    metrics,
    log,
    begin() {
      metrics.active++;
    },
    end(call, error, request) {
      const ms = performance.now() - call.startedAt;
      const status = error === undefined ? "ok" : codeToString(error.code);
      metrics.active--;
      metrics.call(systemOf(call), call.plan, status, ms / 1000);
      spans?.(call, status, error);
      if (error === undefined) log.infoLine(callFields(call, ms));
      else logFailure(log, call, error, ms, status, request);
    },
    connection(event) {
      metrics.connections.inc({ event });
    },
    unrouted(door, status) {
      metrics.unrouted(door, String(status));
    },
  };
}

/** The fields of a successful call, as `logFailure` has them. Method, door and ids have nothing to escape. */
function callFields(call: Call, ms: number): string {
  return (
    `"method":"${call.plan.name}","door":"${call.door}","code":"ok","ms":${millis(ms)},` +
    `"requestId":"${call.requestId}","traceId":"${call.trace?.traceId ?? ""}",` +
    `"principal":${JSON.stringify(call.principal.id)},"peer":${JSON.stringify(call.peer.address)},` +
    `"requestBytes":${call.requestBytes},"responseBytes":${call.responseBytes},"msg":"call"`
  );
}

function logFailure(
  log: Logger,
  call: Call,
  error: ConnectError,
  ms: number,
  code: string,
  request: Message | undefined,
): void {
  const failure = {
    method: call.plan.name,
    door: call.door,
    code,
    ms: millis(ms),
    requestId: call.requestId,
    traceId: call.trace?.traceId ?? "",
    principal: call.principal.id,
    peer: call.peer.address,
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
    error: error.rawMessage,
    reason: reasonOf(error)?.reason,
  };
  if (!isServerFault(error.code)) {
    log.info(failure, "call");
    return;
  }
  const shown = request === undefined ? undefined : redacted(call.plan.method.input, request);
  log.error({ ...failure, err: error.cause ?? error, request: shown }, "call failed");
}

/** Milliseconds to the microsecond. */
function millis(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function isServerFault(code: Code): boolean {
  return code === Code.Internal || code === Code.Unknown || code === Code.DataLoss;
}

function systemOf(call: Call): string {
  return call.door === "grpc" || call.door === "grpc-web"
    ? "grpc"
    : call.door === "rest"
      ? "http"
      : "connectrpc";
}
