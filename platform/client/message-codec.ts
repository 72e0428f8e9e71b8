// Hot path: turns messages into request bytes and answers into messages.
import { fromJsonString, toJsonString, type DescMessage, type Message } from "@bufbuild/protobuf";
import type { JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { BinaryCodec } from "../codec/codec.js";

/** Options of proto3 JSON, as in protobuf-es. */
export type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>;

/** JSON as a codec of bytes. Unknown fields are ignored unless the options say otherwise. */
export function jsonCodec(desc: DescMessage, options: JsonOptions | undefined): BinaryCodec {
  const readOptions = { ignoreUnknownFields: true, ...options };
  return {
    decode: (bytes) =>
      fromJsonString(
        desc,
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
        readOptions,
      ),
    encode(message, reserve) {
      const text = toJsonString(desc, message, options);
      const out = Buffer.allocUnsafe(reserve + Buffer.byteLength(text));
      out.write(text, reserve);
      return out;
    },
  };
}

/** Encodes a request. A message that can't be written is the calling program's fault: INTERNAL, and nothing is sent. */
export function encodeRequest(codec: BinaryCodec, message: Message, reserve: number): Buffer {
  try {
    return codec.encode(message, reserve);
  } catch (error) {
    throw new ConnectError("request cannot be encoded", Code.Internal, undefined, undefined, error);
  }
}

/** Decodes an answer. One that does not fit the contract is the server's fault: INTERNAL. */
export function decodeAnswer(codec: BinaryCodec, bytes: Uint8Array): Message {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new ConnectError("answer is not a valid message", Code.Internal, undefined, undefined, error);
  }
}
