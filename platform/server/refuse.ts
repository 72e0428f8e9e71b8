// Answers to requests that lead to no call.
import { Code, ConnectError } from "@connectrpc/connect";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import type { Exchange } from "./exchange.js";
import type { Surface } from "./dispatch.js";
import { protocolOf, refuseStream } from "./protocol.js";
import { errorToJsonBytes } from "@connectrpc/connect/protocol-connect";

/** No such method: UNIMPLEMENTED in the protocol that was spoken, and 404. */
export function refuseUnknown(surface: Surface, exchange: Exchange): void {
  const protocol = exchange.method === "POST" ? protocolOf(exchange.headers["content-type"]) : undefined;
  const error = fail(Reason.ROUTE_NOT_FOUND, "no such method or path");
  surface.telemetry.unrouted(protocol?.door ?? "http", 404);
  if (protocol === undefined || protocol.stream === undefined) return sendJson(exchange, 404, error);
  // gRPC says it with its status (200), as every gRPC server does.
  if (protocol.grpc && surface.grpc && (protocol.web || exchange.http2))
    return refuseStream(protocol, undefined, exchange, error);
  sendJson(exchange, 404, error);
}

/** The method exists, but not under this HTTP method: 405. */
export function refuseMethod(operation: Operation, exchange: Exchange): void {
  const allow = operation.plan.reads && operation.plan.method.methodKind === "unary" ? "GET, POST" : "POST";
  sendJson(exchange, 405, fail(Reason.METHOD_NOT_ALLOWED, `this method is called by ${allow}`), { allow });
}

/** The method exists, but not under this content type: 415, with those that would do (`Accept-Post`, the Connect protocol's advice). */
export function refuseMediaType(surface: Surface, operation: Operation, exchange: Exchange): void {
  const unary = operation.plan.method.methodKind === "unary";
  const connect = unary
    ? ["application/json", "application/proto"]
    : ["application/connect+json", "application/connect+proto"];
  const grpc = surface.grpc ? ["application/grpc", "application/grpc-web"] : [];
  const error = fail(Reason.CONTENT_TYPE_UNSUPPORTED, "this content type is not supported here");
  sendJson(exchange, 415, error, { "accept-post": [...connect, ...grpc].join(", ") });
}

/** gRPC has its status in trailers that clients read over HTTP/2 only: 426, RFC 9110 15.5.22. */
export function refuseGrpcOverHttp1(exchange: Exchange): void {
  const error = new ConnectError("gRPC needs HTTP/2", Code.FailedPrecondition);
  sendJson(exchange, 426, error, { upgrade: "h2c", connection: "upgrade" });
}

function sendJson(
  exchange: Exchange,
  status: number,
  error: ConnectError,
  headers?: Record<string, string>,
): void {
  exchange.send(
    status,
    { "content-type": "application/json", ...headers },
    errorToJsonBytes(error, undefined),
  );
}
