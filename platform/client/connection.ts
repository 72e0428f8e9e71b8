import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { ConnectError } from "@connectrpc/connect";
import { connectionLost } from "./stream-failure.js";
import { unprocessed } from "./unprocessed.js";

/** Certificates for TLS, as node:tls takes them (PEM). */
export interface ClientTls {
  /** Authorities to trust; node's own list without. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** The client's certificate chain and its key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name that the server's certificate must have, if not the host of the address. */
  readonly serverName?: string;
}

/** Times of a connection, in milliseconds. */
export interface ConnectionTimes {
  /** How long TCP and TLS may take together. */
  readonly connectTimeoutMs: number;
  /**
   * A connection on which nothing was received for so long is asked with a PING whether it still works. Servers of other
   * makes may allow one in five minutes only, and answer more with GOAWAY (gRPC proposal A8).
   */
  readonly pingIntervalMs: number;
  /** How long the answer to a PING may take before the connection counts as dead. */
  readonly pingTimeoutMs: number;
  /** A connection without calls for so long is closed. Keep it below the idle time of the server. */
  readonly idleTimeoutMs: number;
}

/** A call that waits for its answer on a connection. */
export interface InFlight {
  readonly stream: ClientHttp2Stream;
  /** Ends the call: its connection is gone, or the server will not process it. */
  lose(failure: ConnectError): void;
}

// A stream may receive 1 MiB and a connection 8 MiB before the sender waits for us; node's 64 KiB would cost a round trip
// for every 64 KiB of a large answer.
const streamWindowBytes = 1 << 20;
const connectionWindowBytes = 8 << 20;

/**
 * One HTTP/2 connection and the calls on it.
 *
 * It takes calls until the server says GOAWAY, the socket breaks, or it was idle for too long; then it is retired, and
 * the calls it has finish on it. It keeps the process alive only while it has calls.
 */
export class Connection {
  readonly session: ClientHttp2Session;
  readonly #inFlight = new Set<InFlight>();
  readonly #socket: Socket | TLSSocket;
  readonly #address: string;
  readonly #onRetired: () => void;
  readonly #onClosed: () => void;
  readonly #connectTimer: NodeJS.Timeout;
  /** Calls so far; tells the keep-alive timer whether there was one since it last looked. */
  #calls = 0;
  #keepAliveTimer: NodeJS.Timeout | undefined = undefined;
  #retired = false;
  #cause: unknown = undefined;

  constructor(
    url: URL,
    tls: ClientTls | undefined,
    times: ConnectionTimes,
    onRetired: () => void,
    onClosed: () => void,
  ) {
    this.#address = url.host;
    this.#onRetired = onRetired;
    this.#onClosed = onClosed;
    this.#socket = url.protocol === "https:" ? secureSocket(url, tls) : plainSocket(url);
    // Registered before node:http2 sees the socket, so that calls learn of the loss here, and not through the CANCEL that
    // node puts on every stream of a socket that closed.
    this.#socket.once("error", (error) => {
      this.#cause ??= error;
      this.#loseCalls();
    });
    this.#socket.once("close", () => this.#closed());
    this.session = connect(url, {
      createConnection: () => this.#socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    });
    this.session.unref();
    this.session.on("error", (error) => (this.#cause ??= error));
    this.session.on("goaway", (code: number, lastStreamId: number) => this.#goaway(code, lastStreamId));
    this.session.once("connect", () => this.#connected(url, times));
    this.#connectTimer = setTimeout(() => {
      this.#socket.destroy(new Error(`no connection after ${times.connectTimeoutMs} ms`));
    }, times.connectTimeoutMs).unref();
  }

  /** Counts a call in. Its owner counts it out with `remove`. */
  add(call: InFlight): void {
    if (this.#inFlight.size === 0) this.session.ref();
    this.#inFlight.add(call);
    this.#calls++;
  }

  /** Counts a call out; no harm if it is out already. */
  remove(call: InFlight): void {
    if (this.#inFlight.delete(call) && this.#inFlight.size === 0) this.session.unref();
  }

  /** Takes no more calls, and closes when those it has are done. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#onRetired();
    this.session.close();
  }

  /** Closes at once; calls end with UNAVAILABLE. */
  destroy(): void {
    this.retire();
    this.#loseCalls();
    this.session.destroy();
  }

  #connected(url: URL, times: ConnectionTimes): void {
    clearTimeout(this.#connectTimer);
    // node emits "connect" even if the session was destroyed while it connected.
    if (this.session.destroyed) return;
    // Checked here and not at the socket: to destroy a socket that node:http2 is about to take aborts the process.
    if (url.protocol === "https:" && this.session.alpnProtocol !== "h2") {
      this.#cause = new Error("the server does not speak HTTP/2");
      this.session.destroy();
      return;
    }
    this.session.setLocalWindowSize(connectionWindowBytes);
    this.#keepAliveTimer = this.#keepAlive(times).unref();
  }

  #goaway(code: number, lastStreamId: number): void {
    if (code !== constants.NGHTTP2_NO_ERROR) this.#cause ??= new Error(`GOAWAY with HTTP/2 error ${code}`);
    if (!this.#retired) {
      this.#retired = true;
      this.#onRetired();
    }
    for (const call of this.#inFlight) {
      // A stream without an id was never sent.
      if (call.stream.id === undefined || call.stream.id > lastStreamId) {
        call.lose(unprocessed("refused", "connection is closing", this.#cause));
      }
    }
  }

  /** The error of a stream that ended because its connection did; undefined if the connection is well. */
  lossOf(stream: ClientHttp2Stream): ConnectError | undefined {
    if (!this.session.destroyed && !this.#socket.destroyed) return undefined;
    return stream.id === undefined
      ? unprocessed("unreachable", `cannot connect to ${this.#address}`, this.#cause)
      : connectionLost(this.#cause);
  }

  #loseCalls(): void {
    for (const call of this.#inFlight) call.lose(this.lossOf(call.stream) ?? connectionLost(this.#cause));
  }

  #closed(): void {
    clearTimeout(this.#connectTimer);
    clearInterval(this.#keepAliveTimer);
    this.retire();
    this.#loseCalls();
    this.#onClosed();
  }

  /** Looks at counters instead of at every frame, so that keep-alive costs nothing per call. */
  #keepAlive(times: ConnectionTimes): NodeJS.Timeout {
    let bytesRead = this.#socket.bytesRead;
    let calls = 0;
    let idleMs = 0;
    return setInterval(() => {
      idleMs = this.#inFlight.size > 0 || this.#calls !== calls ? 0 : idleMs + times.pingIntervalMs;
      calls = this.#calls;
      if (idleMs >= times.idleTimeoutMs) return this.retire();
      if (this.#socket.bytesRead === bytesRead) this.#ping(times.pingTimeoutMs);
      bytesRead = this.#socket.bytesRead;
      return undefined;
    }, times.pingIntervalMs);
  }

  #ping(timeoutMs: number): void {
    if (this.session.destroyed) return;
    const timer = setTimeout(() => {
      this.#socket.destroy(new Error(`no answer to a PING after ${timeoutMs} ms`));
    }, timeoutMs).unref();
    // An error here is that of the session, which ends by itself.
    this.session.ping(() => clearTimeout(timer));
  }
}

function plainSocket(url: URL): Socket {
  return connectTcp({ host: hostOf(url), port: Number(url.port || 80), noDelay: true });
}

function secureSocket(url: URL, tls: ClientTls | undefined): TLSSocket {
  const host = hostOf(url);
  const serverName = tls?.serverName ?? host;
  const socket = connectTls({
    host,
    port: Number(url.port || 443),
    ALPNProtocols: ["h2"],
    // RFC 6066, section 3: an IP address is no server name.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(tls?.ca === undefined ? {} : { ca: [tls.ca].flat() }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
  });
  socket.setNoDelay(true);
  return socket;
}

function hostOf(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}
