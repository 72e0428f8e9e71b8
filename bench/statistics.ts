/** The value below which `q` (0 to 1) of the values lie, interpolated; NaN of no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Distance of the quartiles as a part of the median: how far the middle half of the samples lies apart. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

/**
 * One ratio per round, so that what slows the machine for a while slows both sides of a ratio. The slices have to be of the
 * same rounds.
 */
export function ratiosPerRound(numerators: readonly number[], denominators: readonly number[]): number[] {
  return numerators.map((numerator, round) => numerator / (denominators[round] ?? NaN));
}

/**
 * The noise of a run, from the ratios of a server to itself: the larger distance of a quartile from 1. Half of the rounds
 * lay within it though nothing differed.
 */
export function noise(selfRatios: readonly number[]): number {
  return Math.max(Math.abs(quantile(selfRatios, 0.25) - 1), Math.abs(quantile(selfRatios, 0.75) - 1));
}
