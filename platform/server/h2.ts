// Hot path: hands over every HTTP/2 request.
import http2 from "node:http2";
import type { Socket } from "node:net";
import type { ClientErrorStatus } from "./connection-events.js";
import { guardSession, type Guard } from "./guard.js";
import type { ProtocolOptions } from "./h1.js";
import type { Limits } from "./limits.js";
import { checkH2Head } from "./request-head.js";

/** HTTP/2 on sockets that someone else accepted. */
export interface H2Server {
  /** Takes a connection over. Returns what cuts it. */
  accept(socket: Socket): () => void;
  /** Sends GOAWAY on every connection, also on those to come; nothing is cut. */
  retire(): void;
  /**
   * Looks at connections for idleness, age, stalls and floods. To be called ten times a second: each connection has its
   * turn once a second, so that ending many of them does not hold up the others for long.
   */
  sweep(now: number): void;
}

const { NGHTTP2_REFUSED_STREAM } = http2.constants;

const shiftsPerSecond = 10;

type StreamListener = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  rawHeaders: readonly string[],
) => void;

// Node's types leave out the last argument, the fields as they came.
type StreamEvent = [
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
];

/** Makes the HTTP/2 half of a listener. `onStream` gets streams whose head is within the limits. */
export function h2Server(options: ProtocolOptions, onStream: StreamListener): H2Server {
  const { limits, onEvent, clientError } = options;
  const shifts = Array.from({ length: shiftsPerSecond }, () => new Set<Guard>());
  let sessions = 0;
  let sweeps = 0;
  let retired = false;

  // No "request" listener, ever: it would put Node's compatibility layer around each stream.
  const server = http2.createServer(sessionOptions(limits));

  const reject = (stream: http2.ServerHttp2Stream, status: ClientErrorStatus): void => {
    onEvent({ kind: "rejected", status });
    const { contentType, body } = clientError(status);
    stream.respond({
      ":status": status,
      "content-type": contentType,
      "content-length": Buffer.byteLength(body),
    });
    stream.end(body);
  };

  const onSession = (session: http2.ServerHttp2Session, socket: Socket): void => {
    const guard = guardSession(session, socket, options);
    const shift = shifts[sessions++ % shiftsPerSecond];
    shift?.add(guard);
    session.on("close", () => shift?.delete(guard));
    session.setLocalWindowSize(limits.connectionWindowBytes);
    session.on("stream", (...[stream, headers, , rawHeaders]: StreamEvent) => {
      // A stream error is the client's; what it means to the call is told by "aborted" and "close".
      stream.on("error", ignore);
      const head = checkH2Head(rawHeaders, limits);
      if (!guard.admit(stream, head)) return;
      if (guard.openStreams > limits.streamsPerConnectionMax) stream.close(NGHTTP2_REFUSED_STREAM);
      else if (head.status === undefined) onStream(stream, headers, rawHeaders);
      else reject(stream, head.status);
    });
    if (retired) guard.retire();
  };
  server.on("sessionError", ignore);

  return {
    accept(socket) {
      // The session is made before emit() returns. Its own `socket` is a proxy that hides destroy().
      let session: http2.ServerHttp2Session | undefined;
      server.once("session", (made) => {
        session = made;
        onSession(made, socket);
      });
      server.emit("connection", socket);
      return () => {
        session?.destroy();
        socket.destroy();
      };
    },
    retire() {
      retired = true;
      for (const shift of shifts) for (const guard of shift) guard.retire();
    },
    sweep(now) {
      for (const guard of shifts[sweeps++ % shiftsPerSecond] ?? []) guard.sweep(now);
    },
  };
}

// These options are newer than Node's types of the oldest supported release.
interface SessionOptions extends http2.ServerOptions {
  readonly streamResetBurst: number;
  readonly streamResetRate: number;
}

function sessionOptions(limits: Limits): SessionOptions {
  return {
    settings: {
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      initialWindowSize: limits.streamWindowBytes,
      maxHeaderListSize: limits.headerBytesMax,
      enablePush: false,
    },
    // nghttp2 counts resets as well, and ends the session without telling anyone. Twice our own limits keeps it from doing
    // so first, and still bounds what one read from the socket can hold.
    streamResetBurst: 2 * limits.resetsBurst,
    streamResetRate: 2 * limits.resetsPerSecond,
    maxSessionInvalidFrames: limits.invalidFramesMax,
  };
}

function ignore(): void {}
