import type http from "node:http";
import type http2 from "node:http2";
import net from "node:net";
import { admission } from "./admission.js";
import {
  plainClientError,
  type ClientErrorBody,
  type ClientErrorStatus,
  type ConnectionEvent,
} from "./connection-events.js";
import { h1Server } from "./h1.js";
import { h2Server } from "./h2.js";
import type { Limits } from "./limits.js";
import { sniffProtocol, type Protocol } from "./preface.js";
import { hasBadCertificate, tlsServer, type TlsOptions } from "./tls.js";

/** Gets every request whose head is within the limits. */
export interface ListenHandler {
  h1(request: http.IncomingMessage, response: http.ServerResponse): void;
  h2(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Without it, the port speaks HTTP/1.1 and HTTP/2 with prior knowledge (h2c), in clear text. */
  readonly tls?: TlsOptions;
  readonly limits: Limits;
  readonly onEvent?: (event: ConnectionEvent) => void;
  /** The body for a request that is refused before any handler; plain text by default. */
  readonly onClientError?: (status: ClientErrorStatus) => ClientErrorBody;
}

/** An open port. */
export interface Listener {
  readonly host: string;
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  readonly url: string;
  /** Connections open now. */
  readonly connections: number;
  /**
   * Ends in an orderly way: accepts nothing new after a moment, tells HTTP/2 clients to go elsewhere (GOAWAY) and HTTP/1.1 clients to
   * close after their answer, and waits for what is in flight. After `graceMs` the rest is cut. Resolves when no
   * connection is left.
   */
  drain(options: { graceMs: number }): Promise<void>;
  /** Cuts every connection. Resolves when no connection is left. */
  close(): Promise<void>;
}

const sweepMs = 100;
// While draining, connections that clients had begun to open are still accepted for this time: closing the port at once
// resets those that wait in its queue.
const acceptGraceMs = 100;
// While draining, an idle HTTP/1.1 connection may have a request on its way. Within this time it is still answered, with
// `Connection: close`; closing at once would fail it.
const idleGraceMs = 1000;

/** Opens one port for HTTP/1.1 and HTTP/2, with or without TLS. Rejects when the port can't be opened. */
export async function listen(options: ListenOptions, handler: ListenHandler): Promise<Listener> {
  const { limits } = options;
  const onEvent = options.onEvent ?? (() => {});
  const protocolOptions = { limits, onEvent, clientError: options.onClientError ?? plainClientError };
  const h1 = h1Server(protocolOptions, (request, response) => handler.h1(request, response));
  const h2 = h2Server(protocolOptions, (stream, headers, raw) => handler.h2(stream, headers, raw));
  const admitted = admission(limits);
  // Connections whose protocol isn't known yet, by remote address and port, and by when it has to be.
  const undecided = new Map<string, { readonly socket: net.Socket; readonly decideBy: number }>();

  let onEmpty = (): void => {};
  // How to cut a connection that has a protocol. With TLS, its TLSSocket has to be destroyed, and with HTTP/2 its session
  // first: destroying the TCP socket beneath a session that is writing aborts the process (an assertion in node_http2.cc).
  const cuts = new WeakMap<net.Socket, () => void>();

  const serve = (key: string, socket: net.Socket, protocol: Protocol): void => {
    const tcp = undecided.get(key)?.socket;
    undecided.delete(key);
    // It was given up while the handshake went on.
    if (tcp === undefined || socket.destroyed) return;
    cuts.set(tcp, (protocol === "h2" ? h2 : h1).accept(socket));
  };

  const secure = options.tls && tlsServer(options.tls, limits);
  secure?.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    if (hasBadCertificate(socket)) {
      onEvent({ kind: "refused", reason: "certificate" });
      socket.destroy();
    } else serve(remote(socket), socket, socket.alpnProtocol === "h2" ? "h2" : "h1");
  });

  const onConnection = (socket: net.Socket): void => {
    socket.on("error", () => socket.destroy());
    const key = remote(socket);
    const refusal = admitted.admit(socket, () => {
      if (undecided.get(key)?.socket === socket) undecided.delete(key);
      onEvent({ kind: "closed" });
      if (admitted.sockets.size === 0) onEmpty();
    });
    if (refusal !== undefined) {
      onEvent({ kind: "refused", reason: refusal });
      socket.destroy();
      return;
    }
    onEvent({ kind: "opened" });
    undecided.set(key, { socket, decideBy: performance.now() + limits.headersTimeoutMs });
    if (secure === undefined) sniffProtocol(socket, (protocol) => serve(key, socket, protocol));
    else secure.emit("connection", socket);
  };

  const sweep = (): void => {
    const now = performance.now();
    h1.sweep(now);
    h2.sweep(now);
    for (const { socket, decideBy } of undecided.values()) {
      // The oldest come first.
      if (now < decideBy) break;
      onEvent({ kind: "ended", reason: "headers-timeout" });
      socket.destroy();
    }
  };

  const server = net.createServer({ noDelay: true }, onConnection);
  const address = await open(server, options);
  const timer = setInterval(sweep, sweepMs).unref();

  // The port is closed and no connection is left.
  const ended = new Promise<void>((resolve) => {
    server.on("close", () => {
      clearInterval(timer);
      h1.close();
      // The server counts a connection as gone a moment before its socket says so.
      if (admitted.sockets.size === 0) resolve();
      else onEmpty = resolve;
    });
  });

  const drain = async (graceMs: number): Promise<void> => {
    h1.retire();
    h2.retire();
    const timers = [
      setTimeout(() => server.close(), Math.min(acceptGraceMs, graceMs / 4)),
      setTimeout(
        () => {
          h1.closeIdle();
          for (const { socket } of undecided.values()) socket.destroy();
        },
        Math.min(idleGraceMs, graceMs / 2),
      ),
      setTimeout(() => {
        for (const socket of admitted.sockets) {
          onEvent({ kind: "ended", reason: "drain" });
          const cut = cuts.get(socket);
          if (cut === undefined) socket.destroy();
          else cut();
        }
      }, graceMs),
    ];
    await ended;
    for (const timeout of timers) clearTimeout(timeout);
  };

  return {
    host: options.host,
    port: address.port,
    url: `${secure === undefined ? "http" : "https"}://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    get connections() {
      return admitted.sockets.size;
    },
    drain: ({ graceMs }) => drain(graceMs),
    close: () => drain(0),
  };
}

function open(server: net.Server, { host, port }: ListenOptions): Promise<net.AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.removeListener("error", reject);
      // An error of an open port is one of accept(), such as too many open files: the next connection may do better.
      server.on("error", () => {});
      // A server that listens on a host and port has an AddressInfo.
      resolve(server.address() as net.AddressInfo);
    });
  });
}

function remote(socket: net.Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
