import http2 from "node:http2";
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
  setting,
  settings,
  windowUpdate,
} from "../testing/http2-frames.js";
import type { ConnectionEvent } from "./connection-events.js";
import { defaultLimits, type Limits } from "./limits.js";
import { listen, type ListenHandler } from "./listen.js";

const block = headerBlock(requestFields("/"));
const whole = flag.endHeaders | flag.endStream;
const repeat = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const streamId = (index: number): number => 2 * index + 1;

const answering: ListenHandler = {
  h1: (_request, response) => response.end(),
  h2(stream) {
    stream.respond({ ":status": 200 });
    stream.end("answer");
  },
};
const silent: ListenHandler = { ...answering, h2: (stream) => void stream.resume() };

/**
 * Writes a flood again and again until the server ends the connection. Resolves with why it did, and how many handlers
 * had started by then. There is no reason where Node itself was first: later releases end more floods than Node 20 does.
 */
async function attack(
  flood: Buffer | ((turn: number) => Buffer),
  {
    limits = {},
    handler = answering,
    opening = Buffer.alloc(0),
  }: { limits?: Partial<Limits>; handler?: ListenHandler; opening?: Buffer } = {},
): Promise<{ reasons: string[]; started: number }> {
  const events: ConnectionEvent[] = [];
  let started = 0;
  const listener = await listen(
    {
      host: "127.0.0.1",
      port: 0,
      limits: { ...defaultLimits, ...limits },
      onEvent: (event) => events.push(event),
    },
    {
      h1: handler.h1,
      h2(...stream) {
        started++;
        handler.h2(...stream);
      },
    },
  );
  const socket = net.connect(listener.port, "127.0.0.1");
  let ended = false;
  socket.on("error", () => {});
  socket.on("close", () => (ended = true));
  socket.resume();
  socket.write(Buffer.concat([preface, settings(), opening]));
  for (let turn = 0; ; turn++) {
    if (ended) break;
    socket.write(typeof flood === "function" ? flood(turn) : flood);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await listener.close();
  return { reasons: events.flatMap((event) => (event.kind === "ended" ? [event.reason] : [])), started };
}

describe("a connection is cut off for", () => {
  test.each([
    ["answered", answering],
    ["unanswered", silent],
  ])("resetting streams that are %s", async (_name, handler) => {
    const flood = (turn: number): Buffer =>
      repeat(500, (i) => {
        const id = streamId(turn * 500 + i);
        return Buffer.concat([headers(id, block, whole), rstStream(id, http2.constants.NGHTTP2_CANCEL)]);
      });
    const { reasons, started } = await attack(flood, { handler });
    expect(reasons).toEqual(["resets"]);
    expect(started).toBeLessThanOrEqual(defaultLimits.resetsBurst + 100);
  });

  test("making the server reset its streams", async () => {
    const flood = (turn: number): Buffer => {
      const head = headers(streamId(turn), headerBlock(requestFields("/", [["content-length", "5"]])));
      return Buffer.concat([head, frame(frameType.data, flag.endStream, streamId(turn), Buffer.of(0))]);
    };
    const { reasons, started } = await attack(flood, { handler: silent });
    expect(reasons).toEqual(["protocol-errors"]);
    expect(started).toBeLessThanOrEqual(30);
  });

  test.each([
    ["PING", frame(frameType.ping, 0, 0, Buffer.alloc(8))],
    ["SETTINGS", settings([setting.initialWindowSize, 65_535])],
  ])("too many %s frames", async (_name, one) => {
    expect(await attack(repeat(20, () => one))).toEqual({ reasons: ["control-frames"], started: 0 });
  });

  test.each([
    ["WINDOW_UPDATE of the connection", windowUpdate(0, 1), 0],
    ["WINDOW_UPDATE of a stream", windowUpdate(1, 1), 1],
    ["PRIORITY", frame(frameType.priority, 0, 1, Buffer.of(0, 0, 0, 3, 1)), 1],
    ["unknown frames", frame(0xbb, 0, 0, Buffer.alloc(8)), 0],
  ])("too many bytes of %s", async (_name, one, started) => {
    const opening = started === 0 ? Buffer.alloc(0) : headers(1, block);
    const outcome = await attack(
      repeat(2000, () => one),
      { handler: silent, opening },
    );
    expect([
      { reasons: ["overhead"], started },
      { reasons: [], started },
    ]).toContainEqual(outcome);
  });

  test("not reading its answers", async () => {
    const opening = Buffer.concat([settings([setting.initialWindowSize, 0]), headers(1, block, whole)]);
    const limits = { writeStallMs: 100 };
    expect(await attack(windowUpdate(0, 1), { opening, limits })).toEqual({
      reasons: ["write-stall"],
      started: 1,
    });
  });

  test("a breach after which nghttp2 goes silent", async () => {
    // DATA on a stream that the client has closed is an error of the connection.
    const opening = Buffer.concat([headers(1, block, whole), frame(frameType.data, 0, 1, Buffer.of(0))]);
    const outcome = await attack(Buffer.alloc(0), { opening, limits: { pingTimeoutMs: 100 } });
    expect([["unresponsive"], []]).toContainEqual(outcome.reasons);
    expect(outcome.started).toBeLessThanOrEqual(1);
  }, 15_000);
});

describe("a connection is kept for", () => {
  test("an upload far larger than its windows, and a quiet stream", async () => {
    const events: ConnectionEvent[] = [];
    const listener = await listen(
      {
        host: "127.0.0.1",
        port: 0,
        limits: { ...defaultLimits, writeStallMs: 100, overheadBytesPerSecondMax: 1000 },
        onEvent: (event) => events.push(event),
      },
      {
        ...answering,
        h2(stream, { ":path": path }) {
          stream.respond({ ":status": 200 });
          if (path === "/watch") stream.write("first");
          else stream.resume().on("end", () => stream.end("done"));
        },
      },
    );
    const session = http2.connect(listener.url);
    const watch = session.request({ ":path": "/watch" });
    await new Promise((resolve) => watch.once("data", resolve));
    const upload = session.request({ ":method": "POST", ":path": "/upload" });
    upload.resume();
    for (let i = 0; i < 25; i++) {
      upload.write(Buffer.alloc(200_000));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    upload.end();
    await new Promise((resolve) => upload.on("close", resolve));
    expect(upload.rstCode).toBe(0);
    expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
    session.destroy();
    await listener.close();
  });
});
