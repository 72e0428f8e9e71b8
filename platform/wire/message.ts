// Hot path: what the protocols share in reading and writing one message.
import type { Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { fail } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { Violation } from "../codec/json.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { inflateBody, isCoding, tooLarge, type Coding } from "./compression.js";

/** Decodes a request message. Malformed input is always INVALID_ARGUMENT. */
export function decodeRequest(operation: Operation, json: boolean, bytes: Uint8Array): Message {
  if (bytes.length > operation.requestBytesMax) throw tooLarge(operation.requestBytesMax);
  try {
    return json ? operation.inputJson.read(bytes) : operation.input.decode(bytes);
  } catch (error) {
    throw malformedMessage(error);
  }
}

/** Encodes a response message as binary, `reserve` bytes left free at the start. */
export function encodeBinary(operation: Operation, message: Message, reserve: number): Buffer {
  const bytes = operation.output.encode(message, reserve);
  checkSize(operation, bytes.length - reserve);
  return bytes;
}

/** Encodes a response message as JSON, in bytes, `reserve` of them left free at the start. */
export function encodeJson(operation: Operation, message: Message, reserve: number): Buffer {
  const text = operation.outputJson.write(message);
  const length = Buffer.byteLength(text);
  checkSize(operation, length);
  const bytes = Buffer.allocUnsafe(reserve + length);
  bytes.write(text, reserve);
  return bytes;
}

/** A response that is too large is the handler's fault. */
export function checkSize(operation: Operation, bytes: number): void {
  if (bytes <= operation.responseBytesMax) return;
  throw new Error(`response of ${bytes} bytes is larger than ${operation.responseBytesMax}`);
}

/** The coding of a request; undefined for identity. Throws CONTENT_ENCODING_UNSUPPORTED. */
export function requestCoding(
  name: string | undefined,
  header: string,
  offered: readonly Coding[],
): Coding | undefined {
  if (name === undefined || name === "identity") return undefined;
  if (isCoding(name) && offered.includes(name)) return name;
  const failure = fail(
    Reason.CONTENT_ENCODING_UNSUPPORTED,
    `unknown compression "${name.slice(0, 64)}": supported are ${offered.join(", ")}`,
  );
  // gRPC's compression.md and the Connect protocol: say what would have worked.
  failure.metadata.set(header, offered.join(","));
  throw failure;
}

/** Undoes the coding of a request body, if it has one. */
export function inflateRequest(
  coding: Coding | undefined,
  body: Buffer,
  bytesMax: number,
): Buffer | Promise<Buffer> {
  return coding === undefined ? body : inflateBody(coding, body, bytesMax);
}

function malformedMessage(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof Violation) {
    return fail(Reason.BODY_MALFORMED, error.message, {
      violations: [{ field: error.field, description: error.message, reason: error.reason }],
    });
  }
  return fail(Reason.BODY_MALFORMED, "message is not valid protobuf", { cause: error });
}
