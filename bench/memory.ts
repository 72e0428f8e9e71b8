// Resident memory of a server per idle HTTP/2 connection.
import { selects, type Options } from "./options.js";
import type { Placements } from "./placement.js";
import { startChild } from "./process/child.js";
import type { LoadCommands } from "./process/commands.js";
import { table } from "./report.js";
import { startServer } from "./rpc.js";
import { median } from "./statistics.js";

/** One server. Coarse: a heap grows in steps, so expect 20 % either way. */
export interface IdleMemory {
  readonly name: string;
  readonly connections: number;
  readonly baseBytes: number;
  readonly bytesPerConnection: number;
}

const servers = [
  { name: "node:http2", server: "node-http" },
  { name: "grpc-js", server: "grpc-js" },
  { name: "connect-node", server: "connect" },
  { name: "trunkline", server: "trunkline" },
] as const;

/** Opened before the first reading, so that code, heap and tables have grown. */
const connectionsBefore = 500;
const connections = 1000;
const repetitions = 3;

/** Opens connections, one gRPC call on each, and reads by how much the server grows; the median of fresh servers. */
export async function measureMemory(
  options: Options,
  cpus: Placements,
  progress: (text: string) => void,
): Promise<IdleMemory[]> {
  const results: IdleMemory[] = [];
  for (const { name, server } of servers) {
    if (!selects(options, `memory: ${name}`)) continue;
    progress(`memory: ${name}`);
    const readings: Reading[] = [];
    for (let i = 0; i < repetitions; i++) readings.push(await readOne(server, cpus));
    results.push({
      name,
      connections,
      baseBytes: median(readings.map(({ before }) => before)),
      bytesPerConnection: median(readings.map(({ before, after }) => (after - before) / connections)),
    });
  }
  return results;
}

interface Reading {
  readonly before: number;
  readonly after: number;
}

async function readOne(module: string, cpus: Placements): Promise<Reading> {
  const server = startServer(module, cpus.measured, ["--expose-gc"]);
  const load = startChild<LoadCommands>(new URL("load.js", import.meta.url), { cpu: cpus.other });
  try {
    const { port } = await server.ask("listen", { wire: "grpc-h2" });
    await load.ask("openIdle", { port, connections: connectionsBefore });
    const before = await server.ask("memory", undefined);
    await load.ask("openIdle", { port, connections });
    const after = await server.ask("memory", undefined);
    return { before: before.bytes, after: after.bytes };
  } finally {
    await Promise.all([server.close(), load.close()]);
  }
}

export function memoryLines(results: readonly IdleMemory[]): string[] {
  if (results.length === 0) return [];
  const floor = results.find(({ name }) => name === "node:http2")?.bytesPerConnection;
  const header = ["resident memory, idle HTTP/2", "MiB before", "KiB a connection", "/ node:http2"];
  const rows = results.map(({ name, baseBytes, bytesPerConnection }) => [
    name,
    (baseBytes / 2 ** 20).toFixed(0),
    (bytesPerConnection / 1024).toFixed(1),
    floor === undefined ? "-" : (bytesPerConnection / floor).toFixed(2),
  ]);
  return ["", ...table([header, ...rows])];
}
