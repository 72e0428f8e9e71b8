// The runner and the program under test exchange messages over stdin and stdout, each after its length: 32 bits, big-endian.
import type { Readable, Writable } from "node:stream";
import { fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

const lengthBytes = 4;

/** The messages of a stream, until it ends. Throws if it ends within a message. */
export async function* readDelimited<D extends DescMessage>(
  desc: D,
  input: Readable,
): AsyncGenerator<MessageShape<D>> {
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    // Streams without an encoding yield buffers.
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= lengthBytes) {
      const end = lengthBytes + rest.readUInt32BE(0);
      if (rest.length < end) break;
      yield fromBinary(desc, rest.subarray(lengthBytes, end));
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error("input ends within a message");
}

/** Writes one message. */
export function writeDelimited<D extends DescMessage>(
  desc: D,
  message: MessageShape<D>,
  output: Writable,
): void {
  const bytes = toBinary(desc, message);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(bytes.length, 0);
  output.write(Buffer.concat([length, bytes]));
}
