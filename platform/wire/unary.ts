import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Call, Door, HeaderRecord } from "../call/call.js";
import type { Operation } from "../call/operation.js";
import type { Exchange, OutgoingRecord } from "../server/exchange.js";

/** One protocol's framing of a unary call: how a request is read, and how an answer or a failure is written. */
export interface UnaryWire {
  readonly door: Door;
  /** The deadline that the caller asks for, in milliseconds; undefined without. Throws DEADLINE_MALFORMED. */
  timeoutMs(headers: HeaderRecord): number | undefined;
  /** Largest body in bytes that can hold a message of `messageBytesMax`. */
  bodyBytesMax(messageBytesMax: number): number;
  /** Reads the request message from a whole body. Throws ConnectError. */
  read(operation: Operation, headers: HeaderRecord, body: Buffer): Message | Promise<Message>;
  /** Writes the response message. Throws if it cannot be encoded; then nothing was sent. */
  succeed(operation: Operation, call: Call, exchange: Exchange, message: Message): void | Promise<void>;
  /** Writes a failure. `call` is undefined if it failed before there was one. */
  fail(call: Call | undefined, exchange: Exchange, error: ConnectError): void;
}

// A handler's metadata must not change what the framing says.
const reserved = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
  "grpc-encoding",
  "grpc-accept-encoding",
]);

/** The headers that every answer has. */
export function answerHeaders(contentType: string, call: Call | undefined): OutgoingRecord {
  if (call === undefined || call.requestId === "") return { "content-type": contentType };
  return { "content-type": contentType, "x-request-id": call.requestId };
}

/** Adds headers that handlers, steps or errors have set to those of an answer, each name with an optional prefix. */
export function addMetadata(
  record: OutgoingRecord,
  metadata: Headers | undefined,
  prefix = "",
): OutgoingRecord {
  if (metadata === undefined) return record;
  for (const [name, value] of metadata) {
    if (reserved.has(name)) continue;
    const key = prefix + name;
    const before = record[key];
    // Only set-cookie comes more than once; Headers has joined all others.
    if (before === undefined || name !== "set-cookie") record[key] = value;
    else record[key] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return record;
}

/** A header of a request by name, the values of a repeated one joined. */
export function headerOf(headers: HeaderRecord, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" || value === undefined ? value : value.join(", ");
}
