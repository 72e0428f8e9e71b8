// Hot path: `admit` runs for every stream.
import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Limits } from "./limits.js";

/** Tells floods of frames that carry nothing (WINDOW_UPDATE, PRIORITY, unknown types, ...) from requests. */
export interface OverheadMeter {
  /** Counts what a request may take on the wire. */
  admit(stream: ServerHttp2Stream, headerBytes: number): void;
  /** Whether the client sent more than its share of overhead since the last look. */
  excessive(now: number, open: ReadonlySet<ServerHttp2Stream>): boolean;
}

// A client acknowledges what it reads by WINDOW_UPDATE frames of 13 bytes, two (stream and connection) for as little as
// one DATA frame of ours; 1/32 of what we write covers frames of 832 bytes and more.
const acknowledgedShare = 1 / 32;

/**
 * Node shows no frames, but it shows the bytes read from the socket. What is not header fields, not body and not within a
 * window that a stream was granted is overhead. Body bytes are counted only once a connection looks suspicious, so that
 * the others pay nothing: the first look that finds too much starts the count, the next one decides.
 */
export function overheadMeter(socket: Socket, limits: Limits): OverheadMeter {
  let lookedAt = performance.now();
  let bytesRead = 0;
  let bytesWritten = 0;
  let granted = 0;
  let bodyBytes = 0;
  let metering = false;
  let opened = 0;

  const meter = (stream: ServerHttp2Stream): void => {
    // Node delivers what it receives through the public push() of the stream; an own property shadows it.
    const push = stream.push.bind(stream);
    stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk !== null) bodyBytes += chunk.length;
      return push(chunk, encoding);
    };
  };

  return {
    admit(stream, headerBytes) {
      opened++;
      granted += headerBytes;
      // Until it is told otherwise, a client may fill the window of a stream, read or unread.
      if (!stream.endAfterHeaders) granted += limits.streamWindowBytes;
      if (metering) meter(stream);
    },
    excessive(now, open) {
      const read = socket.bytesRead;
      const written = socket.bytesWritten;
      const overhead = read - bytesRead - granted - 2 * bodyBytes;
      const allowed =
        // At least a second's worth: a connection may be a moment old when it is looked at first.
        (limits.overheadBytesPerSecondMax * Math.max(1000, now - lookedAt)) / 1000 +
        (written - bytesWritten) * acknowledgedShare;
      const useless = opened === 0 && open.size === 0;
      lookedAt = now;
      bytesRead = read;
      bytesWritten = written;
      granted = bodyBytes = opened = 0;
      if (overhead <= allowed) return false;
      if (metering || useless) return true;
      metering = true;
      for (const stream of open) meter(stream);
      return false;
    },
  };
}
