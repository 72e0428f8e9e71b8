import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, gunzip, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { tooLarge } from "./exchange.js";
import { nodeCode } from "./node-code.js";

/** Encodings by their names in HTTP and gRPC. */
export type Encoding = "gzip" | "br";

/**
 * The algorithms, for our own road and for connect-node's. Inflating stops when it exceeds the limit, so that a bomb costs
 * no more than that.
 *
 * They throw RESOURCE_EXHAUSTED for too much and INTERNAL for malformed input: what a server sends is not the caller's
 * fault.
 */
const compressions: Record<Encoding, Compression> = {
  gzip: compression("gzip", promisify(gzip), promisify(gunzip)),
  br: compression("br", promisify(brotliCompress), promisify(brotliDecompress)),
};

/** The algorithm of an encoding. */
export function compressionOf(encoding: Encoding): Compression {
  return compressions[encoding];
}

/** Inflates an answer. Throws as the algorithms do, and INTERNAL for an encoding that was not offered. */
export function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: string,
  accepted: readonly Compression[],
  bytesMax: number,
): Promise<Uint8Array> {
  const compression = accepted.find((one) => one.name === encoding);
  if (compression !== undefined) return compression.decompress(bytes, bytesMax);
  throw new ConnectError(`unsupported encoding ${JSON.stringify(encoding)} of the answer`, Code.Internal);
}

type Transform = (bytes: Uint8Array, options: { maxOutputLength?: number }) => Promise<Buffer>;

function compression(name: Encoding, deflate: Transform, inflate: Transform): Compression {
  return {
    name,
    compress: async (bytes) => own(await deflate(bytes, {})),
    async decompress(bytes, bytesMax) {
      // An empty message is sent as nothing at all by some implementations.
      if (bytes.length === 0) return new Uint8Array(0);
      try {
        return own(await inflate(bytes, { maxOutputLength: bytesMax }));
      } catch (error) {
        if (nodeCode(error) === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax);
        throw new ConnectError("compressed answer is malformed", Code.Internal, undefined, undefined, error);
      }
    },
  };
}

/** Bytes over an ArrayBuffer, as the interface wants; zlib's already are, but their type doesn't say so. */
function own(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
