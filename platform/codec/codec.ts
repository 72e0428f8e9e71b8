import { fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";

/** The binary form of one message type. */
export interface BinaryCodec {
  /**
   * Reads a message. Throws on malformed bytes, invalid UTF-8 in a string field, and nesting deeper than 100. Unknown
   * fields are kept.
   */
  decode(bytes: Uint8Array): Message;
  /** Writes a message into a new buffer whose first `reserve` bytes are left for the caller (5 for a gRPC frame). */
  encode(message: Message, reserve: number): Buffer;
}

/** The codec of protobuf-es: right for every message, and the reference that faster ones are tested against. */
export function reflectiveCodec(desc: DescMessage): BinaryCodec {
  return {
    decode: (bytes) => fromBinary(desc, bytes),
    encode(message, reserve) {
      const bytes = toBinary(desc, message);
      const out = Buffer.allocUnsafe(reserve + bytes.length);
      out.set(bytes, reserve);
      return out;
    },
  };
}
