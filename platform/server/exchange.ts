import type { HeaderRecord } from "../call/call.js";

/** Headers and trailers of an answer, lower-case names. */
export type OutgoingRecord = Record<string, string | string[]>;

/** One HTTP request and its answer, over HTTP/1.1 or an HTTP/2 stream. */
export interface Exchange {
  readonly http2: boolean;
  /** The HTTP method as sent. */
  readonly method: string;
  /** The request target as sent: path and query. */
  readonly target: string;
  readonly headers: HeaderRecord;
  /** The address of the other end of the connection. */
  readonly address: string;
  /** Subject alternative names of a verified client certificate. */
  readonly certificateNames: readonly string[] | undefined;
  /** Headers that every answer to this request gets, whoever writes it (CORS). */
  extraHeaders: OutgoingRecord | undefined;
  /** Whether the client has gone before it was answered. */
  readonly gone: boolean;
  /**
   * Reads the whole body. Rejects with a ConnectError: BODY_TOO_LARGE as soon as more than `bytesMax` bytes came,
   * BODY_TOO_SLOW, CANCELLED when the client goes away.
   */
  readBody(bytesMax: number): Promise<Buffer>;
  /** Answers in one write. `content-length` is added. A HEAD request gets no body. */
  send(status: number, headers: OutgoingRecord, body?: Uint8Array | string): void;
  /** Answers with trailers, in one write. HTTP/2 only. Without a body, the trailers go out as headers ("Trailers-Only"). */
  sendWithTrailers(headers: OutgoingRecord, body: Uint8Array | undefined, trailers: OutgoingRecord): void;
  /** Cancels `execution` if the client goes away before it was answered. */
  onGone(execution: { cancel(): void }): void;
}

/** Adds the extra headers of an exchange to those of its answer. `vary` is joined, all else is replaced. */
export function withExtra(headers: OutgoingRecord, extra: OutgoingRecord | undefined): OutgoingRecord {
  if (extra === undefined) return headers;
  const { vary } = headers;
  Object.assign(headers, extra);
  if (vary !== undefined && extra["vary"] !== undefined)
    headers["vary"] = [vary, extra["vary"]].flat().join(", ");
  return headers;
}
