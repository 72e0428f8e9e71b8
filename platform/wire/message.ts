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

/** Encodes a response message, `reserve` bytes left free at the start. */
export function encodeResponse(
  operation: Operation,
  json: boolean,
  message: Message,
  reserve: number,
): Buffer {
  const bytes = json ? encodeJson(operation, message, reserve) : operation.output.encode(message, reserve);
  if (bytes.length - reserve > operation.responseBytesMax) {
    throw new Error(
      `response of ${bytes.length - reserve} bytes is larger than ${operation.responseBytesMax}`,
    );
  }
  return bytes;
}

function encodeJson(operation: Operation, message: Message, reserve: number): Buffer {
  const text = operation.outputJson.write(message);
  if (reserve === 0) return Buffer.from(text);
  const bytes = Buffer.allocUnsafe(reserve + Buffer.byteLength(text));
  bytes.write(text, reserve);
  return bytes;
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
