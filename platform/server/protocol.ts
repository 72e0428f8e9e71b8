// Hot path: which protocol a request speaks, by its content type.
import type { ConnectError } from "@connectrpc/connect";
import type { Call, Door, HeaderRecord } from "../call/call.js";
import { connectJson, connectProto, connectTimeoutMs, failConnectStream } from "../wire/connect.js";
import { grpcTimeoutMs, grpcWire } from "../wire/grpc.js";
import type { UnaryWire } from "../wire/unary.js";
import type { Exchange } from "./exchange.js";

/** A protocol with a codec, as a content type names it. */
export interface Protocol {
  readonly door: Door;
  readonly grpc: boolean;
  readonly web: boolean;
  readonly contentType: string;
  /** How unary calls are framed; undefined if this content type is for streams only. */
  readonly unary: UnaryWire | undefined;
  /** Whether streams may be sent under this content type, and then how one is refused. */
  readonly stream: "connect" | "grpc" | undefined;
}

const protocols: ReadonlyMap<string, Protocol> = new Map(
  [
    connectUnary("application/json", connectJson),
    connectUnary("application/proto", connectProto),
    connectStream("application/connect+json"),
    connectStream("application/connect+proto"),
    grpc("application/grpc"),
    grpc("application/grpc+proto"),
    grpc("application/grpc+json"),
    grpc("application/grpc-web"),
    grpc("application/grpc-web+proto"),
    grpc("application/grpc-web+json"),
  ].map((protocol) => [protocol.contentType, protocol]),
);

/** The protocol of a request; undefined if we don't speak it. */
export function protocolOf(contentType: HeaderRecord[string]): Protocol | undefined {
  if (typeof contentType !== "string") return undefined;
  const exact = protocols.get(contentType);
  if (exact !== undefined) return exact;
  const [type = "", ...parameters] = contentType.split(";");
  const known = parameters.every((p) => /^\s*charset=(utf-8|utf8|"utf-8")\s*$/i.test(p));
  return known ? protocols.get(type.trim().toLowerCase()) : undefined;
}

/** The deadline that the caller of a stream asks for. */
export function streamTimeoutMs(protocol: Protocol, headers: HeaderRecord): number | undefined {
  return protocol.stream === "connect" ? connectTimeoutMs(headers) : grpcTimeoutMs(headers);
}

/** Answers a stream that is refused before it begins. */
export function refuseStream(
  protocol: Protocol,
  call: Call | undefined,
  exchange: Exchange,
  error: ConnectError,
): void {
  if (protocol.stream === "connect") failConnectStream(protocol.contentType, call, exchange, error);
  else grpcWire(protocol.contentType)?.fail(call, exchange, error);
}

function connectUnary(contentType: string, unary: UnaryWire): Protocol {
  return { door: "connect", grpc: false, web: false, contentType, unary, stream: undefined };
}

function connectStream(contentType: string): Protocol {
  return { door: "connect", grpc: false, web: false, contentType, unary: undefined, stream: "connect" };
}

function grpc(contentType: string): Protocol {
  const web = contentType.startsWith("application/grpc-web");
  return {
    door: web ? "grpc-web" : "grpc",
    grpc: true,
    web,
    contentType,
    unary: grpcWire(contentType),
    stream: "grpc",
  };
}
