// Hot path of the load generator: HTTP/2 over a socket. A client of node:http2 costs as much CPU as a good server, which
// would then wait for the load.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
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

/** Connects, and waits for the settings of the server. Rejects when it closes the connection instead. */
export async function openHttp2Connection(port: number): Promise<Http2Connection> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  return new Promise((resolve, reject) => {
    const connection = new Http2Connection(socket, () => resolve(connection), reject);
  });
}

/** One HTTP/2 connection. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #onReady: () => void;
  readonly #onEnd: (error: Error) => void;
  readonly #headers = headerReader();
  readonly #streams = new Map<number, OpenStream>();
  #lastStreamId = -1;
  #consumed = 0;
  #ended: Error | undefined = undefined;

  /** `onReady` is called when the server has sent its settings, `onEnd` when the connection can be used no more. */
  constructor(socket: Socket, onReady: () => void, onEnd: (error: Error) => void) {
    this.#socket = socket;
    this.#onReady = onReady;
    this.#onEnd = onEnd;
    const read = frameReader((...frame) => this.#onFrame(...frame));
    socket.on("data", (chunk) => {
      // All requests that these answers make room for go out in one write.
      socket.cork();
      read(chunk);
      socket.uncork();
    });
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("the server closed a connection"));
    socket.write(clientPreface());
  }

  /** Calls `next` when the answer came with status 200, grpc-status 0 for gRPC, and the expected body; else `fail`. */
  send(exchange: Exchange, next: () => void, fail: (error: Error) => void): void {
    if (this.#ended !== undefined) return fail(this.#ended);
    const isFirst = this.#lastStreamId < 0;
    this.#lastStreamId += 2;
    this.#streams.set(this.#lastStreamId, { exchange, next, fail, bits: 0, received: 0 });
    this.#socket.write(requestFrames(exchange, isFirst, this.#lastStreamId));
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(why: string): void {
    this.#ended ??= new Error(`HTTP/2: ${why}`);
    this.#onEnd(this.#ended);
    for (const { fail } of this.#streams.values()) fail(this.#ended);
    this.#streams.clear();
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) return this.#onControl(type, flags, payload);
    const isHeaders = type === frameTypes.headers;
    // Every section has to be read, whomever it belongs to: the table is the connection's.
    const bits = isHeaders ? this.#headers.read(payload) : 0;
    const stream = this.#streams.get(streamId);
    if (stream === undefined || type === frameTypes.windowUpdate) return;
    if (type === frameTypes.rstStream) return failStream(stream, `reset ${payload.readUInt32BE(0)}`);
    // No server under measurement pads, sets priorities, or has sections that need CONTINUATION.
    const plain = isHeaders ? frameFlags.endStream | frameFlags.endHeaders : frameFlags.endStream;
    if ((flags & ~plain) !== 0 || (isHeaders && (flags & frameFlags.endHeaders) === 0)) {
      return failStream(stream, `flags ${flags} of frame type ${type} are not understood`);
    }
    stream.bits |= bits;
    if (type === frameTypes.data) this.#onData(stream, payload);
    if ((flags & frameFlags.endStream) === 0) return;
    this.#streams.delete(streamId);
    onStreamEnd(stream);
  }

  #onData(stream: OpenStream, payload: Buffer): void {
    const { answer } = stream.exchange;
    const end = stream.received + payload.length;
    if (end > answer.length || answer.compare(payload, 0, payload.length, stream.received, end) !== 0) {
      failStream(stream, `not the expected body: ${payload.toString("latin1", 0, 200)}`);
    }
    stream.received = end;
    this.#consumed += payload.length;
    if (this.#consumed < replenishBytes) return;
    this.#socket.write(windowUpdate(this.#consumed));
    this.#consumed = 0;
  }

  #onControl(type: number, flags: number, payload: Buffer): void {
    if (type === frameTypes.goaway) return this.#end(`GOAWAY, error ${payload.readUInt32BE(4)}`);
    if ((flags & frameFlags.ack) !== 0) return;
    if (type === frameTypes.ping) this.#socket.write(frame(frameTypes.ping, frameFlags.ack, 0, payload));
    if (type !== frameTypes.settings) return;
    for (let at = 0; at < payload.length; at += 6) {
      const isTableSize = payload.readUInt16BE(at) === headerTableSizeSetting;
      if (isTableSize && payload.readUInt32BE(at + 2) < headerTableBytes) {
        return this.#end("the header table of the server is smaller than the default");
      }
    }
    this.#socket.write(frame(frameTypes.settings, frameFlags.ack, 0, Buffer.alloc(0)));
    this.#onReady();
  }
}

function onStreamEnd({ exchange, bits, received, next, fail }: OpenStream): void {
  const wanted = exchange.isGrpc ? statusOk | grpcStatusOk : statusOk;
  if (bits === wanted && received === exchange.answer.length) next();
  else fail(new Error(`HTTP/2: a wrong answer: status bits ${bits} for ${wanted}, ${received} bytes`));
}

function failStream({ fail }: OpenStream, why: string): void {
  fail(new Error(`HTTP/2: ${why}`));
}

/** HEADERS and DATA in one buffer. */
function requestFrames({ headers, body }: Exchange, isFirst: boolean, streamId: number): Buffer {
  const block = isFirst ? headers.first : headers.later;
  return Buffer.concat([
    frame(frameTypes.headers, frameFlags.endHeaders, streamId, block),
    frame(frameTypes.data, frameFlags.endStream, streamId, body),
  ]);
}
