// Hot path of the load generator: HTTP/2 over a socket. A client of node:http2 costs as much CPU as a good server, which
// would then wait for the load.
import { once } from "node:events";
import { connect } from "node:net";
import { grpcStatusOk, headerReader, statusOk, type HeaderBlocks } from "./hpack.js";
import {
  clientPreface,
  frame,
  frameFlags,
  frameReader,
  frameTypes,
  headerTableSizeSetting,
  windowUpdate,
} from "./http2-frames.js";

/** A request, and the only body that may come back. */
export interface Exchange {
  readonly headers: HeaderBlocks;
  readonly body: Buffer;
  readonly answer: Buffer;
  readonly isGrpc: boolean;
}

/** One HTTP/2 connection. */
export interface Http2Connection {
  /** Calls `next` when the answer came with status 200, grpc-status 0 for gRPC, and the expected body; else `fail`. */
  send(exchange: Exchange, next: () => void, fail: (error: Error) => void): void;
  close(): void;
}

interface OpenStream {
  readonly exchange: Exchange;
  readonly next: () => void;
  readonly fail: (error: Error) => void;
  bits: number;
  received: number;
}

const headerTableBytes = 4096;
/** Half of the window of the connection. */
const replenishBytes = 2 ** 30;

export async function openHttp2Connection(port: number): Promise<Http2Connection> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const streams = new Map<number, OpenStream>();
  const headers = headerReader();
  let lastStreamId = -1;
  let consumed = 0;
  let ended: Error | undefined;
  let resolveOpen = (): void => {};
  let rejectOpen = (_error: Error): void => {};
  const open = new Promise<void>((resolve, reject) => {
    resolveOpen = resolve;
    rejectOpen = reject;
  });

  const end = (why: string): void => {
    ended ??= new Error(`HTTP/2: ${why}`);
    rejectOpen(ended);
    for (const stream of streams.values()) stream.fail(ended);
    streams.clear();
  };

  const onData = (stream: OpenStream, payload: Buffer): void => {
    const { answer } = stream.exchange;
    const end = stream.received + payload.length;
    if (end > answer.length || answer.compare(payload, 0, payload.length, stream.received, end) !== 0) {
      stream.fail(new Error(`HTTP/2: not the expected body: ${payload.toString("latin1", 0, 200)}`));
    }
    stream.received = end;
    consumed += payload.length;
    if (consumed < replenishBytes) return;
    socket.write(windowUpdate(consumed));
    consumed = 0;
  };

  const onEnd = (streamId: number, { exchange, bits, received, next, fail }: OpenStream): void => {
    streams.delete(streamId);
    const wanted = exchange.isGrpc ? statusOk | grpcStatusOk : statusOk;
    if (bits === wanted && received === exchange.answer.length) next();
    else fail(new Error(`HTTP/2: a wrong answer: status bits ${bits} for ${wanted}, ${received} bytes`));
  };

  const onControl = (type: number, flags: number, payload: Buffer): void => {
    if (type === frameTypes.goaway) return end(`GOAWAY, error ${payload.readUInt32BE(4)}`);
    if (type === frameTypes.ping && (flags & frameFlags.ack) === 0) {
      socket.write(frame(frameTypes.ping, frameFlags.ack, 0, payload));
    }
    if (type !== frameTypes.settings || (flags & frameFlags.ack) !== 0) return;
    for (let at = 0; at < payload.length; at += 6) {
      const small = payload.readUInt32BE(at + 2) < headerTableBytes;
      if (payload.readUInt16BE(at) === headerTableSizeSetting && small)
        end("the header table is too small");
    }
    socket.write(frame(frameTypes.settings, frameFlags.ack, 0, Buffer.alloc(0)));
    resolveOpen();
  };

  const read = frameReader((type, flags, streamId, payload) => {
    if (streamId === 0) return onControl(type, flags, payload);
    const isHeaders = type === frameTypes.headers;
    // Every section has to be read, whomever it belongs to: the table is the connection's.
    const bits = isHeaders ? headers.read(payload) : 0;
    const stream = streams.get(streamId);
    if (stream === undefined) return;
    // No server under measurement pads, sets priorities, or has sections that need CONTINUATION.
    const plain = isHeaders ? frameFlags.endStream | frameFlags.endHeaders : frameFlags.endStream;
    if ((flags & ~plain) !== 0 || (isHeaders && (flags & frameFlags.endHeaders) === 0)) {
      return stream.fail(new Error(`HTTP/2: flags ${flags} of frame type ${type} are not understood`));
    }
    if (type === frameTypes.rstStream)
      return stream.fail(new Error(`HTTP/2: reset ${payload.readUInt32BE(0)}`));
    if (type === frameTypes.windowUpdate) return;
    stream.bits |= bits;
    if (type === frameTypes.data) onData(stream, payload);
    if ((flags & frameFlags.endStream) !== 0) onEnd(streamId, stream);
  });

  socket.on("data", (chunk) => {
    // All requests that these answers make room for go out in one write.
    socket.cork();
    read(chunk);
    socket.uncork();
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("the server closed a connection"));
  socket.write(clientPreface());
  await open;

  return {
    send(exchange, next, fail) {
      if (ended !== undefined) return fail(ended);
      const isFirst = lastStreamId < 0;
      lastStreamId += 2;
      streams.set(lastStreamId, { exchange, next, fail, bits: 0, received: 0 });
      socket.write(requestFrames(exchange, isFirst, lastStreamId));
    },
    close: () => void socket.destroy(),
  };
}

/** HEADERS and DATA in one buffer. */
function requestFrames({ headers, body }: Exchange, isFirst: boolean, streamId: number): Buffer {
  const block = isFirst ? headers.first : headers.later;
  return Buffer.concat([
    frame(frameTypes.headers, frameFlags.endHeaders, streamId, block),
    frame(frameTypes.data, frameFlags.endStream, streamId, body),
  ]);
}
