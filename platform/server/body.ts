// Hot path: reads the body of every unary call.
import type { IncomingMessage } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { type BodyProgress, unwatchBody, watchBody, type WatchedBody } from "./body-progress.js";
import { defaultLimits } from "./limits.js";

/** Where a request body comes from: an HTTP/1.1 request or an HTTP/2 stream. */
export type BodySource = IncomingMessage | ServerHttp2Stream;

/**
 * Why a body was not read to its end.
 * - `too-large`: longer than `bytesMax`, by its content-length or by count.
 * - `aborted`: the client went away or reset the stream before the end.
 * - `too-slow`: less than the least rate over a whole window.
 * - `fragmented`: sent in so many tiny pieces that reading them costs more than what they carry.
 */
export type BodyFailure = "too-large" | "aborted" | "too-slow" | "fragmented";

/** The bounds on one body. */
export interface BodyBounds {
  /** The longest body that is accepted, as it comes over the wire (before decompression). */
  readonly bytesMax: number;
  /** What the content-length header says; undefined without one. Not trusted beyond refusing early. */
  readonly contentLength: number | undefined;
  /** The least rate; that of the default limits unless given. */
  readonly progress?: BodyProgress;
}

const noBytes = Buffer.alloc(0);

const defaultProgress: BodyProgress = {
  windowMs: defaultLimits.bodyWindowMs,
  bytesPerSecondMin: defaultLimits.bodyBytesPerSecondMin,
};

// A client that copies from a pipe sends a small piece now and then; a thousand pieces of a few bytes are an attack.
const fragmentsFree = 1000;
const fragmentBytesMin = 64;

/**
 * Reads a whole request body and calls `done` exactly once: with the bytes, or with a failure and no bytes. A body without
 * bytes is an empty buffer. `done` is never called before this function returns.
 *
 * After a failure nothing more is read or kept. The caller may still answer; the listener then ends what is left of the
 * request (RST_STREAM with NO_ERROR, or closing the HTTP/1.1 connection).
 */
export function readBody(
  source: BodySource,
  bounds: BodyBounds,
  done: (failure: BodyFailure | undefined, body: Buffer) => void,
): void {
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let fragments = 0;
  let settled = false;

  const settle = (failure: BodyFailure | undefined): void => {
    if (settled) return;
    settled = true;
    unwatchBody(watched);
    if (failure === undefined) {
      done(undefined, chunks === undefined ? (first ?? noBytes) : Buffer.concat(chunks, watched.bytes));
      return;
    }
    first = chunks = undefined;
    source.removeListener("data", onData);
    // A paused HTTP/2 stream that was reset would never close.
    if (failure !== "aborted") source.pause();
    done(failure, noBytes);
  };

  const onData = (chunk: Buffer): void => {
    const bytes = (watched.bytes += chunk.length);
    if (bytes > bounds.bytesMax) return settle("too-large");
    if (++fragments > fragmentsFree && bytes < fragments * fragmentBytesMin) return settle("fragmented");
    if (first === undefined) first = chunk;
    else if (chunks === undefined) chunks = [first, chunk];
    else chunks.push(chunk);
  };

  const watched: WatchedBody = {
    bytes: 0,
    bytesBefore: 0,
    windowStartedAt: 0,
    progress: bounds.progress ?? defaultProgress,
    tooSlow: () => settle("too-slow"),
  };

  if (source.aborted || source.destroyed) {
    process.nextTick(settle, "aborted");
    return;
  }
  // An HTTP/2 body without a byte ends by itself, before anyone asks for it: its "end" is not to come again.
  if (source.readableEnded) {
    process.nextTick(settle, undefined);
    return;
  }
  if (bounds.contentLength !== undefined && bounds.contentLength > bounds.bytesMax) {
    process.nextTick(settle, "too-large");
    return;
  }
  watchBody(watched);
  source.on("data", onData);
  // A reset HTTP/2 stream emits "end" too; only `aborted` tells a truncated body from a whole one.
  source.on("end", () => settle(source.aborted ? "aborted" : undefined));
  source.on("close", () => settle("aborted"));
}
