import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Limits } from "./limits.js";

/** Finds HTTP/2 connections that still stand but no longer work. */
export interface Liveness {
  /** Whether the connection has left a PING of ours unanswered for too long. Sends one when it is time to. */
  dead(now: number): boolean;
}

// The first PING of a quiet spell. Short, because a connection that nghttp2 has given up looks just like a quiet one.
const quietMs = 3000;

/**
 * Asks quiet connections for a sign of life. It serves twice: a client that vanished without a FIN is found, and so is a
 * session that nghttp2 ended by itself over a breach of protocol. Of that Node tells nobody: it has sent GOAWAY, reads no
 * more, and leaves the socket open. No PING leaves such a session.
 */
export function liveness(session: ServerHttp2Session, socket: Socket, limits: Limits): Liveness {
  let bytesRead = -1;
  let pingAt = Infinity;
  let sentAt: number | undefined;
  const answered = (): void => {
    sentAt = undefined;
    bytesRead = socket.bytesRead;
    pingAt = performance.now() + limits.pingIntervalMs;
  };
  return {
    dead(now) {
      if (sentAt !== undefined) return now - sentAt > limits.pingTimeoutMs;
      if (socket.bytesRead !== bytesRead) {
        bytesRead = socket.bytesRead;
        pingAt = now + quietMs;
      } else if (now >= pingAt) {
        sentAt = now;
        session.ping(answered);
      }
      return false;
    },
  };
}
