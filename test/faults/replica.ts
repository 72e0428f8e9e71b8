// The program as it is shipped, in processes of its own.
import { spawn, type ChildProcess } from "node:child_process";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The token that replicas accept. */
export const replicaToken = "tl_replica_token_for_tests_only_0123456789";

/** A running server. */
export interface Replica {
  readonly pid: number;
  readonly internalUrl: string;
  readonly publicUrl: string;
  readonly ports: ReplicaPorts;
  /** Asks it to end (SIGTERM). Resolves with the milliseconds that it took and its exit status. */
  stop(): Promise<{ readonly ms: number; readonly status: number | null }>;
}

/** Where a replica listens, also after a restart. */
export interface ReplicaPorts {
  readonly internal: number;
  readonly public: number;
}

const program = fileURLToPath(new URL("../../bin/serve.js", import.meta.url));
const startMaxMs = 15_000;

/** Two ports that nobody uses. */
export async function freePorts(): Promise<ReplicaPorts> {
  const servers = [net.createServer(), net.createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          // A server that listens on a port has an AddressInfo.
          server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port)),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [internal = 0, open = 0] = ports;
  return { internal, public: open };
}

/** Starts a replica. Resolves when it is ready; rejects if that takes longer than 15 s. */
export async function startReplica(
  ports: ReplicaPorts,
  settings: Readonly<Record<string, string>> = {},
): Promise<Replica> {
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      TRUNKLINE_INTERNAL_ADDR: `127.0.0.1:${ports.internal}`,
      TRUNKLINE_PUBLIC_ADDR: `127.0.0.1:${ports.public}`,
      TRUNKLINE_TOKEN: replicaToken,
      TRUNKLINE_LOG_LEVEL: "silent",
      ...settings,
    },
  });
  // What has been started ends with us, whatever happens.
  const killChild = (): void => void child.kill("SIGKILL");
  process.on("exit", killChild);
  child.on("exit", () => process.removeListener("exit", killChild));
  const internalUrl = `http://127.0.0.1:${ports.internal}`;
  await untilReady(child, internalUrl);
  return {
    pid: child.pid ?? 0,
    internalUrl,
    publicUrl: `http://127.0.0.1:${ports.public}`,
    ports,
    stop() {
      const startedAt = performance.now();
      return new Promise((resolve) => {
        child.once("exit", (status) => resolve({ ms: performance.now() - startedAt, status }));
        child.kill("SIGTERM");
      });
    },
  };
}

/** Whether a server says that it wants traffic. */
export async function isReady(internalUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${internalUrl}/readyz`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}

async function untilReady(child: ChildProcess, internalUrl: string): Promise<void> {
  const giveUpAt = performance.now() + startMaxMs;
  while (!(await isReady(internalUrl))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      child.kill("SIGKILL");
      throw new Error("the replica did not become ready");
    }
    await sleep(50);
  }
}
