import net from "node:net";
import { describe, expect, test } from "@jest/globals";
import {
  flag,
  frame,
  frameType,
  headerBlock,
  headers,
  preface,
  requestFields,
  rstStream,
  settings,
} from "../testing/http2-frames.js";
import { type BodySource, readBody } from "./body.js";
import { defaultLimits } from "./limits.js";
import { listen } from "./listen.js";

interface Reading {
  readonly bytesMax?: number;
  readonly contentLength?: number;
  /** How long after the head the server begins to read. */
  readonly waitMs?: number;
  /** The client closes its socket this long after its last write. */
  readonly hangUpMs?: number;
}

/** What a server makes of the body that a client sends: "<length> bytes", or the failure. */
async function outcomeOf(writes: readonly (string | Buffer)[], reading: Reading = {}): Promise<string> {
  const { bytesMax = 1 << 20, contentLength, waitMs = 0, hangUpMs } = reading;
  let settle: (outcome: string) => void;
  const outcome = new Promise<string>((resolve) => (settle = resolve));
  let start: () => void;
  const started = new Promise<void>((resolve) => (start = resolve));
  const read = (source: BodySource): void => {
    start();
    const progress = { windowMs: 10, bytesPerSecondMin: 1000 };
    const begin = (): void => {
      readBody(source, { bytesMax, contentLength, progress }, (failure, body) => {
        settle(failure ?? `${body.length} bytes`);
      });
    };
    if (waitMs === 0) begin();
    else setTimeout(begin, waitMs);
  };
  const handler = { h1: read, h2: read };
  const listener = await listen({ host: "127.0.0.1", port: 0, limits: defaultLimits }, handler);
  const socket = net.connect({ port: listener.port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  for (const bytes of writes) {
    socket.write(bytes);
    // The first has the whole head; a request that is given up before its handler runs never gets one.
    await started;
    // Each write is a read of its own at the other end.
    if (writes.length > 1) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (hangUpMs !== undefined) setTimeout(() => socket.destroy(), hangUpMs);
  const result = await outcome;
  socket.destroy();
  await listener.close();
  return result;
}

const post = (fields: string, body = ""): string => `POST / HTTP/1.1\r\nhost: a\r\n${fields}\r\n${body}`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const block = headerBlock(requestFields("/"));
const opening = Buffer.concat([preface, settings(), headers(1, block)]);
const data = (length: number, flags = 0): Buffer => frame(frameType.data, flags, 1, Buffer.alloc(length));
const together = (...frames: readonly Buffer[]): Buffer[] => [Buffer.concat([opening, ...frames])];

describe.each([0, 20])("read %d ms after the head", (waitMs) => {
  test.each<[string, (string | Buffer)[], Reading, string]>([
    ["h1 without a body", [post("")], {}, "0 bytes"],
    ["h1 with content-length", [post("content-length: 5\r\n", "hello")], {}, "5 bytes"],
    ["h1 in pieces", [post("content-length: 5\r\n"), "he", "llo"], {}, "5 bytes"],
    [
      "h1 in chunks",
      [post("transfer-encoding: chunked\r\n", `${chunk("hello")}${chunk("you")}0\r\n\r\n`)],
      {},
      "8 bytes",
    ],
    ["h1 of the largest size", [post("content-length: 5\r\n", "hello")], { bytesMax: 5 }, "5 bytes"],
    [
      "h1 that announces too much",
      [post("content-length: 6\r\n")],
      { bytesMax: 5, contentLength: 6 },
      "too-large",
    ],
    [
      "h1 in chunks that come to too much",
      [post("transfer-encoding: chunked\r\n", chunk("hello!"))],
      { bytesMax: 5 },
      "too-large",
    ],
    ["h1 cut short", [post("content-length: 6\r\n", "hello")], { hangUpMs: 40 }, "aborted"],
    [
      "h1 cut short in a chunk",
      [post("transfer-encoding: chunked\r\n", "6\r\nhello")],
      { hangUpMs: 40 },
      "aborted",
    ],
    ["h1 that ends before it is read", [post("content-length: 6\r\n", "hello")], { hangUpMs: 0 }, "aborted"],
    ["h1 too slow", [post("content-length: 6\r\n", "hello")], {}, "too-slow"],
    [
      "h1 in single bytes",
      [post("transfer-encoding: chunked\r\n", chunk("x").repeat(2000))],
      {},
      "fragmented",
    ],
    [
      "h2 without a body",
      [Buffer.concat([preface, settings(), headers(1, block, flag.endHeaders | flag.endStream)])],
      {},
      "0 bytes",
    ],
    ["h2 with an empty last frame only", together(data(0, flag.endStream)), {}, "0 bytes"],
    ["h2 in one frame", together(data(5, flag.endStream)), {}, "5 bytes"],
    ["h2 in pieces", [opening, data(2), data(0), data(3, flag.endStream)], {}, "5 bytes"],
    ["h2 of the largest size", together(data(5, flag.endStream)), { bytesMax: 5 }, "5 bytes"],
    ["h2 that comes to too much", together(data(3), data(3, flag.endStream)), { bytesMax: 5 }, "too-large"],
    ["h2 that announces too much", together(data(3)), { bytesMax: 5, contentLength: 6 }, "too-large"],
    ["h2 reset after a part", [...together(data(5)), rstStream(1, 8)], {}, "aborted"],
    ["h2 reset without an error", [...together(data(5)), rstStream(1, 0)], {}, "aborted"],
    ["h2 cut short", together(data(5)), { hangUpMs: 40 }, "aborted"],
    ["h2 too slow", together(data(5)), {}, "too-slow"],
    ["h2 in single bytes", together(...Array.from({ length: 2000 }, () => data(1))), {}, "fragmented"],
  ])("%s", async (_name, writes, reading, outcome) => {
    expect(await outcomeOf(writes, { waitMs, ...reading })).toBe(outcome);
  });
});
