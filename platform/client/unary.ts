// Hot path: what the protocols of unary calls have in common.
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { OutgoingHttpHeaders } from "node:http2";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import type { BinaryCodec } from "../codec/codec.js";
import type { Answer } from "./exchange.js";
import type { MetadataInit } from "./metadata.js";

/** How a transport writes and reads messages. */
export interface UnarySettings {
  readonly format: "binary" | "json";
  /** Encodings that answers may have, the most wanted first. */
  readonly accept: readonly Compression[];
  /** How requests are compressed; undefined: not at all. */
  readonly send: Compression | undefined;
  /** Smaller requests are sent as they are. */
  readonly compressMinBytes: number;
  /** Largest answer, after decompression. */
  readonly readMaxBytes: number;
  /** Largest request, before compression. */
  readonly writeMaxBytes: number;
}

/** One method on a transport: what is known before a call. */
export interface Route<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  /** The `:path`. */
  readonly path: string;
  readonly input: BinaryCodec;
  readonly output: BinaryCodec;
}

/** The body of a request, and whether `settings.send` was applied. */
export interface Packed {
  readonly body: Uint8Array;
  readonly compressed: boolean;
}

/** A protocol of unary calls over HTTP/2. */
export interface UnaryProtocol {
  /** Most bytes that the body of an answer may have as received. */
  readonly bodyBytesMax: number;
  /** Writes a message. Throws RESOURCE_EXHAUSTED above `writeMaxBytes`. */
  pack(route: Route, message: MessageShape<DescMessage>): Packed | Promise<Packed>;
  /** Headers of a request; `timeoutMs` is undefined without a deadline. */
  headers(
    route: Route,
    packed: Packed,
    timeoutMs: number | undefined,
    metadata: MetadataInit | undefined,
  ): OutgoingHttpHeaders;
  /** Reads an answer. Throws the error that it carries, or what it breaks of the protocol, as a ConnectError. */
  read<I extends DescMessage, O extends DescMessage>(
    route: Route<I, O>,
    answer: Answer,
  ): UnaryResponse<I, O> | Promise<UnaryResponse<I, O>>;
}

/** Refuses requests above `writeMaxBytes` with RESOURCE_EXHAUSTED. */
export function checkRequestSize(bytes: number, settings: UnarySettings): void {
  if (bytes <= settings.writeMaxBytes) return;
  throw new ConnectError(`request is larger than ${settings.writeMaxBytes} bytes`, Code.ResourceExhausted);
}

/** The user agent, unless the caller's metadata has one. */
export const userAgent = "trunkline-ts/0.1.0";

/**
 * A response whose Headers are made when first asked for. They are properties of the object itself, so that an
 * interceptor's `{ ...response }` keeps them.
 */
export function unaryResponse<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  message: MessageShape<O>,
  makeHeader: () => Headers,
  makeTrailer: () => Headers,
): UnaryResponse<I, O> {
  let header: Headers | undefined;
  let trailer: Headers | undefined;
  return {
    stream: false,
    service: method.parent,
    method,
    message,
    get header() {
      return (header ??= makeHeader());
    },
    get trailer() {
      return (trailer ??= makeTrailer());
    },
  };
}
