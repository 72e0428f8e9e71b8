// Hot path: the 5-byte prefix of gRPC and gRPC-Web messages: a flag byte and a 32-bit length.
import { Code, ConnectError } from "@connectrpc/connect";
import { fail } from "../call/errors.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { tooLarge } from "./compression.js";

/** Bytes of the prefix. */
export const prefixBytes = 5;

/** Bit 0 of the flags: the message is compressed. */
export const flagCompressed = 1;

/** Bit 7 of the flags: the frame holds the trailers (gRPC-Web). */
export const flagTrailers = 0x80;

/** Writes the prefix into the first five bytes of a frame whose message follows. */
export function writePrefix(frame: Buffer, flags: number): void {
  frame[0] = flags;
  frame.writeUInt32BE(frame.length - prefixBytes, 1);
}

/** Puts a prefix before a message. */
export function frame(flags: number, message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed.set(message, prefixBytes);
  writePrefix(framed, flags);
  return framed;
}

/**
 * The flags of the one message in the body of a unary call.
 *
 * @throws ConnectError: UNIMPLEMENTED for no message or more than one, as gRPC's unary cardinality rules want it;
 * BODY_MALFORMED for a cut frame or unknown flags; BODY_TOO_LARGE.
 */
export function onlyFrame(body: Buffer, messageBytesMax: number): number {
  if (body.length === 0)
    throw new ConnectError("missing request message of a unary call", Code.Unimplemented);
  if (body.length < prefixBytes) throw fail(Reason.BODY_MALFORMED, "frame is cut short");
  const length = body.readUInt32BE(1);
  if (length > messageBytesMax) throw tooLarge(messageBytesMax);
  const end = prefixBytes + length;
  if (body.length < end) throw fail(Reason.BODY_MALFORMED, "frame is cut short");
  if (body.length > end)
    throw new ConnectError("more than one request message of a unary call", Code.Unimplemented);
  const flags = body[0] ?? 0;
  if (flags > flagCompressed) throw fail(Reason.BODY_MALFORMED, "frame has unknown flags");
  return flags;
}
