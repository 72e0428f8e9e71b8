import http2 from "node:http2";
import type { Socket } from "node:net";
import type { EndReason } from "./connection-events.js";
import type { ProtocolOptions } from "./h1.js";
import { connectionAgeMs } from "./limits.js";
import { liveness } from "./liveness.js";
import { overheadMeter } from "./overhead.js";
import type { H2Head } from "./request-head.js";
import { retirementOf } from "./retirement.js";
import { tokenBucket } from "./token-bucket.js";
import { writeStalls } from "./write-stall.js";

/** Watches one HTTP/2 connection and ends it when its client abuses it. */
export interface Guard {
  /** Streams that have not closed yet. */
  readonly openStreams: number;
  /** Counts a new stream. False when there is no use in serving it: it was reset already, or the connection is ending. */
  admit(stream: http2.ServerHttp2Stream, head: H2Head): boolean;
  /** Asks the client to move on (GOAWAY); streams in flight may finish. */
  retire(): void;
  sweep(now: number): void;
}

const {
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_STREAM_CLOSED,
  NGHTTP2_FRAME_SIZE_ERROR,
  NGHTTP2_COMPRESSION_ERROR,
} = http2.constants;

// Resets that no client in good standing causes. A client that provokes them makes the server do the resetting
// (MadeYouReset, CVE-2025-8671).
const protocolErrors: ReadonlySet<number> = new Set([
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_STREAM_CLOSED,
  NGHTTP2_FRAME_SIZE_ERROR,
  NGHTTP2_COMPRESSION_ERROR,
]);
const protocolErrorsBurst = 20;
const protocolErrorsPerSecond = 1;

/**
 * Node and nghttp2 notice some floods, but Node leaves the socket of such a connection open, and what they let pass differs
 * by version. So we count what costs us (streams reset, malformed requests, PING, SETTINGS, bytes that are neither header
 * nor body) and close the socket ourselves.
 */
export function guardSession(
  session: http2.ServerHttp2Session,
  socket: Socket,
  { limits, onEvent }: ProtocolOptions,
): Guard {
  const open = new Set<http2.ServerHttp2Stream>();
  const resets = tokenBucket(limits.resetsBurst, limits.resetsPerSecond);
  const errors = tokenBucket(protocolErrorsBurst, protocolErrorsPerSecond);
  const controlFrames = tokenBucket(limits.controlFramesBurst, limits.controlFramesPerSecond);
  const overhead = overheadMeter(socket, limits);
  const alive = liveness(session, socket, limits);
  const stalls = writeStalls<http2.ServerHttp2Stream>(limits);
  const retirement = retirementOf(session, socket);
  const retireAt = performance.now() + connectionAgeMs(limits);
  let idleSince = performance.now();
  let ended = false;

  /** Asks the client to leave, and closes. */
  const close = (reason: EndReason): void => {
    ended = true;
    onEvent({ kind: "ended", reason });
    session.goaway(NGHTTP2_NO_ERROR);
    // The GOAWAY leaves in this turn of the loop.
    setImmediate(() => {
      session.destroy();
      socket.destroy();
    });
  };

  /** Cuts an abuser off. At once, since what is left of the current read may hold a thousand requests more. */
  const cut = (reason: EndReason): void => {
    if (ended) return;
    ended = true;
    onEvent({ kind: "ended", reason });
    if (!session.destroyed) session.destroy(new Error(reason), NGHTTP2_ENHANCE_YOUR_CALM);
    socket.destroy();
  };

  const onControlFrame = (): void => {
    if (!controlFrames.take()) cut("control-frames");
  };
  session.on("ping", onControlFrame);
  session.on("remoteSettings", onControlFrame);

  const countReset = (code: number): void => {
    if (protocolErrors.has(code)) {
      if (!errors.take()) cut("protocol-errors");
    } else if (!resets.take()) cut("resets");
  };

  // Comes at once when a stream is reset before its answer was given.
  function onAborted(this: http2.ServerHttp2Stream): void {
    countReset(this.rstCode);
    // What is left of the body is of no use, and the stream does not close before it is read.
    this.resume();
  }

  function onClose(this: http2.ServerHttp2Stream): void {
    open.delete(this);
    if (open.size === 0) idleSince = performance.now();
    // Reset after its answer was given, though perhaps not sent: a fast handler must not hide a flood.
    if (!this.aborted && this.rstCode !== NGHTTP2_NO_ERROR) countReset(this.rstCode);
  }

  return {
    get openStreams() {
      return open.size;
    },
    admit(stream, head) {
      open.add(stream);
      retirement.onRequest();
      stream.on("aborted", onAborted);
      stream.on("close", onClose);
      overhead.admit(stream, head.bytes);
      if (head.status !== undefined && !errors.take()) cut("protocol-errors");
      if (stream.aborted) onAborted.call(stream);
      return !ended && !stream.closed && !stream.destroyed;
    },
    retire: retirement.begin,
    sweep(now) {
      if (ended || session.destroyed) return;
      for (const stream of open) {
        // Answered before its body was read: the rest is not wanted (RFC 9113, section 8.1).
        if (!stream.writableFinished || stream.state.localClose !== 1) continue;
        stream.close(NGHTTP2_NO_ERROR);
        stream.resume();
      }
      if (overhead.excessive(now, open)) return cut("overhead");
      if (stalls.find(now, open) !== undefined) return close("write-stall");
      if (alive.dead(now)) return close("unresponsive");
      if (open.size === 0 && now - idleSince > limits.idleTimeoutMs) return close("idle");
      if (now > retireAt + limits.connectionAgeGraceMs) return close("age");
      if (now > retireAt) retirement.begin();
    },
  };
}
