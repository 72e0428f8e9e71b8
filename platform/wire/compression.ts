// Hot path: small bodies are handled at once, larger ones one a turn, the largest and brotli in the thread pool.
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from "node:zlib";
import { deflate, deflateSync, gunzip, gunzipSync, gzip, gzipSync, inflate, inflateSync } from "node:zlib";
import { fail } from "../call/errors.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";

/** Content codings that we read and write. */
export type Coding = "gzip" | "br" | "deflate";

/** Answers below this many bytes are sent as they are: coding them costs more than it saves. */
export const codingBytesMin = 1024;

// What is inflated on the spot takes a third of a millisecond. Up to a message of the usual bound it takes 2 ms, a tenth of
// what the way through the thread pool costs: that is done one body a turn of the event loop. Beyond it, the loop must not wait.
const inflateAtOnceBytes = 256 * 1024;
const inflateInTurnBytes = 4 * 1024 * 1024;
const deflateAtOnceBytes = 32 * 1024;
// So that many bombs at once hold memory for two, not for all.
const inflatingMax = 2;

type Options = { maxOutputLength: number };
type Callback = (error: Error | null, result: Buffer) => void;
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const codings = {
  gzip: {
    inflateSync: gunzipSync,
    inflate: (body: Uint8Array, options: Options, done: Callback) => gunzip(body, options, done),
    deflateSync: (body: Uint8Array) => gzipSync(body),
    deflate: (body: Uint8Array, done: Callback) => gzip(body, done),
  },
  deflate: {
    inflateSync,
    inflate: (body: Uint8Array, options: Options, done: Callback) => inflate(body, options, done),
    deflateSync: (body: Uint8Array) => deflateSync(body),
    deflate: (body: Uint8Array, done: Callback) => deflate(body, done),
  },
  br: {
    inflateSync: brotliDecompressSync,
    inflate: (body: Uint8Array, options: Options, done: Callback) => brotliDecompress(body, options, done),
    deflateSync: (body: Uint8Array) => brotliCompressSync(body, brotliOptions),
    deflate: (body: Uint8Array, done: Callback) => brotliCompress(body, brotliOptions, done),
  },
} satisfies Record<Coding, unknown>;

/** Whether `name` is a coding that we know. */
export function isCoding(name: string): name is Coding {
  return Object.hasOwn(codings, name);
}

/**
 * Inflates a body. The limit is on the inflated size and is kept while inflating, so that a small body cannot make a
 * large one; there is no limit on the ratio, since legal bodies reach 1000:1.
 *
 * @throws ConnectError: BODY_TOO_LARGE, BODY_MALFORMED.
 */
export function inflateBody(coding: Coding, body: Uint8Array, bytesMax: number): Buffer | Promise<Buffer> {
  // A brotli decoder may take 8 ms to get going, whatever its output: never in the event loop.
  if (coding === "br") return inflateLater(coding, body, bytesMax);
  const atOnceMax = Math.min(bytesMax, inflateAtOnceBytes);
  try {
    return codings[coding].inflateSync(body, { maxOutputLength: atOnceMax, chunkSize: chunkBytes(body) });
  } catch (error) {
    if (!isTooLarge(error)) throw malformed(coding, error);
    if (atOnceMax === bytesMax) throw tooLarge(bytesMax);
    return bytesMax <= inflateInTurnBytes
      ? inflateInTurn(coding, body, bytesMax)
      : inflateLater(coding, body, bytesMax);
  }
}

let turn: Promise<void> = Promise.resolve();

async function inflateInTurn(coding: Coding, body: Uint8Array, bytesMax: number): Promise<Buffer> {
  turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
  await turn;
  try {
    return codings[coding].inflateSync(body, { maxOutputLength: bytesMax, chunkSize: chunkBytes(body) });
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(bytesMax) : malformed(coding, error);
  }
}

// A bomb's output in node's pieces of 16 KiB would leave the heap in pieces as well; a small body needs no more than one.
function chunkBytes(body: Uint8Array): number {
  return (body.length > 16 * 1024 ? 256 : 16) * 1024;
}

/** Deflates an answer. */
export function deflateBody(coding: Coding, body: Uint8Array): Buffer | Promise<Buffer> {
  if (body.length <= deflateAtOnceBytes) return codings[coding].deflateSync(body);
  return new Promise((resolve, reject) => {
    codings[coding].deflate(body, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** The first coding of a list such as "br, gzip;q=0.5" that is among `offered`, by weight; undefined: send as it is. */
export function chooseCoding(accept: string | undefined, offered: readonly Coding[]): Coding | undefined {
  if (accept === undefined || accept === "identity") return undefined;
  if (accept === "gzip" || accept === "br") return offered.includes(accept) ? accept : undefined;
  let best: Coding | undefined;
  let bestWeight = 0;
  for (const part of accept.split(",")) {
    const [name = "", ...parameters] = part.split(";");
    const coding = name.trim().toLowerCase();
    const weight = weightOf(parameters);
    if (weight > bestWeight && isCoding(coding) && offered.includes(coding)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((p) => p.trimStart().startsWith("q="));
  if (q === undefined) return 1;
  const weight = Number(q.trim().slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}

/** The failure for a message over the limit. */
export function tooLarge(bytesMax: number): Error {
  return fail(Reason.BODY_TOO_LARGE, `message is larger than ${bytesMax} bytes`);
}

function malformed(coding: Coding, cause: unknown): Error {
  return fail(Reason.BODY_MALFORMED, `body is not valid ${coding}`, { cause });
}

function isTooLarge(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
  );
}

let inflating = 0;
const waiting: (() => void)[] = [];

async function inflateLater(coding: Coding, body: Uint8Array, bytesMax: number): Promise<Buffer> {
  if (inflating >= inflatingMax) await new Promise<void>((resolve) => waiting.push(resolve));
  inflating++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      codings[coding].inflate(body, { maxOutputLength: bytesMax }, (error, result) => {
        if (error === null) resolve(result);
        else reject(isTooLarge(error) ? tooLarge(bytesMax) : malformed(coding, error));
      });
    });
  } finally {
    inflating--;
    waiting.shift()?.();
  }
}
