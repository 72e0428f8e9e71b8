/** One thing that was measured, and whether it is as promised. */
export interface Check {
  readonly what: string;
  readonly measured: string;
  /** What was promised, in the words of the measurement. */
  readonly bar: string;
  readonly passed: boolean;
}

/** What one of the fault programs found out. */
export interface Report {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** How much a fault program does. */
export interface RunOptions {
  /** Many more rounds, for a night. */
  readonly long: boolean;
}

/** A report as a text of lines in columns. */
export function textOf({ title, checks }: Report): string {
  const rows = checks.map(({ what, measured, bar, passed }) => [
    what,
    measured,
    bar,
    passed ? "pass" : "FAIL",
  ]);
  const lines = [["", "measured", "bar", ""], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${title}\n\n${text.join("\n")}\n`;
}

/** A quantile of numbers; NaN of none. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
