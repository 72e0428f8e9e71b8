// Hot path: every unary call over HTTP/2 passes here. Events, no async iterables, no Headers, no AbortController.
import {
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Connection, InFlight } from "./connection.js";
import { requestFailure, streamFailure } from "./stream-failure.js";

/** A complete answer, as it came. */
export interface Answer {
  readonly status: number;
  readonly header: IncomingHttpHeaders;
  /** Undefined if the answer had none. */
  readonly trailer: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
}

/** What ends an exchange before its answer. */
export interface Bounds {
  /** Most bytes of the body, as received. */
  readonly bodyBytesMax: number;
  /** Milliseconds until DEADLINE_EXCEEDED; undefined: none. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

// Longer timeouts would make node fire at once.
const timerMaxMs = 0x7fffffff;

const empty = Buffer.alloc(0);

/**
 * Sends one request with its body in one write, and reads one answer. Whatever ends it early resets the stream with
 * CANCEL, so that the server stops working.
 *
 * Rejects with a ConnectError: CANCELED or the signal's reason, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED above
 * `bodyBytesMax`, UNAVAILABLE if the connection fails, else what gRPC's table says about the HTTP/2 error.
 */
export function exchange(
  connection: Connection,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
  bounds: Bounds,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs, bodyBytesMax } = bounds;
    if (signal?.aborted === true) return reject(canceled(signal));

    let stream: ClientHttp2Stream;
    try {
      stream = connection.session.request(headers);
    } catch (error) {
      return reject(requestFailure(error));
    }

    let header: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined;
    let trailer: IncomingHttpHeaders | undefined;
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let bytes = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    const deadlineAt = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;

    const call: InFlight = { stream, lose: fail };
    connection.add(call);

    function settle(): void {
      settled = true;
      if (timer !== undefined) clearTimeout(timer);
      if (signal !== undefined) signal.removeEventListener("abort", onAbort);
      connection.remove(call);
    }

    function fail(failure: ConnectError): void {
      if (settled) return;
      settle();
      reject(failure);
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    }

    function end(error?: Error): void {
      if (settled) return;
      // A server that keeps the deadline itself resets the stream when it passes, maybe before our timer has fired.
      const late = stream.rstCode === constants.NGHTTP2_CANCEL && performance.now() >= deadlineAt;
      fail(late ? deadlineExceeded() : (connection.lossOf(stream) ?? streamFailure(stream, error)));
    }

    function onAbort(): void {
      // Only called as a listener of `signal`.
      if (signal !== undefined) fail(canceled(signal));
    }

    stream.on("response", (received) => {
      header = received;
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) return fail(tooLarge(bodyBytesMax));
      if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
      return undefined;
    });
    stream.on("trailers", (received) => {
      trailer = received;
    });
    stream.on("end", () => {
      if (settled) return;
      // node also ends the readable side of a stream that was reset halfway.
      if (header === undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
        return end();
      }
      settle();
      resolve({
        status: header[":status"] ?? 0,
        header,
        trailer,
        body: rest === undefined ? (first ?? empty) : Buffer.concat(rest, bytes),
      });
      // The server has answered without reading all of a large request.
      if (!stream.writableFinished && !stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      return undefined;
    });
    stream.on("error", end);
    stream.on("close", end);

    if (signal !== undefined) signal.addEventListener("abort", onAbort);
    if (timeoutMs !== undefined && timeoutMs <= timerMaxMs) {
      timer = setTimeout(() => fail(deadlineExceeded()), timeoutMs);
    }
    stream.end(body);
  });
}

/** The error of a call whose deadline has passed. */
export function deadlineExceeded(): ConnectError {
  return new ConnectError("the operation timed out", Code.DeadlineExceeded);
}

/** The error of a call whose signal has aborted: the reason if it is a ConnectError, else CANCELED. */
export function canceled(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}

/** The error of an answer above `readMaxBytes`. */
export function tooLarge(bytesMax: number): ConnectError {
  return new ConnectError(`answer is larger than ${bytesMax} bytes`, Code.ResourceExhausted);
}
