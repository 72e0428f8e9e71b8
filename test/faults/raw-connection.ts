import net from "node:net";
import { attackerAddress, type Target } from "./attack.js";

/** A TCP connection that writes what it likes. */
export interface RawConnection {
  /** True once the server has closed or reset the connection. */
  readonly ended: boolean;
  /** Bytes received. */
  readonly received: number;
  /** Writes, and resolves when the kernel took the bytes. False when the connection ended instead. */
  write(bytes: Uint8Array | string): Promise<boolean>;
  /** Resolves with `ended` once the server ends the connection, or after `ms`. */
  waitForEnd(ms: number): Promise<boolean>;
  onData(listener: (chunk: Buffer) => void): void;
  /** Stops reading, so that the server's answers pile up. */
  pause(): void;
  close(): void;
}

/** Connects from an attacker's address; a connection that is refused counts as one that ended. */
export function openConnection(target: Target, attacker = 0): Promise<RawConnection> {
  const { hostname, port } = new URL(target.url);
  const socket = net.connect({
    host: hostname,
    port: Number(port),
    localAddress: attackerAddress(attacker),
    noDelay: true,
  });
  let ended = false;
  let received = 0;
  const onEnd: (() => void)[] = [];
  const end = (): void => {
    ended = true;
    socket.destroy();
    for (const listener of onEnd.splice(0)) listener();
  };
  socket.on("error", end);
  socket.on("end", end);
  socket.on("close", end);
  socket.on("data", (chunk) => (received += chunk.length));
  const connection: RawConnection = {
    get ended() {
      return ended;
    },
    get received() {
      return received;
    },
    write(bytes) {
      if (ended) return Promise.resolve(false);
      return new Promise((resolve) => {
        const done = (): void => resolve(!ended);
        onEnd.push(done);
        socket.write(bytes, () => {
          onEnd.splice(onEnd.indexOf(done), 1);
          done();
        });
      });
    },
    waitForEnd(ms) {
      if (ended) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(ended), ms);
        onEnd.push(() => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    },
    onData: (listener) => void socket.on("data", listener),
    pause: () => void socket.pause(),
    close: () => void socket.destroy(),
  };
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(connection));
    onEnd.push(() => resolve(connection));
  });
}
