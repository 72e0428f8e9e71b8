import { clientComparisons, rpcComparisons, type Comparison } from "./cases.js";
import { cpuMicros, selfNoise, type Group, type Verdict } from "./goals.js";
import type { Measured, Sample } from "./rounds.js";
import { median, ratiosPerRound, spread } from "./statistics.js";

type Row = readonly string[];

const titles = {
  rpc: "server CPU per request, 64 in flight",
  client: "client CPU per call, 16 in flight on one connection",
} as const;

/** The table of one group: a line a case. */
export function groupLines({ suite, method, measured }: Group): string[] {
  const comparisons = suite === "rpc" ? rpcComparisons : clientComparisons;
  const columns = suite === "rpc" ? [...cpuColumns, ...latencyColumns] : cpuColumns;
  const header = [
    "case",
    ...columns.map(({ heading }) => heading),
    ...comparisons.map(({ heading }) => heading),
  ];
  const rows = measured.map((one) => [
    one.name,
    ...columns.map(({ cell }) => cell(one.samples)),
    ...ratioCells(one, measured, comparisons),
  ]);
  const band = selfNoise(suite, measured);
  return [
    "",
    `${method}: ${titles[suite]}`,
    ...table([header, ...rows]),
    Number.isNaN(band)
      ? "noise: unknown, the A/A pair was not run"
      : `noise: half of the A/A rounds within ${percent(band)}`,
  ];
}

interface Column {
  readonly heading: string;
  readonly cell: (samples: readonly Sample[]) => string;
}

const cpuColumns: readonly Column[] = [
  { heading: "us median", cell: (samples) => median(samples.map(cpuOf)).toFixed(1) },
  { heading: "best", cell: (samples) => Math.min(...samples.map(cpuOf)).toFixed(1) },
  { heading: "spread", cell: (samples) => percent(spread(samples.map(cpuOf))) },
  { heading: "per s", cell: (samples) => median(samples.map(({ perSecond }) => perSecond)).toFixed(0) },
  { heading: "busy", cell: (samples) => percent(median(samples.map(({ busy }) => busy))) },
];

const latencyColumns: readonly Column[] = [
  { heading: "p50 us", cell: (samples) => median(samples.map(({ p50Micros }) => p50Micros)).toFixed(0) },
  { heading: "p99 us", cell: (samples) => median(samples.map(({ p99Micros }) => p99Micros)).toFixed(0) },
];

function cpuOf({ cpuMicros }: Sample): number {
  return cpuMicros;
}

function ratioCells(one: Measured, measured: readonly Measured[], comparisons: readonly Comparison[]): Row {
  return comparisons.map(({ baseline }) => {
    const peer = cpuMicros(measured, baseline(one.name));
    return peer.length === 0 ? "-" : median(ratiosPerRound(cpuMicros(measured, one.name), peer)).toFixed(2);
  });
}

/** The goals beside what was reached. */
export function verdictLines(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const header = ["goal: CPU ratio, median of rounds", "reached", "best", "must", "stretch", "noise", "", ""];
  const rows = verdicts.map(({ goal, reached, best, noise, outcome }) => [
    `${goal.method}: ${goal.ours} / ${goal.peer}`,
    reached?.toFixed(2) ?? "-",
    best?.toFixed(2) ?? "-",
    goal.must.toFixed(2),
    goal.stretch.toFixed(2),
    Number.isNaN(noise) ? "-" : percent(noise),
    outcome,
    goal.gate ? "gated" : "",
  ]);
  return ["", ...table([header, ...rows])];
}

/** Columns as wide as their widest cell, the first to the left, the others to the right. */
export function table(rows: readonly Row[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
