import { clientSelf, rpcSelf } from "./cases.js";
import type { Suite } from "./options.js";
import type { Measured } from "./rounds.js";
import { median, noise, ratiosPerRound } from "./statistics.js";
import type { Method } from "./workload/wire.js";

/** A ratio of CPU times, ours to a peer's; smaller is better. Ours have the full plan, peers are bare. */
export interface Goal {
  readonly suite: Suite;
  readonly method: Method;
  readonly ours: string;
  readonly peer: string;
  readonly must: number;
  readonly stretch: number;
  /** Whether `--gate` fails when `must` is missed. */
  readonly gate: boolean;
}

const get = { suite: "rpc", method: "GetRecord" } as const;
const list = { suite: "rpc", method: "ListRecords" } as const;
const client = { suite: "client", method: "GetRecord" } as const;

const goals: readonly Goal[] = [
  { ...get, ours: "trunkline gRPC", peer: "connect-node gRPC", must: 0.35, stretch: 0.22, gate: true },
  { ...get, ours: "trunkline gRPC", peer: "grpc-js gRPC", must: 1.35, stretch: 1.0, gate: true },
  { ...get, ours: "trunkline JSON h1", peer: "connect-node JSON h1", must: 0.4, stretch: 0.25, gate: true },
  { ...get, ours: "trunkline REST", peer: "Fastify REST", must: 1.3, stretch: 1.05, gate: true },
  { ...list, ours: "trunkline gRPC", peer: "connect-node gRPC", must: 0.6, stretch: 0.35, gate: false },
  { ...list, ours: "trunkline gRPC", peer: "grpc-js gRPC", must: 1.2, stretch: 0.75, gate: false },
  { ...list, ours: "trunkline REST", peer: "Fastify REST", must: 1.3, stretch: 1.05, gate: false },
  { ...client, ours: "trunkline client", peer: "connect-node client", must: 0.4, stretch: 0.25, gate: false },
  { ...client, ours: "trunkline client", peer: "grpc-js client", must: 0.75, stretch: 0.5, gate: false },
];

/** The results of one method in one suite: what was interleaved, and so may be compared. */
export interface Group {
  readonly suite: Suite;
  readonly method: Method;
  readonly measured: readonly Measured[];
}

/** A goal beside what was reached. */
export interface Verdict {
  readonly goal: Goal;
  /** Median of the ratios of the rounds; undefined if the two cases were not both run. */
  readonly reached: number | undefined;
  /** The same of the best samples. */
  readonly best: number | undefined;
  /** Noise of the group, see noise(); NaN without the A/A pair. */
  readonly noise: number;
  /** "missed" only beyond `must` by more than the noise. */
  readonly outcome: "stretch" | "must" | "within noise" | "missed" | "not measured";
}

/** The goals of the suites that were asked for, whether or not `--only` left their cases out. */
export function judge(suites: readonly Suite[], groups: readonly Group[]): Verdict[] {
  return goals
    .filter(({ suite }) => suites.includes(suite))
    .map((goal) => {
      const group = groups.find(({ suite, method }) => suite === goal.suite && method === goal.method);
      return verdict(goal, group?.measured ?? []);
    });
}

function verdict(goal: Goal, measured: readonly Measured[]): Verdict {
  const ours = cpuMicros(measured, goal.ours);
  const peer = cpuMicros(measured, goal.peer);
  const band = selfNoise(goal.suite, measured);
  if (ours.length === 0 || peer.length === 0) {
    return { goal, reached: undefined, best: undefined, noise: band, outcome: "not measured" };
  }
  const reached = median(ratiosPerRound(ours, peer));
  return {
    goal,
    reached,
    best: Math.min(...ours) / Math.min(...peer),
    noise: band,
    outcome: outcome(goal, reached, Number.isNaN(band) ? 0 : band),
  };
}

function outcome({ must, stretch }: Goal, reached: number, band: number): Verdict["outcome"] {
  if (reached <= stretch) return "stretch";
  if (reached <= must) return "must";
  return reached <= must * (1 + band) ? "within noise" : "missed";
}

/** Whether `--gate` lets a run pass. A gated goal that was not measured does not pass. */
export function passes(verdicts: readonly Verdict[]): boolean {
  return verdicts.every(
    ({ goal, outcome }) => !goal.gate || (outcome !== "missed" && outcome !== "not measured"),
  );
}

/** Noise of a group by its A/A pair; NaN if the pair was not run. */
export function selfNoise(suite: Suite, measured: readonly Measured[]): number {
  const [a, b] = suite === "rpc" ? rpcSelf : clientSelf;
  return noise(ratiosPerRound(cpuMicros(measured, a), cpuMicros(measured, b)));
}

/** CPU times of a case, one per round; none if it was not run. */
export function cpuMicros(measured: readonly Measured[], name: string | undefined): number[] {
  return measured.find((one) => one.name === name)?.samples.map((sample) => sample.cpuMicros) ?? [];
}
