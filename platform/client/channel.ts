import { Code, ConnectError } from "@connectrpc/connect";
import { Connection, type ClientTls, type ConnectionTimes } from "./connection.js";

/** One address: the connection that takes new calls, and those that are finishing theirs. */
export interface Channel {
  /** Where calls go. */
  readonly url: URL;
  /**
   * The connection for the next call; opens one if there is none. It may still be connecting: requests on it wait.
   *
   * There is no pause between failed connects. Calls share one attempt, and whoever repeats a call pauses.
   */
  acquire(): Connection;
  /** Takes no more calls; those that run end within their own deadlines. From then on `acquire` throws CANCELED. */
  close(): void;
  /** Ends everything at once; running calls fail with UNAVAILABLE. */
  destroy(): void;
}

/** Makes a channel. Nothing is connected before the first call. */
export function openChannel(url: URL, tls: ClientTls | undefined, times: ConnectionTimes): Channel {
  const connections = new Set<Connection>();
  let current: Connection | undefined;
  let closed = false;

  function open(): Connection {
    const connection: Connection = new Connection(
      url,
      tls,
      times,
      () => {
        if (current === connection) current = undefined;
      },
      () => connections.delete(connection),
    );
    connections.add(connection);
    return connection;
  }

  return {
    url,
    acquire() {
      if (closed) throw new ConnectError(`client of ${url.host} is closed`, Code.Canceled);
      return (current ??= open());
    },
    close() {
      closed = true;
      current?.retire();
    },
    destroy() {
      closed = true;
      for (const connection of connections) connection.destroy();
    },
  };
}
