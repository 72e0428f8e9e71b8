// Hot path of the load generator: bytes over sockets, without an HTTP client, so that the server is what limits a run.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Variant } from "../workload/requests.js";
import { closedLoop, type Connections } from "./connections.js";

/** Keep-alive connections, one request in flight on each. */
const connectionCount = 64;

/** A request as bytes, and all bytes of its answer after the header section. */
interface Exchange {
  readonly request: Buffer;
  readonly tail: Buffer;
}

interface Connection {
  readonly socket: Socket;
  /** Set while a request is in flight. */
  onData: (chunk: Buffer) => void;
  onError: (error: Error) => void;
}

/**
 * Opens connections, after one answer of each variant was compared with the expected message. From then on an answer is
 * right if its status is 200 and what follows the header section is byte for byte that of the answer compared.
 */
export async function openHttp1(port: number, variants: readonly Variant[]): Promise<Connections> {
  const exchanges = await firstExchanges(port, variants);
  const connections = await Promise.all(Array.from({ length: connectionCount }, () => openConnection(port)));
  const loop: Connections = {
    run: (requests) =>
      closedLoop(requests, connections, (connection, index, next, fail) => {
        const exchange = exchanges[index % exchanges.length];
        if (exchange !== undefined) send(connection, exchange, next, fail);
      }),
    close() {
      for (const { socket } of connections) socket.destroy();
    },
  };
  await loop.run(connectionCount);
  return loop;
}

function send(
  connection: Connection,
  { request, tail }: Exchange,
  next: () => void,
  fail: (error: Error) => void,
): void {
  let received: Buffer | undefined;
  connection.onError = fail;
  connection.onData = (chunk) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk]);
    if (received.length < okStatus.length) return;
    if (!received.subarray(0, okStatus.length).equals(okStatus)) return fail(wrong(received));
    const headerEnd = received.indexOf(endOfHeaders);
    if (headerEnd < 0) return;
    const tailStart = headerEnd + endOfHeaders.length;
    if (received.length - tailStart < tail.length) return;
    if (!received.subarray(tailStart).equals(tail)) return fail(wrong(received));
    connection.onData = unasked(fail);
    next();
  };
  connection.socket.write(request);
}

const okStatus = Buffer.from("HTTP/1.1 200");
const endOfHeaders = Buffer.from("\r\n\r\n");

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const ignore = (): void => {};
  const connection: Connection = { socket, onData: ignore, onError: ignore };
  socket.on("data", (chunk) => connection.onData(chunk));
  socket.on("error", (error) => connection.onError(error));
  socket.on("close", () => connection.onError(new Error("the server closed a connection")));
  return connection;
}

/** Sends each variant once on a connection of its own, which the server closes, so that the end of the answer is known. */
async function firstExchanges(port: number, variants: readonly Variant[]): Promise<Exchange[]> {
  const exchanges: Exchange[] = [];
  for (const variant of variants) {
    const { answer, headerEnd } = await untilComplete(port, requestBytes(port, variant));
    const head = answer.toString("latin1", 0, headerEnd).toLowerCase();
    const tail = answer.subarray(headerEnd + endOfHeaders.length);
    if (!answer.subarray(0, okStatus.length).equals(okStatus)) throw wrong(answer);
    variant.check(head.includes("transfer-encoding: chunked") ? unchunk(tail) : tail);
    exchanges.push({ request: requestBytes(port, variant), tail });
  }
  return exchanges;
}

function requestBytes(port: number, { httpMethod, path, headers, body }: Variant): Buffer {
  const lines = [`${httpMethod} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (httpMethod === "POST") lines.push(`content-length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

/** Reads one whole answer by content-length or chunks. Slow and strict: it is what later answers are compared with. */
async function untilComplete(port: number, request: Buffer): Promise<{ answer: Buffer; headerEnd: number }> {
  const { socket } = await openConnection(port);
  socket.removeAllListeners("data");
  socket.write(request);
  let answer = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      // A socket without an encoding yields buffers.
      answer = Buffer.concat([answer, chunk as Buffer]);
      const headerEnd = answer.indexOf(endOfHeaders);
      if (headerEnd >= 0 && isComplete(answer, headerEnd)) return { answer, headerEnd };
    }
  } finally {
    socket.destroy();
  }
  throw wrong(answer);
}

function isComplete(answer: Buffer, headerEnd: number): boolean {
  const head = answer.toString("latin1", 0, headerEnd).toLowerCase();
  const tail = answer.subarray(headerEnd + endOfHeaders.length);
  if (head.includes("\r\ntransfer-encoding: chunked")) return tail.toString("latin1").endsWith("0\r\n\r\n");
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length === undefined) throw wrong(answer);
  return tail.length === Number(length);
}

/** The body of a chunked answer without trailers, RFC 9112 section 7.1. */
function unchunk(tail: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = tail.indexOf("\r\n", at);
    const size = Number.parseInt(tail.toString("latin1", at, lineEnd), 16);
    if (lineEnd < 0 || !(size >= 0)) throw wrong(tail);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(tail.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

function unasked(fail: (error: Error) => void): (chunk: Buffer) => void {
  return (chunk) => fail(new Error(`bytes after the end of an answer: ${chunk.toString("latin1", 0, 200)}`));
}

function wrong(answer: Buffer): Error {
  return new Error(`HTTP/1.1: not the expected answer: ${answer.toString("latin1", 0, 600)}`);
}
