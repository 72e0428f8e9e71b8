// Client CPU per call.
import { clientCases, type ClientCase } from "./cases.js";
import type { Group } from "./goals.js";
import { selects, type Options } from "./options.js";
import type { Placements } from "./placement.js";
import { startChild, type Child } from "./process/child.js";
import type { ClientCommands } from "./process/commands.js";
import { interleave, type Contestant } from "./rounds.js";
import { startServer } from "./rpc.js";
import { warmUp } from "./warm-up.js";
import type { Method } from "./workload/wire.js";

/** The one server that all clients call: the floor, so that the client is what limits a run. */
const server = "node-http";

/** Measures the selected clients, each in a process of its own; undefined when none is selected. */
export async function measureClient(
  method: Method,
  options: Options,
  cpus: Placements,
  progress: (text: string) => void,
): Promise<Group | undefined> {
  const selected = clientCases.filter(({ name }) => selects(options, `${method}: ${name}`));
  if (selected.length === 0) return undefined;
  const children: { close(): Promise<void> }[] = [];
  try {
    const peer = startServer(server, cpus.other);
    children.push(peer);
    const { port } = await peer.ask("listen", { wire: "grpc-h2" });
    const contestants: Contestant[] = [];
    for (const one of selected) {
      progress(`${method}: warming up ${one.name}`);
      const client = startClient(one, cpus.measured);
      children.push(client);
      await client.ask("connect", { method, port });
      contestants.push(await contestant(one, client, options));
    }
    const measured = await interleave(contestants, options.samples, (round) =>
      progress(`${method}: round ${round} of ${options.samples}`),
    );
    return { suite: "client", method, measured };
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

function startClient({ client }: ClientCase, cpu: number | undefined): Child<ClientCommands> {
  return startChild<ClientCommands>(new URL(`clients/${client}.js`, import.meta.url), { cpu });
}

async function contestant(
  { name }: ClientCase,
  client: Child<ClientCommands>,
  options: Options,
): Promise<Contestant> {
  const perSecond = await warmUp(options.warmUpSeconds, (calls) => client.ask("run", { calls }));
  const calls = Math.ceil(perSecond * options.seconds);
  return {
    name,
    async sample() {
      const { seconds, cpuMicros } = await client.ask("run", { calls });
      return {
        cpuMicros: cpuMicros / calls,
        perSecond: calls / seconds,
        busy: cpuMicros / 1_000_000 / seconds,
        p50Micros: NaN,
        p99Micros: NaN,
      };
    },
  };
}
