/**
 * What a listener grants its clients. Every value is a setting; the defaults fit an API of small messages.
 * Times are milliseconds, sizes are bytes.
 */
export interface Limits {
  /**
   * Request header section. Over HTTP/2 each field counts its name, its value and 32 bytes more (RFC 9113, section 10.5.1);
   * over HTTP/1.1 it is the bytes up to the body. Beyond it: 431.
   */
  readonly headerBytesMax: number;
  /** Request target (path and query). Beyond it: 414. */
  readonly targetBytesMax: number;
  /** From the first byte of a connection, or of an HTTP/1.1 request, to the end of its header section: 408. */
  readonly headersTimeoutMs: number;
  /** A whole HTTP/1.1 request with its body, streams included: 408. Bodies of unary calls are watched more closely. */
  readonly requestTimeoutMs: number;

  /** A body has to bring `bodyBytesPerSecondMin` on average in every window of this length. */
  readonly bodyWindowMs: number;
  readonly bodyBytesPerSecondMin: number;

  /** A response has to leave at this rate once the client has read nothing for `writeStallMs`. */
  readonly writeStallMs: number;
  readonly writeBytesPerSecondMin: number;

  /** Streams open at once on an HTTP/2 connection; pipelined requests at once on an HTTP/1.1 connection. */
  readonly streamsPerConnectionMax: number;
  /** HTTP/2 flow-control window of a stream, and of a connection. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;

  /**
   * Connections open at once, in all and from one address (IPv6: one /64 network). Behind a proxy all clients have its
   * address, so that the second has to be raised to the first there.
   */
  readonly connectionsMax: number;
  readonly connectionsPerPeerMax: number;
  /** An HTTP/2 connection without an open stream is closed after this time. */
  readonly idleTimeoutMs: number;
  /** A quiet HTTP/2 connection is asked for a sign of life (PING) this often; no answer within the timeout ends it. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** An HTTP/1.1 connection without a request is closed after this time. Longer than the usual proxy keeps its side. */
  readonly keepAliveTimeoutMs: number;
  /** After this age, up to a tenth more by chance, a connection is asked to end (GOAWAY, `Connection: close`). */
  readonly connectionAgeMaxMs: number;
  /** How long its calls may go on after that. */
  readonly connectionAgeGraceMs: number;

  /** Streams that end in a reset, by either side: a burst, then a rate. Beyond it the connection ends. */
  readonly resetsBurst: number;
  readonly resetsPerSecond: number;
  /** PING and SETTINGS frames of a client, in the same manner. */
  readonly controlFramesBurst: number;
  readonly controlFramesPerSecond: number;
  /** Frames that break a rule, over the life of an HTTP/2 connection; streams beyond the permitted number count too. */
  readonly invalidFramesMax: number;
  /** Bytes read from an HTTP/2 client that are neither header fields nor body: a rate, measured each second. */
  readonly overheadBytesPerSecondMax: number;
}

const seconds = 1000;
const minutes = 60 * seconds;
const KiB = 1024;

/** The limits of a listener that sets none. */
export const defaultLimits: Limits = {
  headerBytesMax: 16 * KiB,
  targetBytesMax: 8 * KiB,
  headersTimeoutMs: 10 * seconds,
  requestTimeoutMs: 5 * minutes,
  bodyWindowMs: 5 * seconds,
  bodyBytesPerSecondMin: KiB,
  writeStallMs: 20 * seconds,
  writeBytesPerSecondMin: 64 * KiB,
  streamsPerConnectionMax: 100,
  streamWindowBytes: 64 * KiB,
  connectionWindowBytes: KiB * KiB,
  connectionsMax: 10_000,
  connectionsPerPeerMax: 200,
  idleTimeoutMs: 5 * minutes,
  pingIntervalMs: minutes,
  pingTimeoutMs: 10 * seconds,
  keepAliveTimeoutMs: 75 * seconds,
  connectionAgeMaxMs: 30 * minutes,
  connectionAgeGraceMs: 5 * minutes,
  resetsBurst: 100,
  resetsPerSecond: 100,
  controlFramesBurst: 200,
  controlFramesPerSecond: 20,
  invalidFramesMax: 150,
  overheadBytesPerSecondMax: 64 * KiB,
};

/** How long one connection is kept: the limit and up to a tenth more, so that clients don't all come back at once. */
export function connectionAgeMs(limits: Limits): number {
  return limits.connectionAgeMaxMs * (1 + Math.random() / 10);
}
