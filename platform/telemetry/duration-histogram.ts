// Hot path: prom-client's own Histogram hashes its labels at each observation; this one is found once and then counts.
import type { Registry } from "prom-client";

/** Counts durations in seconds under one set of labels. */
export type Observe = (seconds: number) => void;

/** A histogram for prom-client's registry, whose children are made once and kept by their users. */
export interface DurationHistogram<L extends string> {
  child(labels: Readonly<Record<L, string>>): Observe;
}

interface Child {
  readonly labels: Readonly<Record<string, string>>;
  /** Observations in each bucket, not yet cumulative; the last one is beyond all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

/** Registers a histogram with these upper bounds, in seconds and ascending. */
export function durationHistogram<L extends string>(
  registry: Registry,
  {
    name,
    help,
    bounds,
  }: { readonly name: string; readonly help: string; readonly bounds: readonly number[] },
): DurationHistogram<L> {
  const children: Child[] = [];
  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    get: () =>
      Promise.resolve({
        name,
        help,
        type: "histogram",
        aggregator: "sum",
        values: children.flatMap(valuesOf),
      }),
    reset: () => children.splice(0),
  };
  // A registry asks its metrics for `get` and `reset` only; the class that the type names has more.
  registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);

  function valuesOf({ labels, counts, sum }: Child): object[] {
    let total = 0;
    const buckets = [...bounds, "+Inf"].map((le, i) => {
      total += counts[i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }

  return {
    child(labels) {
      const child: Child = { labels, counts: new Float64Array(bounds.length + 1), sum: 0 };
      children.push(child);
      return (seconds) => {
        let i = 0;
        while (i < bounds.length && seconds > bounds[i]!) i++;
        child.counts[i]! += 1;
        child.sum += seconds;
      };
    },
  };
}
