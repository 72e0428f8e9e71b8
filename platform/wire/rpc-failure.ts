import { ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../call/errors.js";

// What gRPC and Connect define themselves: a call's deadline, the size of a message, its compression.
const defined: ReadonlySet<string> = new Set([
  "DEADLINE_EXCEEDED",
  "BODY_TOO_LARGE",
  "CONTENT_ENCODING_UNSUPPORTED",
]);

/**
 * A failure as gRPC, gRPC-Web and Connect send it. One that these protocols define themselves is told by its code and its
 * message alone, as by every other implementation of them; the conformance suite compares details exactly. Every other
 * failure keeps its reason, and REST names the reason of all.
 */
export function rpcFailure(error: ConnectError): ConnectError {
  const found = reasonOf(error);
  if (found === undefined || found.domain !== "trunkline.v1" || !defined.has(found.reason)) return error;
  return new ConnectError(error.rawMessage, error.code, error.metadata, undefined, error.cause);
}
