// Hot path: every request goes through here.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { Call } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { cancelled, deadlineExceeded } from "../policy/deadline.js";
import type { Telemetry } from "../telemetry/telemetry.js";
import { connectGetWire } from "../wire/connect-get.js";
import type { UnaryWire } from "../wire/unary.js";
import type { Cors } from "./cors.js";
import { execute } from "./execute.js";
import { Http1Exchange } from "./http1-exchange.js";
import { Http2Exchange } from "./http2-exchange.js";
import type { ListenHandler } from "./listen.js";
import type { PeerOf } from "./peer.js";
import { protocolOf, refuseStream, streamTimeoutMs, type Protocol } from "./protocol.js";
import { refuseGrpcOverHttp1, refuseMethod, refuseMediaType, refuseUnknown } from "./refuse.js";
import type { StreamRoad } from "./streams.js";

/** Anything that came in over a listener. */
export type AnyExchange = Http1Exchange | Http2Exchange;

/** What a listener serves. */
export interface Surface {
  /** Methods by path. What is not in it does not exist here. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** Whether gRPC and gRPC-Web are spoken. */
  readonly grpc: boolean;
  readonly streams: StreamRoad;
  readonly telemetry: Telemetry;
  readonly peerOf: PeerOf;
  readonly cors: Cors | undefined;
  /** Serves what is no RPC path: REST, probes. True: it has answered. */
  readonly other: (exchange: AnyExchange) => boolean;
}

/** The handler of a listener. */
export function dispatcher(surface: Surface): ListenHandler {
  return {
    h1: (request: IncomingMessage, response: ServerResponse) =>
      dispatch(surface, new Http1Exchange(request, response)),
    h2: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      dispatch(surface, new Http2Exchange(stream, headers)),
  };
}

function dispatch(surface: Surface, exchange: AnyExchange): void {
  if (surface.cors !== undefined && exchange.headers["origin"] !== undefined) {
    if (surface.cors.preflight(exchange)) return;
    exchange.extraHeaders = surface.cors.headers(exchange);
  }
  const { target } = exchange;
  const queryAt = target.indexOf("?");
  const operation = surface.operations.get(queryAt < 0 ? target : target.slice(0, queryAt));
  if (operation === undefined) {
    if (!surface.other(exchange)) refuseUnknown(surface, exchange);
    return;
  }
  if (exchange.method === "GET" && operation.plan.reads && operation.plan.method.methodKind === "unary") {
    const query = queryAt < 0 ? "" : target.slice(queryAt + 1);
    return serveUnary(surface, operation, connectGetWire(query), exchange);
  }
  if (exchange.method !== "POST") return refuseMethod(operation, exchange);
  const protocol = protocolOf(exchange.headers["content-type"]);
  if (protocol === undefined || (protocol.grpc && !surface.grpc))
    return refuseMediaType(surface, operation, exchange);
  if (protocol.grpc && !protocol.web && !exchange.http2) return refuseGrpcOverHttp1(exchange);
  if (operation.plan.method.methodKind !== "unary") {
    if (protocol.stream === undefined) return refuseMediaType(surface, operation, exchange);
    return void serveStream(surface, operation, protocol, exchange);
  }
  if (protocol.unary === undefined) return refuseMediaType(surface, operation, exchange);
  serveUnary(surface, operation, protocol.unary, exchange);
}

function serveUnary(surface: Surface, operation: Operation, wire: UnaryWire, exchange: AnyExchange): void {
  const { telemetry } = surface;
  const call = newCall(surface, operation, wire.door, exchange);
  let askedMs: number | undefined;
  try {
    askedMs = wire.timeoutMs(exchange.headers);
  } catch (thrown) {
    return refuse(telemetry, call, toConnectError(thrown), (error) => wire.fail(call, exchange, error));
  }
  const execution = execute(operation, call, askedMs, telemetry, {
    read: () => readUnary(operation, wire, call, exchange),
    succeed: (message) => wire.succeed(operation, call, exchange, message),
    fail: (error) => wire.fail(call, exchange, error),
  });
  exchange.onGone(execution);
}

async function readUnary(
  operation: Operation,
  wire: UnaryWire,
  call: Call,
  exchange: AnyExchange,
): Promise<Message> {
  const body = await exchange.readBody(wire.bodyBytesMax(operation.requestBytesMax));
  call.requestBytes = body.length;
  return wire.read(operation, exchange.headers, body);
}

async function serveStream(
  surface: Surface,
  operation: Operation,
  protocol: Protocol,
  exchange: AnyExchange,
): Promise<void> {
  const { telemetry } = surface;
  const call = newCall(surface, operation, protocol.door, exchange);
  telemetry.begin(call);
  try {
    const askedMs = streamTimeoutMs(protocol, exchange.headers);
    if (askedMs === 0) throw deadlineExceeded();
    for (const step of operation.headerSteps) {
      const pending = step(call);
      if (pending !== undefined) await pending;
    }
    // Gone while a step was waiting: its close will not be told again.
    if (exchange.gone) throw cancelled();
    surface.streams(operation, call, exchange, askedMs, (error) => telemetry.end(call, error, undefined));
  } catch (thrown) {
    const error = toConnectError(thrown);
    refuseStream(protocol, call, exchange, error);
    telemetry.end(call, error, undefined);
  }
}

function newCall(surface: Surface, operation: Operation, door: Call["door"], exchange: AnyExchange): Call {
  return new Call({
    plan: operation.plan,
    door,
    requestMethod: exchange.method,
    url: exchange.target,
    headers: exchange.headers,
    peer: surface.peerOf(exchange),
  });
}

/** Answers a call that never ran. */
function refuse(
  telemetry: Telemetry,
  call: Call,
  error: ConnectError,
  answer: (error: ConnectError) => void,
): void {
  telemetry.begin(call);
  answer(error);
  telemetry.end(call, error, undefined);
}
