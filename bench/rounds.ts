/** One sample of one case. */
export interface Sample {
  /** User and system time per request, in microseconds, of the process under measurement. */
  readonly cpuMicros: number;
  readonly perSecond: number;
  /** CPU time as a part of elapsed time. Far below 1 the load, not the process, was the limit. */
  readonly busy: number;
  /** Latency in the closed loop, in microseconds; NaN where it is not measured. */
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** A case and how to take one sample of it. */
export interface Contestant {
  readonly name: string;
  readonly sample: () => Promise<Sample>;
}

/** A case and its samples, one per round. */
export interface Measured {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/**
 * Takes one sample of every contestant a round, each other round in reverse order: what drifts over minutes (heat,
 * neighbours on the machine) meets all of them alike.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  onRound: (round: number) => void,
): Promise<Measured[]> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    onRound(round);
    const order = round % 2 === 1 ? contestants : contestants.toReversed();
    for (const { name, sample } of order) samples.get(name)?.push(await sample());
  }
  return [...samples].map(([name, taken]) => ({ name, samples: taken }));
}
