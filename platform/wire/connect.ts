// Hot path: unary calls of the Connect protocol, https://connectrpc.com/docs/protocol
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { Call, HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { chooseCoding, codingBytesMin, deflateBody, type Coding } from "./compression.js";
import { checkSize, decodeRequest, inflateRequest, requestCoding } from "./message.js";
import { rpcFailure } from "./rpc-failure.js";
import { addMetadata, answerHeaders, headerOf, type UnaryWire } from "./unary.js";
import type { Exchange, OutgoingRecord } from "../server/exchange.js";

const offered: readonly Coding[] = ["gzip", "br"];
const digits = /^\d{1,10}$/;

/** Unary calls with `application/json`. */
export const connectJson: UnaryWire = connectWire(true);

/** Unary calls with `application/proto`. */
export const connectProto: UnaryWire = connectWire(false);

/** The deadline of a Connect call: `Connect-Timeout-Ms`, at most 10 digits. */
export function connectTimeoutMs(headers: HeaderRecord): number | undefined {
  const text = headers["connect-timeout-ms"];
  if (text === undefined) return undefined;
  if (typeof text === "string" && digits.test(text)) return Number(text);
  throw fail(Reason.DEADLINE_MALFORMED, "connect-timeout-ms must be 1 to 10 digits");
}

/** The failure of a Connect stream: 200, and an EndStreamResponse in place of all messages. */
export function failConnectStream(
  contentType: string,
  call: Call | undefined,
  exchange: Exchange,
  error: ConnectError,
): void {
  const metadata = Object.fromEntries([...error.metadata].map(([name, value]) => [name, [value]]));
  const json = Buffer.from(
    JSON.stringify({
      error: JSON.parse(Buffer.from(errorToJsonBytes(rpcFailure(error), undefined)).toString()),
      metadata,
    }),
  );
  const frame = Buffer.allocUnsafe(5 + json.length);
  // Bit 1 of the flags marks the EndStreamResponse.
  frame[0] = 2;
  frame.writeUInt32BE(json.length, 1);
  frame.set(json, 5);
  exchange.send(200, addMetadata(answerHeaders(contentType, call), call?.responseHeaderIfSet), frame);
}

function connectWire(json: boolean): UnaryWire {
  const contentType = json ? "application/json" : "application/proto";
  return {
    door: "connect",
    timeoutMs: connectTimeoutMs,
    bodyBytesMax: (messageBytesMax) => messageBytesMax,
    read(operation, headers, body) {
      requireVersion(headers["connect-protocol-version"], "connect-protocol-version");
      return readConnect(operation, json, headerOf(headers, "content-encoding"), body);
    },
    succeed(operation, call, exchange, message) {
      // JSON stays a string, which node writes together with the head of HTTP/1.1 in one piece.
      const body = json ? operation.outputJson.write(message) : operation.output.encode(message, 0);
      const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
      checkSize(operation, bytes);
      call.responseBytes = bytes;
      const headers = addMetadata(answerHeaders(contentType, call), call.responseHeaderIfSet);
      addMetadata(headers, call.responseTrailerIfSet, "trailer-");
      if (bytes >= codingBytesMin) {
        const coding = chooseCoding(headerOf(exchange.headers, "accept-encoding"), offered);
        if (coding !== undefined) return sendDeflated(exchange, headers, coding, body);
      }
      exchange.send(200, headers, body);
    },
    fail(call, exchange, error) {
      const headers = addMetadata(answerHeaders("application/json", call), call?.responseHeaderIfSet);
      addMetadata(headers, error.metadata);
      addMetadata(headers, call?.responseTrailerIfSet, "trailer-");
      exchange.send(codeToHttpStatus(error.code), headers, errorToJsonBytes(rpcFailure(error), undefined));
    },
  };
}

/** The version that a Connect request may name: "1", or none. */
export function requireVersion(version: HeaderRecord[string], where: string): void {
  if (version === undefined || version === "1") return;
  throw fail(Reason.REQUEST_MALFORMED, `${where} must be "1"`);
}

/** Reads a request message under its coding. */
export function readConnect(
  operation: Operation,
  json: boolean,
  codingName: string | undefined,
  body: Buffer,
): Message | Promise<Message> {
  const coding = requestCoding(codingName, "accept-encoding", offered);
  const bytes = inflateRequest(coding, body, operation.requestBytesMax);
  if (bytes instanceof Promise) return bytes.then((b) => decodeRequest(operation, json, b));
  return decodeRequest(operation, json, bytes);
}

async function sendDeflated(
  exchange: Exchange,
  headers: OutgoingRecord,
  coding: Coding,
  body: Buffer | string,
): Promise<void> {
  const deflated = await deflateBody(coding, Buffer.from(body));
  headers["content-encoding"] = coding;
  headers["vary"] = "accept-encoding";
  exchange.send(200, headers, deflated);
}
