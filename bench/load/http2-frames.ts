// Hot path of the load generator: frames of HTTP/2, RFC 9113 section 4 and 6.

export const frameTypes = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

export const frameFlags = { ack: 0x1, endStream: 0x1, endHeaders: 0x4 } as const;

/** SETTINGS_HEADER_TABLE_SIZE. */
export const headerTableSizeSetting = 1;

const headerBytes = 9;
const windowMax = 2 ** 31 - 1;
const windowDefault = 65_535;

export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(headerBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, headerBytes);
  return bytes;
}

/** What a connection begins with: no push, and windows so large that answers never wait for us. */
export function clientPreface(): Buffer {
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(2, 0); // SETTINGS_ENABLE_PUSH 0
  settings.writeUInt16BE(4, 6); // SETTINGS_INITIAL_WINDOW_SIZE
  settings.writeUInt32BE(windowMax, 8);
  return Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(frameTypes.settings, 0, 0, settings),
    windowUpdate(windowMax - windowDefault),
  ]);
}

/** Adds to the window of the connection. */
export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(frameTypes.windowUpdate, 0, 0, payload);
}

/** Gets each frame; the payload is valid during the call. */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts a stream of bytes into frames. */
export function frameReader(onFrame: OnFrame): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= headerBytes) {
      const end = at + headerBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const streamId = bytes.readUInt32BE(at + 5) & windowMax;
      onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, streamId, bytes.subarray(at + headerBytes, end));
      at = end;
    }
    rest = bytes.subarray(at);
  };
}
