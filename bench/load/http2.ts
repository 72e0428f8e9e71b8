import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { Variant } from "../workload/requests.js";
import { closedLoop, type Connections } from "./connections.js";
import { requestBlocks, type Field } from "./hpack.js";
import { openHttp2Connection, type Exchange, type Http2Connection } from "./http2-connection.js";

/** How many connections, and how many requests at a time on each. */
export interface Shape {
  readonly connections: number;
  readonly inFlightPerConnection: number;
}

const usualShape: Shape = { connections: 4, inFlightPerConnection: 16 };

/**
 * Opens connections, after one answer of each variant was compared with the expected message by a client of node:http2.
 * From then on an answer is right if its status is 200 (and grpc-status 0) and its body is byte for byte that of the
 * answer compared.
 */
export async function openHttp2(
  port: number,
  variants: readonly Variant[],
  shape: Shape = usualShape,
): Promise<Connections> {
  const exchanges = await firstExchanges(port, variants);
  const connections = await openConnections(port, shape.connections);
  const slots = Array.from({ length: shape.inFlightPerConnection }, () => connections).flat();
  const loop: Connections = {
    run: (requests) =>
      closedLoop(requests, slots, (connection, index, next, fail) => {
        const exchange = exchanges[index % exchanges.length];
        if (exchange !== undefined) connection.send(exchange, next, fail);
      }),
    close() {
      for (const connection of connections) connection.close();
    },
  };
  await loop.run(slots.length);
  return loop;
}

/** Few at a time: what does not fit into the backlog of a listening socket is dropped and sent again much later. */
async function openConnections(port: number, count: number): Promise<Http2Connection[]> {
  const connections: Http2Connection[] = [];
  while (connections.length < count) {
    const batch = Array.from({ length: Math.min(50, count - connections.length) }, () =>
      openHttp2Connection(port),
    );
    connections.push(...(await Promise.all(batch)));
  }
  return connections;
}

async function firstExchanges(port: number, variants: readonly Variant[]): Promise<Exchange[]> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    await once(session, "connect");
    const exchanges: Exchange[] = [];
    for (const variant of variants) exchanges.push(await firstExchange(session, port, variant));
    return exchanges;
  } finally {
    session.destroy();
  }
}

async function firstExchange(session: ClientHttp2Session, port: number, variant: Variant): Promise<Exchange> {
  const constant: Field[] = [
    [":method", variant.httpMethod],
    [":scheme", "http"],
    [":path", variant.path],
    [":authority", `127.0.0.1:${port}`],
    ...Object.entries(variant.headers).filter(([name]) => !varyingNames.has(name)),
  ];
  const varying = Object.entries(variant.headers).filter(([name]) => varyingNames.has(name));
  const isGrpc = variant.headers["content-type"] === "application/grpc";
  const answer = await firstAnswer(session, [...constant, ...varying], variant.body, isGrpc);
  variant.check(answer);
  return { headers: requestBlocks(constant, varying), body: variant.body, answer, isGrpc };
}

/** What differs between the requests of a connection. */
const varyingNames = new Set(["traceparent"]);

async function firstAnswer(
  session: ClientHttp2Session,
  headers: readonly Field[],
  body: Buffer,
  isGrpc: boolean,
): Promise<Buffer> {
  const stream = session.request(Object.fromEntries(headers));
  let response: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (received) => (response = received));
  stream.on("trailers", (received) => (trailers = received));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.end(body);
  await once(stream, "end");
  const answer = Buffer.concat(chunks);
  if (response[":status"] !== 200 || (isGrpc && trailers["grpc-status"] !== "0")) {
    const what = JSON.stringify({ response, trailers, body: answer.toString("latin1", 0, 200) });
    throw new Error(`HTTP/2: not the expected answer: ${what}`);
  }
  return answer;
}
