import type { Socket } from "node:net";
import type { RefusalReason } from "./connection-events.js";
import type { Limits } from "./limits.js";
import { peerKey } from "./peer-key.js";

/** Counts the connections of a listener and keeps them within its limits. */
export interface Admission {
  /** Every connection that was let in and has not closed. */
  readonly sockets: ReadonlySet<Socket>;
  /** Lets a connection in, or says why not. `closed` is called when one that was let in has closed. */
  admit(socket: Socket, closed: () => void): RefusalReason | undefined;
}

/** An admission without connections. */
export function admission(limits: Limits): Admission {
  const sockets = new Set<Socket>();
  const perPeer = new Map<string, number>();
  return {
    sockets,
    admit(socket, closed) {
      if (sockets.size >= limits.connectionsMax) return "connections";
      // A client that is gone already has no address; its "close" follows.
      const peer = peerKey(socket.remoteAddress ?? "");
      const others = perPeer.get(peer) ?? 0;
      if (others >= limits.connectionsPerPeerMax) return "connections-per-peer";
      perPeer.set(peer, others + 1);
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        const left = (perPeer.get(peer) ?? 1) - 1;
        if (left > 0) perPeer.set(peer, left);
        else perPeer.delete(peer);
        closed();
      });
      return undefined;
    },
  };
}
