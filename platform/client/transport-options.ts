import type { BinaryReadOptions, BinaryWriteOptions, DescMessage } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { BinaryCodec } from "../codec/codec.js";
import { compressionOf, type Encoding } from "./compression.js";
import type { ClientTls, ConnectionTimes } from "./connection.js";
import type { JsonOptions } from "./message-codec.js";
import type { UnarySettings } from "./unary.js";

/** How to reach a server. All but the address have defaults. */
export interface HttpTransportOptions {
  /** `http://host:port` is HTTP/2 without TLS (prior knowledge), `https://` with it. A path becomes a prefix of methods. */
  readonly baseUrl: string | URL;
  /** Default "grpc". */
  readonly protocol?: "grpc" | "grpc-web" | "connect";
  /** How messages are written: default "binary". */
  readonly format?: "binary" | "json";
  /** Default "2". "1.1" is for "connect" and "grpc-web". */
  readonly httpVersion?: "2" | "1.1";
  /** Whether Connect calls of methods without side effects are GET requests, for caches on the way: default false. */
  readonly useHttpGet?: boolean;
  readonly tls?: ClientTls;
  /** Encodings that answers may have, the most wanted first: default gzip, br. */
  readonly acceptEncodings?: readonly Encoding[];
  /** How requests are compressed: default not at all. */
  readonly sendEncoding?: Encoding;
  /** Requests below this are not compressed: default 1024 bytes. */
  readonly compressMinBytes?: number;
  /** Largest answer in bytes, counted while inflating: default 4 MiB. Above: RESOURCE_EXHAUSTED. */
  readonly readMaxBytes?: number;
  /** Largest request in bytes before compression: default 4 MiB. Above: RESOURCE_EXHAUSTED, and nothing is sent. */
  readonly writeMaxBytes?: number;
  /** Deadline of calls that have none: default none. */
  readonly defaultTimeoutMs?: number;
  /** Defaults: connect 5 s, PING after 30 s of silence, its answer within 10 s, idle 4 minutes. */
  readonly times?: Partial<ConnectionTimes>;
  /** connect-es interceptors. Without any, calls don't pay for them. */
  readonly interceptors?: readonly Interceptor[];
  /** Binary codecs of message types: default the compiled ones. */
  readonly codecs?: (desc: DescMessage) => BinaryCodec;
  readonly jsonOptions?: JsonOptions;
  readonly binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions>;
}

const mebibyte = 1 << 20;

/** The times of a connection that `times` doesn't set. */
export const timesDefault: ConnectionTimes = {
  connectTimeoutMs: 5_000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 10_000,
  idleTimeoutMs: 240_000,
};

/** The settings of unary calls, with defaults. */
export function unarySettings(options: HttpTransportOptions): UnarySettings {
  return {
    format: options.format ?? "binary",
    accept: (options.acceptEncodings ?? (["gzip", "br"] as const)).map(compressionOf),
    send: options.sendEncoding === undefined ? undefined : compressionOf(options.sendEncoding),
    compressMinBytes: options.compressMinBytes ?? 1024,
    readMaxBytes: options.readMaxBytes ?? 4 * mebibyte,
    writeMaxBytes: options.writeMaxBytes ?? 4 * mebibyte,
  };
}
