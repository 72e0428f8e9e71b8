import {
  flag,
  frame,
  frameReader,
  frameType,
  headerBlock,
  headers,
  preface,
  requestFields,
  setting,
  settings,
  windowUpdate,
} from "../../platform/testing/http2-frames.js";
import type { Attack, Outcome, Target } from "./attack.js";
import { openConnection, type RawConnection } from "./raw-connection.js";

// The largest number that one address may have (PLATFORM: 200 per peer).
const perAddressMax = 200;
const streamsMax = 100;
const slowClients = 2000;
// Crowds gather over a few seconds: the accepting of a thousand connections at once is not what is measured.
const gatherMs = 4000;
const batchMs = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Crowd {
  readonly perAddress?: number;
  /** What each does first. */
  readonly begin?: (connection: RawConnection) => void;
}

/** Opens connections in quick succession. */
async function openMany(
  target: Target,
  count: number,
  { perAddress = perAddressMax, begin }: Crowd,
): Promise<RawConnection[]> {
  const connections: RawConnection[] = [];
  const batch = Math.ceil((count * batchMs) / gatherMs);
  while (connections.length < count) {
    const from = connections.length;
    const indexes = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
    const opened = await Promise.all(indexes.map((i) => openConnection(target, Math.floor(i / perAddress))));
    if (begin !== undefined) opened.forEach(begin);
    connections.push(...opened);
    await pause(batchMs);
  }
  return connections;
}

const stillOpen = (connections: readonly RawConnection[]): number =>
  connections.filter(({ ended }) => !ended).length;

/** Lets `step` run once a second until every connection has ended, at most `ms` long. Resolves with what is left. */
async function outlast(
  connections: readonly RawConnection[],
  ms: number,
  step: (c: RawConnection) => void,
): Promise<number> {
  const until = performance.now() + ms;
  while (performance.now() < until && stillOpen(connections) > 0) {
    for (const connection of connections) if (!connection.ended) step(connection);
    await pause(1000);
  }
  const left = stillOpen(connections);
  for (const connection of connections) connection.close();
  return left;
}

const verdict = (sent: number, left: number): Outcome => ({
  sent,
  ended: left === 0,
  complaints: left === 0 ? [] : [`${left} still open`],
});

async function manyConnections(target: Target): Promise<Outcome> {
  const connections = await openMany(target, 1000, { perAddress: 1000 });
  await pause(500);
  const open = stillOpen(connections);
  for (const connection of connections) connection.close();
  const complaints = open > perAddressMax ? [`${open} connections of one address`] : [];
  return { sent: connections.length, ended: open <= perAddressMax, complaints };
}

async function manyStreams(target: Target): Promise<Outcome> {
  const sent = 150;
  const connection = await openConnection(target);
  const refused = new Set<number>();
  const read = frameReader();
  connection.onData((chunk) => {
    for (const { type, streamId } of read(chunk)) if (type === frameType.rstStream) refused.add(streamId);
  });
  const block = headerBlock(requestFields(target.path, Object.entries(target.headers)));
  const opened = Array.from({ length: sent }, (_, i) => headers(2 * i + 1, block));
  await connection.write(Buffer.concat([preface, settings(), ...opened]));
  await pause(500);
  const open = connection.ended ? 0 : sent - refused.size;
  connection.close();
  return { sent, ended: open <= streamsMax, complaints: open > streamsMax ? [`${open} streams open`] : [] };
}

const slowHeaders = async (target: Target): Promise<Outcome> => {
  const opening = "GET / HTTP/1.1\r\nhost: a\r\n";
  const connections = await openMany(target, slowClients, { begin: (c) => void c.write(opening) });
  return verdict(
    slowClients,
    await outlast(connections, 20_000, (connection) => void connection.write("x: y\r\n")),
  );
};

const slowH1Bodies = async (target: Target): Promise<Outcome> => {
  const fields = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const opening = `POST ${target.path} HTTP/1.1\r\nhost: a\r\n${fields.join("")}content-length: 1000\r\n\r\n`;
  const connections = await openMany(target, slowClients, { begin: (c) => void c.write(opening) });
  // An answer leaves the connection open for a next request, unless the rest of the body is thrown away with it.
  return verdict(slowClients, await outlast(connections, 20_000, (connection) => void connection.write("x")));
};

async function slowH2Bodies(target: Target): Promise<Outcome> {
  const block = headerBlock(requestFields(target.path, Object.entries(target.headers)));
  const opened = Array.from({ length: streamsMax }, (_, i) => headers(2 * i + 1, block));
  const opening = Buffer.concat([preface, settings(), ...opened]);
  const ended = new Map<RawConnection, Set<number>>();
  const begin = (connection: RawConnection): void => {
    const streams = new Set<number>();
    const read = frameReader();
    ended.set(connection, streams);
    connection.onData((chunk) => {
      for (const { type, flags, streamId } of read(chunk)) {
        const carries = type === frameType.data || type === frameType.headers;
        if (type === frameType.rstStream || (carries && (flags & flag.endStream) !== 0))
          streams.add(streamId);
      }
    });
    void connection.write(opening);
  };
  const connections = await openMany(target, slowClients / streamsMax, { begin });
  const drip = Buffer.concat(opened.map((_, i) => frame(frameType.data, 0, 2 * i + 1, Buffer.of(0))));
  const left = (): number => {
    let open = 0;
    for (const [connection, streams] of ended) if (!connection.ended) open += streamsMax - streams.size;
    return open;
  };
  for (let second = 0; second < 20 && left() > 0; second++) {
    await pause(1000);
    for (const connection of connections) void connection.write(drip);
  }
  const open = left();
  for (const connection of connections) connection.close();
  return verdict(connections.length * streamsMax, open);
}

async function zeroWindow(target: Target): Promise<Outcome> {
  const block = headerBlock(requestFields(target.path, Object.entries(target.headers)));
  const requests = Array.from({ length: streamsMax }, (_, i) => [
    headers(2 * i + 1, block),
    frame(frameType.data, flag.endStream, 2 * i + 1, Buffer.from(target.body)),
  ]).flat();
  const opening = Buffer.concat([preface, settings([setting.initialWindowSize, 0]), ...requests]);
  const connections = await openMany(target, 50, { begin: (c) => void c.write(opening) });
  // The window of the connection grows, those of the streams never do.
  return verdict(
    connections.length,
    await outlast(connections, 30_000, (c) => void c.write(windowUpdate(0, 1))),
  );
}

/** Many clients, each within the rules, that together or by waiting use the server up. */
export const crowds: readonly Attack[] = [
  {
    promise: "S5",
    name: "1,000 connections of one address",
    bar: { rssGrowthMax: 64e6 },
    run: manyConnections,
  },
  {
    promise: "S5",
    name: "150 streams of one connection",
    bar: { handlersMax: streamsMax },
    run: manyStreams,
  },
  { promise: "S6", name: "2,000 slow headers, HTTP/1.1", bar: { rssGrowthMax: 128e6 }, run: slowHeaders },
  { promise: "S6", name: "2,000 slow bodies, HTTP/1.1", bar: { rssGrowthMax: 128e6 }, run: slowH1Bodies },
  { promise: "S6", name: "2,000 slow bodies, HTTP/2", bar: { rssGrowthMax: 128e6 }, run: slowH2Bodies },
  { promise: "S6", name: "5,000 answers to a window of 0", bar: { rssGrowthMax: 128e6 }, run: zeroWindow },
];
