import type { AddressInfo, Server } from "node:net";
import { once } from "node:events";
import { answerParent } from "../process/answer.js";
import type { ServerCommands } from "../process/commands.js";
import type { Wire } from "../workload/wire.js";

/** Makes this process a server under measurement: `start` listens on a free port of 127.0.0.1 and returns it. */
export function serveBench(start: (wire: Wire) => Promise<number>): void {
  answerParent<ServerCommands>({
    listen: async ({ wire }) => ({ port: await start(wire) }),
    cpu() {
      const { user, system } = process.cpuUsage();
      return { micros: user + system };
    },
    memory() {
      // Twice: the first collection runs finalizers, whose garbage the second one takes.
      globalThis.gc?.();
      globalThis.gc?.();
      return { bytes: process.memoryUsage().rss };
    },
  });
}

/** Listens on a free port of 127.0.0.1 and returns it. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

export function portOf(server: Server): number {
  // address() is a string for pipes only.
  return (server.address() as AddressInfo).port;
}

/** For servers that cannot speak all protocols. */
export function unsupported(wire: Wire): never {
  throw new Error(`this server does not speak ${wire}`);
}
