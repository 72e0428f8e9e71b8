// A balancer of TCP connections that believes /readyz, as those in front of a deployment do.
import net from "node:net";
import { isReady } from "./replica.js";

/** Something that connections are passed on to. */
export interface Backend {
  /** Where it says whether it is ready. */
  readonly readinessUrl: string;
  /** Where its connections go, one port for each door of the balancer. */
  readonly ports: readonly number[];
}

/** A running balancer. */
export interface Balancer {
  /** Its own ports, in the order of those of the backends. */
  readonly ports: readonly number[];
  close(): void;
}

const lookMs = 100;

/** Starts a balancer with `doors` ports. New connections go to ready backends in turn; established ones stay. */
export async function startBalancer(backends: readonly Backend[], doors: number): Promise<Balancer> {
  let ready: readonly Backend[] = backends;
  let turn = 0;
  const look = async (): Promise<void> => {
    const states = await Promise.all(backends.map(({ readinessUrl }) => isReady(readinessUrl)));
    ready = backends.filter((_, i) => states[i]);
  };
  const timer = setInterval(() => void look(), lookMs);

  const pass = (client: net.Socket, door: number, tries: number): void => {
    const backend = ready[turn++ % Math.max(1, ready.length)];
    const port = backend?.ports[door];
    if (port === undefined || tries === 0) return void client.destroy();
    const upstream = net.connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    let connected = false;
    upstream.on("connect", () => {
      connected = true;
      client.pipe(upstream);
      upstream.pipe(client);
    });
    upstream.on("error", () => (connected ? client.destroy() : pass(client, door, tries - 1)));
    upstream.on("close", () => connected && client.destroy());
    client.on("close", () => upstream.destroy());
  };

  const servers = Array.from({ length: doors }, (_, door) =>
    net.createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: false }, (client) => {
      client.on("error", () => client.destroy());
      pass(client, door, backends.length);
    }),
  );
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
  );
  return {
    // A server that listens on a port has an AddressInfo.
    ports: servers.map((server) => (server.address() as net.AddressInfo).port),
    close() {
      clearInterval(timer);
      for (const server of servers) server.close();
    },
  };
}
