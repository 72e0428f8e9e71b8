// Replicas behind a balancer are restarted in turn while clients of five kinds go on calling.
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { createServiceClient } from "../../platform/client/client.js";
import { createHttpTransport } from "../../platform/client/http2-transport.js";
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
  /** Calls that were sent again because they had not been looked at; 0 where the client does not say. */
  sentAgain?(): number;
  call(): Promise<unknown>;
  close(): void;
}

interface Load {
  readonly latencies: number[];
  readonly failures: string[];
  readonly client: LoadClient;
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

function checkOf({ client, latencies, failures }: Load): Check {
  const calls = latencies.length + failures.length;
  const shown = failures.length === 0 ? "" : `: ${[...new Set(failures)].slice(0, 3).join("; ")}`;
  const again = client.sentAgain?.() ?? 0;
  return {
    what: client.name,
    measured: `${failures.length} of ${calls} failed${shown}; ${again === 0 ? "" : `${again} sent again; `}p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
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

/**
 * None of them retries a call that may have had an effect. What no server has looked at is sent again (RFC 9113, section
 * 8.7): grpc-js and our client do so by themselves; connect-node needs to be told, because Node's HTTP/2 client gives up
 * requests that it has queued, but not sent, when a GOAWAY arrives.
 */
function loadClients(internalUrl: string, publicUrl: string): LoadClient[] {
  const authorization = `Bearer ${replicaToken}`;
  const grpc = grpcClient(ZoneService, internalUrl);
  const timeoutMs = 5000;
  const connect = (httpVersion: "1.1" | "2"): LoadClient => {
    let again = 0;
    const repeat: Interceptor = (next) => async (request) => {
      try {
        return await next(request);
      } catch (error) {
        if (!ConnectError.from(error).rawMessage.includes("NGHTTP2_REFUSED_STREAM")) throw error;
        again++;
        return next(request);
      }
    };
    const transport = createConnectTransport({ baseUrl: publicUrl, httpVersion, interceptors: [repeat] });
    const zones = createClient(ZoneService, transport);
    return {
      name: `connect-node, HTTP/${httpVersion}`,
      sentAgain: () => again,
      call: () => zones.listZones({}, { headers: { authorization }, timeoutMs }),
      close: () => undefined,
    };
  };
  const transport = createHttpTransport({ baseUrl: internalUrl });
  // No retry but that of calls that nobody has looked at.
  const own = createServiceClient(ZoneService, transport, {
    credentials: () => ({ authorization }),
    retry: { attempts: 1 },
  });
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
    {
      name: "our client, gRPC",
      call: () => own.listZones({}, { timeoutMs }),
      close: () => transport.close(),
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
  const state = { running: true };
  const loads = clients.map((client): Load => ({ client, latencies: [], failures: [] }));
  const work = async ({ client, latencies, failures }: Load): Promise<void> => {
    while (state.running) {
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
  const workers = loads.flatMap((load) => Array.from({ length: workersPerClient }, () => work(load)));
  return {
    async stop() {
      state.running = false;
      await Promise.all(workers);
      return loads;
    },
  };
}
