// Runs in a process of its own, so that the attacker's work is not measured as the server's delay.
import { fork } from "node:child_process";
import http from "node:http";
import http2 from "node:http2";
import { fileURLToPath } from "node:url";
import type { Target } from "./attack.js";

/** How normal callers fared. */
export interface Traffic {
  readonly calls: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Normal callers: 100 calls a second over HTTP/2 and as many over HTTP/1.1, on connections opened before any attack. */
export interface NormalTraffic {
  /** Ends the measurement under way and begins the next. */
  lap(): Promise<Traffic>;
  stop(): void;
}

type Call = Pick<Target, "url" | "path" | "body" | "headers">;

/** Starts the callers. Resolves when the first calls have been answered. */
export async function startTraffic({ url, path, body, headers }: Target): Promise<NormalTraffic> {
  const call: Call = { url, path, body, headers };
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(call)]);
  const lap = (): Promise<Traffic> =>
    new Promise((resolve, reject) => {
      const died = (): void => reject(new Error("the normal callers have died"));
      child.once("exit", died);
      child.once("message", (traffic: Traffic) => {
        child.removeListener("exit", died);
        resolve(traffic);
      });
      child.send("lap");
    });
  await lap();
  return { lap, stop: () => void child.kill() };
}

const intervalMs = 10;

function callForever({ url, path, body, headers }: Call): void {
  let latencies: number[] = [];
  let failed = 0;
  const measured = async (call: () => Promise<boolean>): Promise<void> => {
    const startedAt = performance.now();
    const ok = await call().catch(() => false);
    if (ok) latencies.push(performance.now() - startedAt);
    else failed++;
  };
  const agent = new http.Agent({ keepAlive: true });
  const overH1 = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const request = http.request(url + path, { method: "POST", headers, agent }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode === 200));
      });
      request.on("error", reject);
      request.end(body);
    });
  const session = http2.connect(url);
  session.on("error", () => {});
  const overH2 = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      let status: number | undefined;
      stream.on("response", (head) => (status = head[":status"]));
      stream.on("error", reject);
      stream.on("close", () => resolve(status === 200));
      stream.resume();
      stream.end(body);
    });
  setInterval(() => void measured(overH1), intervalMs);
  setInterval(() => void measured(overH2), intervalMs);
  process.on("disconnect", () => process.exit());
  process.on("message", () => {
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (quantile: number): number => sorted[Math.floor(sorted.length * quantile)] ?? 0;
    const traffic: Traffic = { calls: sorted.length + failed, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
    latencies = [];
    failed = 0;
    process.send?.(traffic);
  });
}

const [, , call] = process.argv;
if (process.argv[1] === fileURLToPath(import.meta.url) && call !== undefined) {
  // The parent process made the argument.
  callForever(JSON.parse(call) as Call);
}
