// Hot path: unary calls of gRPC over HTTP/2 and of gRPC-Web.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and PROTOCOL-WEB.md
import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Call, HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import type { Exchange, OutgoingRecord } from "../server/exchange.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { chooseCoding, codingBytesMin, deflateBody, type Coding } from "./compression.js";
import { flagCompressed, flagTrailers, frame, onlyFrame, prefixBytes, writePrefix } from "./frame.js";
import { decodeRequest, encodeBinary, encodeJson, inflateRequest, requestCoding } from "./message.js";
import { rpcFailure } from "./rpc-failure.js";
import { addMetadata, answerHeaders, headerOf, type UnaryWire } from "./unary.js";

const offered: readonly Coding[] = ["gzip", "br"];
const acceptEncoding = offered.join(",");
const timeout = /^(\d{1,8})([HMSmun])$/;
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The wire of a gRPC or gRPC-Web content type; undefined if it is none that we speak. */
export function grpcWire(contentType: string): UnaryWire | undefined {
  return wires.get(contentType);
}

/** The deadline of a gRPC call: `grpc-timeout`, at most 8 digits and a unit. */
export function grpcTimeoutMs(headers: HeaderRecord): number | undefined {
  const text = headers["grpc-timeout"];
  if (text === undefined) return undefined;
  const match = typeof text === "string" ? timeout.exec(text) : null;
  if (match === null)
    throw fail(Reason.DEADLINE_MALFORMED, "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n");
  return Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1);
}

function createWire(contentType: string): UnaryWire {
  const web = contentType.startsWith("application/grpc-web");
  const json = contentType.endsWith("+json");
  const write = web ? writeWeb : writeHttp2;
  const encode = json ? encodeJson : encodeBinary;
  return {
    door: web ? "grpc-web" : "grpc",
    timeoutMs: grpcTimeoutMs,
    bodyBytesMax: (messageBytesMax) => messageBytesMax + prefixBytes,
    read: (operation, headers, body) => readMessage(operation, json, headers, body),
    succeed(operation, call, exchange, message) {
      const framed = encode(operation, message, prefixBytes);
      call.responseBytes = framed.length - prefixBytes;
      const headers = responseHeaders(contentType, call);
      if (call.responseBytes >= codingBytesMin) {
        const coding = chooseCoding(headerOf(exchange.headers, "grpc-accept-encoding"), offered);
        if (coding !== undefined) return writeDeflated(write, call, exchange, headers, coding, framed);
      }
      writePrefix(framed, 0);
      write(exchange, headers, framed, okTrailers(call));
    },
    fail(call, exchange, error) {
      write(exchange, responseHeaders(contentType, call), undefined, errorTrailers(call, error));
    },
  };
}

const wires: ReadonlyMap<string, UnaryWire> = new Map(
  [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web+json",
  ].map((contentType) => [contentType, createWire(contentType)]),
);

function readMessage(
  operation: Operation,
  json: boolean,
  headers: HeaderRecord,
  body: Buffer,
): Message | Promise<Message> {
  const coding = requestCoding(headerOf(headers, "grpc-encoding"), "grpc-accept-encoding", offered);
  const compressed = onlyFrame(body, operation.requestBytesMax) === flagCompressed;
  if (compressed && coding === undefined) {
    // INTERNAL by gRPC's compression.md, although it is the client's fault.
    throw new ConnectError(
      "message is flagged as compressed, but grpc-encoding names no compression",
      Code.Internal,
    );
  }
  const payload = body.subarray(prefixBytes);
  const bytes = inflateRequest(compressed ? coding : undefined, payload, operation.requestBytesMax);
  if (bytes instanceof Promise) return bytes.then((b) => decodeRequest(operation, json, b));
  return decodeRequest(operation, json, bytes);
}

type Write = (
  exchange: Exchange,
  headers: OutgoingRecord,
  body: Buffer | undefined,
  trailers: OutgoingRecord,
) => void;

function writeHttp2(
  exchange: Exchange,
  headers: OutgoingRecord,
  body: Buffer | undefined,
  trailers: OutgoingRecord,
): void {
  exchange.sendWithTrailers(headers, body, trailers);
}

/** gRPC-Web has its trailers in a last frame of the body, as HTTP/1.1 header lines. */
function writeWeb(
  exchange: Exchange,
  headers: OutgoingRecord,
  body: Buffer | undefined,
  trailers: OutgoingRecord,
): void {
  const lines = Object.entries(trailers).flatMap(([name, value]) =>
    [value].flat().map((v) => `${name}: ${v}\r\n`),
  );
  const last = frame(flagTrailers, Buffer.from(lines.join("")));
  exchange.send(200, headers, body === undefined ? last : Buffer.concat([body, last]));
}

async function writeDeflated(
  write: Write,
  call: Call,
  exchange: Exchange,
  headers: OutgoingRecord,
  coding: Coding,
  framed: Buffer,
): Promise<void> {
  const deflated = await deflateBody(coding, framed.subarray(prefixBytes));
  headers["grpc-encoding"] = coding;
  write(exchange, headers, frame(flagCompressed, deflated), okTrailers(call));
}

function responseHeaders(contentType: string, call: Call | undefined): OutgoingRecord {
  const headers = answerHeaders(contentType, call);
  headers["grpc-accept-encoding"] = acceptEncoding;
  return addMetadata(headers, call?.responseHeaderIfSet);
}

function okTrailers(call: Call): OutgoingRecord {
  return addMetadata({ "grpc-status": "0" }, call.responseTrailerIfSet);
}

function errorTrailers(call: Call | undefined, error: ConnectError): OutgoingRecord {
  const status = new Headers();
  setTrailerStatus(status, rpcFailure(error));
  const trailers = addMetadata({}, call?.responseTrailerIfSet);
  addMetadata(trailers, error.metadata);
  for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) {
    const value = status.get(name);
    if (value !== null) trailers[name] = value;
  }
  return trailers;
}
