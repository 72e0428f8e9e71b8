// Hot path: unary calls of the gRPC protocol. Source: gRPC PROTOCOL-HTTP2.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-grpc";
import { inflate } from "./compression.js";
import type { Answer } from "./exchange.js";
import { tooLarge } from "./exchange.js";
import { statusError } from "./grpc-status.js";
import { decodeAnswer, encodeRequest } from "./message-codec.js";
import { addMetadata, errorMetadata, toHeaders } from "./metadata.js";
import {
  checkRequestSize,
  unaryResponse,
  userAgent,
  type Packed,
  type Route,
  type UnaryProtocol,
  type UnarySettings,
} from "./unary.js";

/** Bytes before a message: flags and length. */
const prefixBytes = 5;
const compressedFlag = 1;

/** The gRPC protocol for unary calls. */
export function grpcUnary(settings: UnarySettings): UnaryProtocol {
  const subtype = settings.format === "binary" ? "proto" : "json";
  const contentType = `application/grpc+${subtype}`;
  const acceptEncoding = settings.accept.map((one) => one.name).join(",");

  return {
    bodyBytesMax: settings.readMaxBytes + prefixBytes,

    pack(route, message) {
      const frame = encodeRequest(route.input, message, prefixBytes);
      const bytes = frame.length - prefixBytes;
      checkRequestSize(bytes, settings);
      if (settings.send !== undefined && bytes >= settings.compressMinBytes)
        return deflateFrame(frame, settings.send);
      frame[0] = 0;
      frame.writeUInt32BE(bytes, 1);
      return { body: frame, compressed: false };
    },

    headers(route, _packed, timeoutMs, metadata) {
      const headers: Record<string, string> = { ":method": "POST", ":path": route.path };
      addMetadata(headers, metadata);
      headers["content-type"] = contentType;
      headers["te"] = "trailers";
      headers["user-agent"] ??= userAgent;
      if (acceptEncoding !== "") headers["grpc-accept-encoding"] = acceptEncoding;
      if (settings.send !== undefined) headers["grpc-encoding"] = settings.send.name;
      if (timeoutMs !== undefined) headers["grpc-timeout"] = grpcTimeout(timeoutMs);
      return headers;
    },

    read(route, answer) {
      const frame = checkAnswer(answer, subtype, settings.readMaxBytes);
      if (frame[0] === compressedFlag) return readCompressed(route, answer, frame, settings);
      return response(route, answer, frame.subarray(prefixBytes));
    },
  };
}

/** `grpc-timeout`: at most eight digits and a unit. Rounded down, for the server's deadline should be the earlier one. */
function grpcTimeout(timeoutMs: number): string {
  const ms = Math.max(1, Math.floor(timeoutMs));
  if (ms < 1e8) return `${ms}m`;
  return `${Math.min(99_999_999, Math.floor(ms / 1000))}S`;
}

async function deflateFrame(frame: Buffer, compression: NonNullable<UnarySettings["send"]>): Promise<Packed> {
  const bytes = await compression.compress(new Uint8Array(frame.subarray(prefixBytes)));
  const body = Buffer.allocUnsafe(prefixBytes + bytes.length);
  body[0] = compressedFlag;
  body.writeUInt32BE(bytes.length, 1);
  body.set(bytes, prefixBytes);
  return { body, compressed: true };
}

/**
 * The one frame of a successful answer. Throws the error that the answer carries.
 *
 * A status in the header counts only if the answer is nothing but headers ("Trailers-Only").
 */
function checkAnswer(answer: Answer, subtype: string, readMaxBytes: number): Buffer {
  const { status, header, trailer, body } = answer;
  const answerSubtype = grpcSubtype(header["content-type"]);
  const metadata = () => errorMetadata(toHeaders(header, "all"), toHeaders(trailer, "all"));
  if (answerSubtype === undefined) {
    if (status !== 200) throw new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status), metadata());
    throw new ConnectError("answer is not gRPC: unexpected content type", Code.Unknown, metadata());
  }
  const fields = trailer ?? (body.length === 0 ? header : undefined);
  const hasStatus = fields !== undefined && fields["grpc-status"] !== undefined;
  if (hasStatus) {
    const failure = statusError(fields, metadata);
    if (failure !== undefined) throw failure;
  } else if (status !== 200) {
    throw new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status), metadata());
  }
  if (answerSubtype !== subtype)
    throw new ConnectError("answer has another codec", Code.Internal, metadata());
  if (!hasStatus) throw new ConnectError("answer has no grpc-status", Code.Internal, metadata());
  return checkFrame(body, readMaxBytes);
}

/** Checks that a body is one frame, whole. */
function checkFrame(body: Buffer, readMaxBytes: number): Buffer {
  if (body.length === 0) throw new ConnectError("answer has no message", Code.Unimplemented);
  if (body.length < prefixBytes) throw new ConnectError("answer is cut off", Code.Internal);
  const bytes = body.readUInt32BE(1);
  if (bytes > readMaxBytes) throw tooLarge(readMaxBytes);
  if (body.length < prefixBytes + bytes) throw new ConnectError("answer is cut off", Code.Internal);
  if (body.length > prefixBytes + bytes)
    throw new ConnectError("answer has more than one message", Code.Unimplemented);
  const flags = body[0];
  if (flags !== 0 && flags !== compressedFlag)
    throw new ConnectError(`invalid frame flags ${flags}`, Code.Internal);
  return body;
}

async function readCompressed<I extends DescMessage, O extends DescMessage>(
  route: Route<I, O>,
  answer: Answer,
  frame: Buffer,
  settings: UnarySettings,
): Promise<UnaryResponse<I, O>> {
  const encoding = String(answer.header["grpc-encoding"] ?? "identity");
  if (encoding === "identity") throw new ConnectError("compressed answer without an encoding", Code.Internal);
  const bytes = new Uint8Array(frame.subarray(prefixBytes));
  return response(route, answer, await inflate(bytes, encoding, settings.accept, settings.readMaxBytes));
}

function response<I extends DescMessage, O extends DescMessage>(
  route: Route<I, O>,
  { header, trailer }: Answer,
  bytes: Uint8Array,
): UnaryResponse<I, O> {
  return unaryResponse(
    route.method,
    // The codec of a route is that of its method's output.
    decodeAnswer(route.output, bytes) as MessageShape<O>,
    () => toHeaders(header, "all"),
    () => toHeaders(trailer, "all"),
  );
}

/** "proto" of "application/grpc+proto" and of "application/grpc"; undefined if it isn't gRPC. */
function grpcSubtype(contentType: string | undefined): string | undefined {
  if (contentType === "application/grpc+proto" || contentType === "application/grpc") return "proto";
  if (contentType === undefined) return undefined;
  const [type = ""] = contentType.toLowerCase().split(";", 1);
  if (type.trim() === "application/grpc") return "proto";
  return type.startsWith("application/grpc+") ? type.slice("application/grpc+".length).trim() : undefined;
}
