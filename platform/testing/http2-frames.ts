/**
 * HTTP/2 frames made by hand (RFC 9113, section 4), for clients that do what no library would. Header blocks use HPACK
 * literals without indexing and without Huffman codes (RFC 7541, section 6.2.2), so that they need no state.
 */

/** The client's connection preface; a SETTINGS frame has to follow. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** The settings of RFC 9113, section 6.5.2, that tests use. */
export const setting = { maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;

/** Any frame, legal or not. `type` may be unknown to HTTP/2. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** A SETTINGS frame of pairs of identifier and value. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  return frame(
    frameType.settings,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([uint16(id), uint32(value)]))),
  );
}

/** A header block of fields in the order given. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    fields.map(([name, value]) => Buffer.concat([Buffer.of(0), hpackString(name), hpackString(value)])),
  );
}

/** The fields of a POST request. */
export function requestFields(
  path: string,
  more: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  return [[":method", "POST"], [":scheme", "http"], [":path", path], [":authority", "localhost"], ...more];
}

/** A whole HEADERS frame for a header block of up to 16,384 bytes. */
export function headers(streamId: number, block: Uint8Array, flags: number = flag.endHeaders): Buffer {
  return frame(frameType.headers, flags, streamId, block);
}

export function rstStream(streamId: number, code: number): Buffer {
  return frame(frameType.rstStream, 0, streamId, uint32(code));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, streamId, uint32(increment));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

// A length in a 7-bit prefix (RFC 7541, section 5.1), without the Huffman bit.
function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** A frame that was received. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Cuts a stream of bytes into frames. Returns a function that takes bytes and gives the frames they complete. */
export function frameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      // Ends because every turn takes at least nine bytes away.
      if (rest.length < 9) return frames;
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) return frames;
      const [type, flags] = [rest.readUInt8(3), rest.readUInt8(4)];
      frames.push({
        type,
        flags,
        streamId: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(9, 9 + length),
      });
      rest = rest.subarray(9 + length);
    }
  };
}
