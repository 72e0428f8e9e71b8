// Unary calls of the Connect protocol by GET: the message is in the query.
// https://connectrpc.com/docs/protocol#unary-get-request
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import { connectJson, connectProto, readConnect, requireVersion } from "./connect.js";
import type { UnaryWire } from "./unary.js";

/** The wire of a Connect GET: its request comes from the query as received, its answer is that of a POST. */
export function connectGetWire(query: string): UnaryWire {
  const parameters = new URLSearchParams(query);
  const json = parameters.get("encoding") === "json";
  return {
    ...(json ? connectJson : connectProto),
    bodyBytesMax: () => 0,
    read(operation) {
      requireUtf8(query);
      const { message, compression } = readQuery(parameters);
      return readConnect(operation, json, compression, message);
    },
  };
}

/** URLSearchParams puts U+FFFD for what is not UTF-8, and leaves broken escapes as they are. */
function requireUtf8(query: string): void {
  try {
    decodeURIComponent(query);
  } catch (cause) {
    throw fail(Reason.REQUEST_MALFORMED, "the query has a broken escape or is not UTF-8", { cause });
  }
}

function readQuery(query: URLSearchParams): { message: Buffer; compression: string | undefined } {
  requireVersion(query.get("connect")?.replace(/^v/, "") ?? undefined, "connect");
  const encoding = query.get("encoding");
  if (encoding !== "json" && encoding !== "proto") {
    throw fail(Reason.REQUEST_MALFORMED, 'the parameter encoding must be "json" or "proto"');
  }
  const message = query.get("message");
  if (message === null) throw fail(Reason.REQUEST_MALFORMED, "the parameter message is missing");
  const base64 = query.get("base64");
  if (base64 !== null && base64 !== "1")
    throw fail(Reason.REQUEST_MALFORMED, 'the parameter base64 must be "1"');
  return {
    message: base64 === null ? Buffer.from(message) : decodeBase64(message),
    compression: query.get("compression") ?? undefined,
  };
}

const alphabet = /^[A-Za-z0-9_+/-]*={0,2}$/;

function decodeBase64(text: string): Buffer {
  // URLSearchParams reads "+" as a space; no base64 has one.
  const letters = text.replaceAll(" ", "+");
  if (!alphabet.test(letters)) throw fail(Reason.BODY_MALFORMED, "the parameter message is not base64");
  return Buffer.from(letters, "base64url");
}
