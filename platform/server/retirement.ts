import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

/** Ends an HTTP/2 connection in such a way that its client loses no request. */
export interface Retirement {
  /** Begins, once; further calls have no effect. */
  begin(): void;
  /** To be called for every request that arrives. */
  onRequest(): void;
}

// A GOAWAY that names the last stream loses the requests that are on their way, and not every client sends them again. So
// the client is told first, by a GOAWAY that leaves none of its streams out, and gets the time of a round trip to stop
// (RFC 9113, section 6.8). Node cannot send this notice, since it ignores new streams after a GOAWAY of its own. Between two
// writes of its session the socket stands at the border of a frame, so that we can send it.
const notice = Buffer.from("0000080700000000007fffffff00000000", "hex");
const noticeMs = 1000;

// Node's own client, and with it connect-node, loses requests that it has queued but not sent when a GOAWAY arrives; most of
// all if the GOAWAY comes with an answer that leads to the next request. When a request arrives its queue has just been
// sent, so that is the moment to say it. A connection without requests is not kept waiting for long.
const quietMaxMs = 500;

/** The retirement of a connection. */
export function retirementOf(session: ServerHttp2Session, socket: Socket): Retirement {
  let state: "serving" | "waiting" | "noticed" = "serving";

  const tell = (): void => {
    if (state !== "waiting") return;
    state = "noticed";
    if (socket.writable) socket.write(notice);
    setTimeout(() => session.close(), noticeMs).unref();
  };

  return {
    begin() {
      if (state !== "serving" || session.closed) return;
      state = "waiting";
      setTimeout(tell, quietMaxMs).unref();
    },
    onRequest: tell,
  };
}
