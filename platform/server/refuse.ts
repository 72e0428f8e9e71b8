// Answers to requests that lead to no call. Until it is settled that a request speaks an RPC protocol to a method that there
// is, the refusal is one of HTTP: a status and a line of text, which clients of gRPC and Connect map to a code themselves.
// https://connectrpc.com/docs/protocol#http-to-error-code
import { Code, ConnectError } from "@connectrpc/connect";
import type { Operation } from "../call/operation.js";
import type { Surface } from "./dispatch.js";
import type { Exchange } from "./exchange.js";
import { protocolOf, refuseStream } from "./protocol.js";

/** No such method: 404. gRPC says it with its status, UNIMPLEMENTED under 200, as every gRPC server does. */
export function refuseUnknown(surface: Surface, exchange: Exchange): void {
  const protocol = exchange.method === "POST" ? protocolOf(exchange.headers["content-type"]) : undefined;
  surface.telemetry.unrouted(protocol?.door ?? "http", 404);
  if (protocol?.grpc === true && surface.grpc && (protocol.web || exchange.http2)) {
    return refuseStream(
      protocol,
      undefined,
      exchange,
      new ConnectError("no such method", Code.Unimplemented),
    );
  }
  sendText(exchange, 404, "no such method or path");
}

/** The method exists, but not under this HTTP method: 405. */
export function refuseMethod(operation: Operation, exchange: Exchange): void {
  const allow = operation.plan.reads && operation.plan.method.methodKind === "unary" ? "GET, POST" : "POST";
  sendText(exchange, 405, `this method is called by ${allow}`, { allow });
}

/** The method exists, but not under this content type: 415, with those that would do (`Accept-Post`, the Connect protocol's advice). */
export function refuseMediaType(surface: Surface, operation: Operation, exchange: Exchange): void {
  const unary = operation.plan.method.methodKind === "unary";
  const connect = unary
    ? ["application/json", "application/proto"]
    : ["application/connect+json", "application/connect+proto"];
  const grpc = surface.grpc ? ["application/grpc", "application/grpc-web"] : [];
  const acceptPost = [...connect, ...grpc].join(", ");
  sendText(exchange, 415, "this content type is not supported here", { "accept-post": acceptPost });
}

/** gRPC has its status in trailers that clients read over HTTP/2 only: 426, RFC 9110 15.5.22. */
export function refuseGrpcOverHttp1(exchange: Exchange): void {
  sendText(exchange, 426, "gRPC needs HTTP/2", { upgrade: "h2c", connection: "upgrade" });
}

function sendText(exchange: Exchange, status: number, text: string, headers?: Record<string, string>): void {
  exchange.send(status, { "content-type": "text/plain; charset=utf-8", ...headers }, `${text}\n`);
}
