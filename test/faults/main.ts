// The fault suite: `npm run test:faults`, `npm run test:faults -- deadlines --long`. Prints what was measured beside what is
// promised; ends with 1 if a promise is broken.
import { parseArgs } from "node:util";
import type { Target } from "./attack.js";
import { allAttacks, runAttacks } from "./attacks.js";
import { run as deadlines } from "./deadlines.js";
import { freePorts, startReplica } from "./replica.js";
import { textOf, type Check, type Report, type RunOptions } from "./report.js";
import { run as rollingRestart } from "./rolling-restart.js";

const suites: Readonly<Record<string, (options: RunOptions) => Promise<Report>>> = {
  deadlines,
  "rolling-restart": rollingRestart,
  attacks,
};

/** All attacks, one after another, on one server with its whole plan. */
async function attacks(): Promise<Report> {
  const replica = await startReplica(await freePorts());
  const checks: Check[] = [];
  const health = {
    url: replica.internalUrl,
    pid: replica.pid,
    // Without a credential and without a rate limit, so that every request gets as far as it can.
    path: "/grpc.health.v1.Health/Check",
    body: "{}",
    headers: { "content-type": "application/json" },
    handlersStarted: () => callsOf(replica.internalUrl),
  };
  await warmUp(health);
  for await (const result of runAttacks(health, allAttacks)) {
    const { complaints, before, during } = result;
    const check = {
      what: result.attack,
      measured: `${result.sent} sent, ${result.handlers} handlers, ${result.cpuMs.toFixed()} ms CPU, RSS +${(result.rssGrowth / 1e6).toFixed()} MB, p99 ${before.p99Ms.toFixed(1)} -> ${during.p99Ms.toFixed(1)} ms`,
      bar: complaints.length === 0 ? "within" : complaints.join(", "),
      passed: complaints.length === 0,
    };
    checks.push(check);
    process.stderr.write(
      `  ${check.passed ? "pass" : `FAIL (${check.bar})`}  ${check.what}: ${check.measured}\n`,
    );
  }
  await replica.stop();
  return { title: "Attacks, one after another on the same server", checks };
}

/** Ordinary calls with bodies as long as those of attacks, so that an attack is not charged for the buffers of any traffic. */
async function warmUp({ url, path, headers }: Pick<Target, "url" | "path" | "headers">): Promise<void> {
  const body = JSON.stringify({ unknown: "x".repeat(200_000) });
  const lanes = Array.from({ length: 16 }, async () => {
    for (let i = 0; i < 100; i++) {
      await (await fetch(url + path, { method: "POST", headers, body })).arrayBuffer();
    }
  });
  await Promise.all(lanes);
}

/** Calls that a server has answered so far, by its metrics. */
async function callsOf(url: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const counts = page.split("\n").filter((line) => line.startsWith("rpc_server_call_duration_seconds_count"));
  return counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { long: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) {
    process.stderr.write(`there is no ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}\n`);
    return 2;
  }
  const checks: Check[] = [];
  for (const [name, suite] of Object.entries(suites)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    process.stderr.write(`${name} ...\n`);
    const report = await suite(values);
    process.stdout.write(`\n${textOf(report)}\n`);
    checks.push(...report.checks);
  }
  const failed = checks.filter(({ passed }) => !passed).length;
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

// Clients keep idle connections; nothing waits for them.
process.exit(await main());
