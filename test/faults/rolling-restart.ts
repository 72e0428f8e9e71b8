// Replicas behind a balancer are restarted in turn while clients of four kinds go on calling.
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { grpcClient } from "../peers/grpc-js.js";
import { startBalancer } from "./balancer.js";
import { freePorts, replicaToken, startReplica, type Replica } from "./replica.js";
import { quantile, type Check, type Report, type RunOptions } from "./report.js";

const replicaCount = 3;
const workersPerClient = 4;
const pauseMs = 30;
const drainMaxMs = 10_000;
// Between one replica and the next, so that clients settle on the new one.
const settleMs = 1000;

/** A kind of client, and what became of its calls. */
interface LoadClient {
  readonly name: string;
  call(): Promise<unknown>;
  close(): void;
}

interface Load {
  readonly name: string;
  readonly latencies: number[];
  readonly failures: string[];
}

/** Restarts every replica by SIGTERM, one round or many. */
export async function run({ long }: RunOptions): Promise<Report> {
  const rounds = long ? 50 : 3;
  const settings = { TRUNKLINE_DRAIN_DELAY_MS: "500", TRUNKLINE_DRAIN_GRACE_MS: "8000" };
  const replicas: Replica[] = [];
  for (let i = 0; i < replicaCount; i++) replicas.push(await startReplica(await freePorts(), settings));
  const backends = replicas.map(({ internalUrl, ports }) => ({
    readinessUrl: internalUrl,
    ports: [ports.internal, ports.public],
  }));
  const balancer = await startBalancer(backends, backends[0]?.ports.length ?? 0);
  const [internal = 0, open = 0] = balancer.ports;
  const clients = loadClients(`http://127.0.0.1:${internal}`, `http://127.0.0.1:${open}`);
  const load = startLoad(clients);

  const drains: number[] = [];
  const statuses: (number | null)[] = [];
  for (let i = 0; i < rounds * replicaCount; i++) {
    await sleep(settleMs);
    const replica = replicas[i % replicaCount];
    if (replica === undefined) throw new Error("there are as many replicas as were started");
    const { ms, status } = await replica.stop();
    drains.push(ms);
    statuses.push(status);
    replicas[i % replicaCount] = await startReplica(replica.ports, settings);
  }
  await sleep(settleMs);
  const loads = await load.stop();
  for (const client of clients) client.close();
  balancer.close();
  await Promise.all(replicas.map((replica) => replica.stop()));
  return {
    title: `Rolling restart: ${replicaCount} replicas, ${rounds} rounds, under load`,
    checks: [...loads.map(checkOf), drainCheck(drains, statuses)],
  };
}

function checkOf({ name, latencies, failures }: Load): Check {
  const calls = latencies.length + failures.length;
  const shown = failures.length === 0 ? "" : `: ${[...new Set(failures)].slice(0, 3).join("; ")}`;
  return {
    what: name,
    measured: `${failures.length} of ${calls} failed${shown}; p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
    bar: "0 failed",
    passed: failures.length === 0 && calls > 0,
  };
}

function drainCheck(drains: readonly number[], statuses: readonly (number | null)[]): Check {
  const clean = statuses.filter((status) => status === 0).length;
  return {
    what: "drain, SIGTERM to exit",
    measured: `p50 ${quantile(drains, 0.5).toFixed()} ms, max ${Math.max(...drains).toFixed()} ms; ${clean} of ${statuses.length} exits with 0`,
    bar: `<= ${drainMaxMs} ms, exit 0`,
    passed: Math.max(...drains) <= drainMaxMs && clean === statuses.length,
  };
}

/** None of them retries, but for what gRPC retries by itself: calls that the server has not looked at. */
function loadClients(internalUrl: string, publicUrl: string): LoadClient[] {
  const authorization = `Bearer ${replicaToken}`;
  const grpc = grpcClient(ZoneService, internalUrl);
  const timeoutMs = 5000;
  const connect = (httpVersion: "1.1" | "2"): LoadClient => {
    const transport = createConnectTransport({ baseUrl: publicUrl, httpVersion });
    const zones = createClient(ZoneService, transport);
    return {
      name: `connect-node, HTTP/${httpVersion}`,
      call: () => zones.listZones({}, { headers: { authorization }, timeoutMs }),
      close: () => undefined,
    };
  };
  const agent = new http.Agent({ keepAlive: true });
  return [
    {
      name: "grpc-js",
      async call() {
        const { error } = await grpc.unary(
          "listZones",
          {},
          { authorization },
          { deadline: Date.now() + timeoutMs },
        );
        if (error !== undefined) throw error;
      },
      close: () => grpc.close(),
    },
    connect("2"),
    connect("1.1"),
    {
      name: "REST, keep-alive HTTP/1.1",
      call: () => restCall(`${publicUrl}/client/v4/zones`, authorization, agent, timeoutMs),
      close: () => agent.destroy(),
    },
  ];
}

function restCall(url: string, authorization: string, agent: http.Agent, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers: { authorization }, timeout }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.on("timeout", () => request.destroy(new Error("timed out")));
    request.on("error", reject);
  });
}

function startLoad(clients: readonly LoadClient[]): { stop(): Promise<Load[]> } {
  let running = true;
  const loads = clients.map(({ name }): Load => ({ name, latencies: [], failures: [] }));
  const work = async (client: LoadClient, { latencies, failures }: Load): Promise<void> => {
    while (running) {
      const startedAt = performance.now();
      try {
        await client.call();
        latencies.push(performance.now() - startedAt);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      // Jitter, so that calls meet a restart at every moment of it.
      await sleep(Math.random() * 2 * pauseMs);
    }
  };
  const workers = clients.flatMap((client, i) =>
    Array.from({ length: workersPerClient }, () =>
      work(client, loads[i] ?? { name: "", latencies: [], failures: [] }),
    ),
  );
  return {
    async stop() {
      running = false;
      await Promise.all(workers);
      return loads;
    },
  };
}
