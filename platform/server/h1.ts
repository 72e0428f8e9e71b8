// Hot path: hands over every HTTP/1.1 request.
import http from "node:http";
import type { Socket } from "node:net";
import type { ClientErrorBody, ClientErrorStatus, ConnectionEvent } from "./connection-events.js";
import { connectionAgeMs, type Limits } from "./limits.js";
import { checkH1Head } from "./request-head.js";
import { writeStalls } from "./write-stall.js";

/** What the two protocol servers share with their listener. */
export interface ProtocolOptions {
  readonly limits: Limits;
  readonly onEvent: (event: ConnectionEvent) => void;
  readonly clientError: (status: ClientErrorStatus) => ClientErrorBody;
}

/** HTTP/1.1 on sockets that someone else accepted. */
export interface H1Server {
  /** Takes a connection over. Returns what cuts it. */
  accept(socket: Socket): () => void;
  /** Announces `Connection: close` on every answer from now on; nothing is cut. */
  retire(): void;
  /** Closes the connections that have no request. */
  closeIdle(): void;
  /** Looks for clients that don't read their answers; to be called now and then. */
  sweep(now: number): void;
  close(): void;
}

interface Connection {
  /** Requests that have no whole answer yet. */
  requests: number;
  readonly retireAt: number;
}

// How often Node looks for requests that are late. Its own default of 30 s would stretch a limit of 10 s to 40 s, and many
// slow clients that are answered in one go would hold up the others.
const timeoutCheckMs = 100;
// How long the rest of a body is thrown away after the answer, so that the client gets to read the answer.
const lingerMs = 2000;

/** Makes the HTTP/1.1 half of a listener. `onRequest` gets requests whose head is within the limits. */
export function h1Server(
  { limits, onEvent, clientError }: ProtocolOptions,
  onRequest: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): H1Server {
  // With their sockets, since Node takes the socket away from a request that has been read to its end.
  const inFlight = new Map<http.ServerResponse, Socket>();
  const connections = new WeakMap<Socket, Connection>();
  const stalls = writeStalls<http.ServerResponse>(limits);
  let retired = false;

  const server = http.createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
  });
  // Node drops fields beyond this number without a word; the size is bounded already.
  server.maxHeadersCount = 0;
  // The server never listens itself. This event is what starts Node's checks for late requests and its list of idle
  // connections: an internal of Node that listen.test.ts watches.
  server.emit("listening");

  const onClose = (response: http.ServerResponse, socket: Socket, connection: Connection): void => {
    inFlight.delete(response);
    connection.requests--;
    // Answered before its body was read: the rest must not keep the connection for as long as the client likes.
    if (response.req.complete || socket.destroyed) return;
    const linger = (): void => {
      // A request that has ended meanwhile leaves the connection to the next one.
      if (!response.req.complete) socket.destroy();
    };
    setTimeout(linger, lingerMs).unref();
  };

  server.on("request", (request, response) => {
    const { socket } = request;
    const connection = connections.get(socket);
    if (connection === undefined) return socket.destroy();
    inFlight.set(response, socket);
    response.on("close", () => onClose(response, socket, connection));
    if (retired || performance.now() > connection.retireAt) response.shouldKeepAlive = false;
    // Node parses pipelined requests ahead of their answers.
    if (++connection.requests > limits.streamsPerConnectionMax) {
      onEvent({ kind: "ended", reason: "resets" });
      socket.destroy();
      return;
    }
    const status = checkH1Head(request.url ?? "", request.rawHeaders, limits);
    if (status === undefined) {
      onRequest(request, response);
      return;
    }
    onEvent({ kind: "rejected", status });
    const { contentType, body } = clientError(status);
    response.shouldKeepAlive = false;
    response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
    response.end(body);
  });

  server.on("clientError", (error: NodeJS.ErrnoException, stream) => {
    // Node types it as a Duplex; it is the socket that was handed over.
    const socket = stream as Socket;
    // An answer has begun, or the client is gone: nothing sensible can be written any more.
    if (!socket.writable || error.code === "ECONNRESET" || answering(socket)) {
      socket.destroy();
      return;
    }
    const status = statusOf(error.code);
    onEvent({ kind: "rejected", status });
    socket.end(rawAnswer(status, clientError(status)));
    setTimeout(() => socket.destroy(), lingerMs).unref();
  });

  const answering = (socket: Socket): boolean => {
    for (const [response, responseSocket] of inFlight) {
      if (responseSocket === socket && response.headersSent) return true;
    }
    return false;
  };

  return {
    accept(socket) {
      connections.set(socket, { requests: 0, retireAt: performance.now() + connectionAgeMs(limits) });
      // A client may close its half after the request, as `nc` does, and still wants the answer.
      socket.allowHalfOpen = true;
      server.emit("connection", socket);
      return () => socket.destroy();
    },
    retire() {
      retired = true;
      for (const response of inFlight.keys()) response.shouldKeepAlive = false;
    },
    closeIdle() {
      server.closeIdleConnections();
    },
    sweep(now) {
      const stalled = stalls.find(now, inFlight);
      if (stalled === undefined) return;
      onEvent({ kind: "ended", reason: "write-stall" });
      inFlight.get(stalled)?.destroy();
    },
    close() {
      // Stops the checks. It reports that the server does not listen, which is as intended.
      server.close(() => {});
    },
  };
}

function statusOf(code: string | undefined): ClientErrorStatus {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

function rawAnswer(status: ClientErrorStatus, { contentType, body }: ClientErrorBody): string {
  return (
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n` +
    `date: ${new Date().toUTCString()}\r\n` +
    `content-type: ${contentType}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n` +
    `connection: close\r\n\r\n${body}`
  );
}
