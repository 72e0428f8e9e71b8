import type { DescMessage, Message } from "@bufbuild/protobuf";

import { compileMessage } from "./binary-compile.js";
import type { CompiledMessage } from "./binary-compiled.js";
import { newReader } from "./binary-reader.js";
import { ensure, newWriter, written, type Writer } from "./binary-writer.js";
import { reflectiveCodec, type BinaryCodec } from "./codec.js";

const codecs = new WeakMap<DescMessage, BinaryCodec>();

/**
 * The fastest codec of a message type: compiled to JavaScript the first time that it is asked for.
 *
 * Its messages and bytes are those of protobuf-es, and so are its errors: what the compiled functions refuse is done
 * again by protobuf-es. That is also the codec where source may not be evaluated, or a type isn't covered. In one thing
 * it promises more: no message shares memory with the bytes it was read from.
 */
export function binaryCodec(desc: DescMessage): BinaryCodec {
  const existing = codecs.get(desc);
  if (existing !== undefined) return existing;
  const reference = withoutSharing(reflectiveCodec(desc));
  const compiled = compileMessage(desc);
  const codec = compiled === undefined ? reference : withReference(compiled, reference);
  codecs.set(desc, codec);
  return codec;
}

/** protobuf-es keeps views of its input as bytes fields and unknown fields: it gets a copy. */
function withoutSharing(codec: BinaryCodec): BinaryCodec {
  return { ...codec, decode: (bytes) => codec.decode(new Uint8Array(bytes)) };
}

function withReference(compiled: CompiledMessage, reference: BinaryCodec): BinaryCodec {
  return {
    decode(bytes) {
      const message = new compiled.Message();
      try {
        compiled.read(newReader(bytes), message, bytes.length, 1);
      } catch {
        return reference.decode(bytes);
      }
      return message;
    },
    encode(message, reserve) {
      const w = takeWriter();
      try {
        return write(compiled, w, message, reserve);
      } catch {
        return reference.encode(message, reserve);
      } finally {
        giveWriter(w);
      }
    },
  };
}

function write(compiled: CompiledMessage, w: Writer, message: Message, reserve: number): Buffer {
  w.pos = 0;
  ensure(w, reserve);
  w.pos = reserve;
  compiled.write(w, message);
  return written(w);
}

// One writer for all, except while it is in use: a getter of a message might encode another one.
let idle: Writer | undefined;
const IDLE_BYTES_MAX = 1024 * 1024;

function takeWriter(): Writer {
  const w = idle ?? newWriter();
  idle = undefined;
  return w;
}

function giveWriter(w: Writer): void {
  // A buffer that one large message has blown up is not kept for the small ones.
  if (w.buf.length <= IDLE_BYTES_MAX) idle = w;
}
