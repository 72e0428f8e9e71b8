// Server CPU per request.
import { rpcCases, type RpcCase } from "./cases.js";
import type { Group } from "./goals.js";
import { selects, type Options } from "./options.js";
import type { Placements } from "./placement.js";
import { startChild, type Child } from "./process/child.js";
import type { LoadCommands, LoadResult, ServerCommands } from "./process/commands.js";
import { interleave, type Contestant, type Sample } from "./rounds.js";
import { warmUp } from "./warm-up.js";
import type { Method } from "./workload/wire.js";

/** Measures the selected cases of a method, each server in a process of its own; undefined when none is selected. */
export async function measureRpc(
  method: Method,
  options: Options,
  cpus: Placements,
  progress: (text: string) => void,
): Promise<Group | undefined> {
  const selected = rpcCases.filter(({ name }) => selects(options, `${method}: ${name}`));
  if (selected.length === 0) return undefined;
  const children: { close(): Promise<void> }[] = [];
  try {
    const load = startChild<LoadCommands>(new URL("load.js", import.meta.url), { cpu: cpus.other });
    children.push(load);
    const contestants: Contestant[] = [];
    for (const one of selected) {
      progress(`${method}: warming up ${one.name}`);
      const server = startServer(one.server, cpus.measured);
      children.push(server);
      contestants.push(await contestant(one, method, server, load, options));
    }
    const measured = await interleave(contestants, options.samples, (round) =>
      progress(`${method}: round ${round} of ${options.samples}`),
    );
    return { suite: "rpc", method, measured };
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/** Starts a module of bench/servers. */
export function startServer(
  name: string,
  cpu: number | undefined,
  nodeOptions: readonly string[] = [],
): Child<ServerCommands> {
  return startChild<ServerCommands>(new URL(`servers/${name}.js`, import.meta.url), { cpu, nodeOptions });
}

async function contestant(
  { name, wire }: RpcCase,
  method: Method,
  server: Child<ServerCommands>,
  load: Child<LoadCommands>,
  options: Options,
): Promise<Contestant> {
  const { port } = await server.ask("listen", { wire });
  const withLoad = async <T>(use: () => Promise<T>): Promise<T> => {
    await load.ask("open", { wire, method, port });
    try {
      return await use();
    } finally {
      await load.ask("close", undefined);
    }
  };
  const perSecond = await withLoad(() =>
    warmUp(options.warmUpSeconds, (requests) => load.ask("run", { requests })),
  );
  const requests = Math.ceil(perSecond * options.seconds);
  return { name, sample: () => withLoad(() => sample(server, () => load.ask("run", { requests }))) };
}

/** Connections are open before and after: what is measured is requests. */
async function sample(server: Child<ServerCommands>, run: () => Promise<LoadResult>): Promise<Sample> {
  const before = await server.ask("cpu", undefined);
  const { requests, seconds, p50Micros, p99Micros } = await run();
  const after = await server.ask("cpu", undefined);
  const cpuMicros = after.micros - before.micros;
  return {
    cpuMicros: cpuMicros / requests,
    perSecond: requests / seconds,
    busy: cpuMicros / 1_000_000 / seconds,
    p50Micros,
    p99Micros,
  };
}
