import { spawn, type ChildProcess } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Attack, Target } from "./attack.js";
import { decompressionBombs } from "./bombs.js";
import { crowds } from "./crowds.js";
import { floods } from "./floods.js";
import { madeYouReset } from "./made-you-reset.js";
import { startTraffic, type NormalTraffic, type Traffic } from "./normal-traffic.js";
import { usageOf, watchRss } from "./process-usage.js";

/** What one attack did to the server. */
export interface Result {
  readonly attack: string;
  readonly sent: number;
  readonly handlers: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly rssGrowth: number;
  readonly ended: boolean;
  readonly seconds: number;
  readonly before: Traffic;
  readonly during: Traffic;
  /** Why it failed its bar; empty when it passed. */
  readonly complaints: readonly string[];
}

// Normal callers may be slowed by a fifth of what the worst quiet spell of the same run was. Server, attacker and callers
// share a machine, where the scheduler alone moves a 99th percentile by some milliseconds: hence the slack.
const slowdownMax = 1.2;
const slackMs = 10;
// Normal calls under way when the counts are read.
const callsUnderWay = 4;
const quietMs = 2000;
// An attack is over in a moment; what it means to the callers is measured over this time.
const leastMs = 4000;

/** Every attack, in the order of the promises. */
export const allAttacks: readonly Attack[] = [...floods, ...madeYouReset, ...crowds, ...decompressionBombs];

/**
 * Attacks one server with one attack after another while normal callers go on, and measures what it costs. The server
 * stays the same throughout, so that what one attack leaves behind meets the next.
 */
export async function* runAttacks(target: Target, attacks: readonly Attack[]): AsyncGenerator<Result> {
  const traffic = await startTraffic(target);
  // From here on: the attacker is not to take the processor from the server and its callers where they share one.
  setPriority(19);
  try {
    let worstQuietMs = 0;
    for (const attack of attacks) {
      const result = await measure(target, traffic, attack);
      worstQuietMs = Math.max(worstQuietMs, result.before.p99Ms);
      const slow = result.during.p99Ms > worstQuietMs * slowdownMax + slackMs;
      yield slow ? { ...result, complaints: [...result.complaints, "normal callers slowed down"] } : result;
    }
  } finally {
    traffic.stop();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

async function measure(target: Target, traffic: NormalTraffic, attack: Attack): Promise<Result> {
  await traffic.lap();
  const quiet = await usageOf(target.pid);
  const quietAt = performance.now();
  await pause(quietMs);
  const before = await traffic.lap();
  const [begin, started] = [await usageOf(target.pid), await target.handlersStarted()];
  const beginAt = performance.now();
  const cpuShare = (begin.cpuMs - quiet.cpuMs) / (beginAt - quietAt);
  const rss = watchRss(target.pid);

  const outcome = await attack.run(target);
  const attackedMs = performance.now() - beginAt;
  await pause(leastMs - attackedMs);

  const during = await traffic.lap();
  const end = await usageOf(target.pid);
  const elapsedMs = performance.now() - beginAt;
  const rssGrowth = Math.max(0, rss.stop() - begin.rssBytes);
  // Handlers and processor time of the normal callers are not the attack's.
  const handlers = Math.max(0, (await target.handlersStarted()) - started - during.calls);
  const cpuMs = Math.max(0, end.cpuMs - begin.cpuMs - cpuShare * elapsedMs);

  const { handlersMax = Infinity, cpuMsMax = Infinity, rssGrowthMax = Infinity } = attack.bar;
  const complaints = [
    ...outcome.complaints,
    ...(outcome.ended ? [] : ["not ended"]),
    ...(handlers > handlersMax + callsUnderWay ? [`${handlers} handlers > ${handlersMax}`] : []),
    ...(cpuMs > cpuMsMax ? [`CPU ${cpuMs.toFixed()} ms > ${cpuMsMax}`] : []),
    ...(rssGrowth > rssGrowthMax ? [`RSS +${megabytes(rssGrowth)} > ${megabytes(rssGrowthMax)}`] : []),
    ...(during.failed > 0 ? [`${during.failed} normal calls failed`] : []),
  ];
  return {
    attack: `${attack.promise} ${attack.name}`,
    sent: outcome.sent,
    handlers,
    cpuMs,
    rssBytes: end.rssBytes,
    rssGrowth,
    ended: outcome.ended,
    seconds: attackedMs / 1000,
    before,
    during,
    complaints,
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed()} MB`;

const columns = [
  "attack",
  "sent",
  "handlers",
  "CPU ms",
  "peak RSS",
  "ended",
  "p99 ms before/during",
  "verdict",
];
const widths = [46, 8, 9, 7, 16, 12, 21, 0];
const row = (cells: readonly string[]): string =>
  cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" ");

function print(result: Result): void {
  const { before, during } = result;
  const cells = [
    result.attack,
    String(result.sent),
    String(result.handlers),
    result.cpuMs.toFixed(),
    `${megabytes(result.rssBytes)} +${(result.rssGrowth / 1e6).toFixed()}`,
    `${result.ended ? "yes" : "NO"} ${result.seconds.toFixed(1)} s`,
    `${before.p99Ms.toFixed(1)} / ${during.p99Ms.toFixed(1)}`,
    result.complaints.length === 0 ? "pass" : `FAIL: ${result.complaints.join(", ")}`,
  ];
  process.stdout.write(`${row(cells)}\n`);
}

/** Starts a server of nothing but the listener. */
async function echoServer(): Promise<{ child: ChildProcess; url: string }> {
  const program = fileURLToPath(new URL("./echo-target.js", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
    child.once("exit", () => reject(new Error("the server did not start")));
  });
  return { child, url };
}

/** Sums a counter of a Prometheus page over its labels, or reads a page that is nothing but a number. */
async function readCounter(url: string, metric: string): Promise<number> {
  const text = await (await fetch(url)).text();
  if (/^\d+$/.test(text)) return Number(text);
  let sum = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      sum += Number(line.slice(line.lastIndexOf(" ")));
  }
  return sum;
}

const usage = `Attacks a server over loopback and prints what it cost: node attacks.js [options]
Without --url it attacks a server of its own that has only the listener (S7 is left out there: it inflates nothing).
  --url URL --pid PID     the server, on this machine
  --path PATH --body TEXT --header "name: value"   the unary call of normal callers (JSON by default)
  --started URL           a page with the number of handlers started, or Prometheus metrics
  --metric NAME           the counter to sum on such a page
  --only TEXT --skip TEXT attacks whose name contains it
  --json`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      pid: { type: "string" },
      path: { type: "string", default: "/controlplane.zones.v1.ZoneService/GetZone" },
      body: { type: "string", default: "{}" },
      header: { type: "string", multiple: true, default: ["content-type: application/json"] },
      started: { type: "string" },
      metric: { type: "string", default: "rpc_server_call_duration_seconds_count" },
      only: { type: "string", default: "" },
      skip: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || (values.url === undefined) !== (values.pid === undefined)) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 2;
  }
  const own = values.url === undefined ? await echoServer() : undefined;
  const url = values.url ?? own?.url ?? "";
  const skip = values.skip ?? (own === undefined ? undefined : "S7");
  // The server's own page can only be the echo server's; others are named.
  const started = values.started ?? `${url}/started`;
  const target: Target = {
    url,
    pid: Number(values.pid ?? own?.child.pid),
    path: values.path,
    body: values.body,
    headers: Object.fromEntries(values.header.map((line) => splitHeader(line))),
    handlersStarted: () => readCounter(started, values.metric),
  };
  const attacks = allAttacks.filter(({ promise, name }) => {
    const full = `${promise} ${name}`;
    return full.includes(values.only) && (skip === undefined || !full.includes(skip));
  });
  let failed = 0;
  if (!values.json) process.stdout.write(`${row(columns)}\n`);
  try {
    for await (const result of runAttacks(target, attacks)) {
      if (result.complaints.length > 0) failed++;
      if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else print(result);
    }
  } finally {
    own?.child.kill();
  }
  if (!values.json)
    process.stdout.write(`${attacks.length - failed} of ${attacks.length} within their bars\n`);
  return failed === 0 ? 0 : 1;
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
