import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type as system } from "node:os";
import type { Options } from "./options.js";
import type { Placements } from "./placement.js";

/** What a result depends on, and so has to be told with it. */
export interface Environment {
  readonly date: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Load average of the last minute at the start: above 0.5, others were using the machine. */
  readonly loadAverage: number;
  readonly node: string;
  readonly v8: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly pinned: boolean;
  readonly samples: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

const packageNames = [
  "@bufbuild/protobuf",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@grpc/grpc-js",
  "protobufjs",
  "fastify",
] as const;

export function environment(options: Options, placements: Placements): Environment {
  const all = cpus();
  return {
    date: new Date().toISOString(),
    cpu: all[0]?.model.trim() ?? "unknown",
    cpuCount: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${system()} ${release()}`,
    loadAverage: loadavg()[0] ?? NaN,
    node: process.version,
    v8: process.versions.v8,
    packages: Object.fromEntries(packageNames.map((name) => [name, version(name)])),
    pinned: placements.measured !== undefined,
    samples: options.samples,
    seconds: options.seconds,
    warmUpSeconds: options.warmUpSeconds,
  };
}

function version(packageName: string): string {
  // Two levels above dist/bench is the root of the repository.
  const file = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}

/** The header of the report. */
export function environmentLines(env: Environment): string[] {
  const packages = Object.entries(env.packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${env.cpu}, ${env.cpuCount} CPUs, ${env.memoryGiB} GiB, ${env.system}, node ${env.node} (V8 ${env.v8}), ${env.date}`,
    packages.join(", "),
    `n = ${env.samples} interleaved samples of about ${env.seconds} s a case, ${env.warmUpSeconds} s warm-up; ` +
      (env.pinned ? "measured process on CPU 0, its peer on CPU 1" : "NOT pinned to CPUs: expect more noise"),
    ...(env.loadAverage > 0.5 ? [`NOTE: load average ${env.loadAverage.toFixed(2)} at the start`] : []),
  ];
}
