/** Allows a burst, then a rate. */
export interface TokenBucket {
  /** Takes one token; false when there is none. */
  take(): boolean;
}

/** A full bucket of `burst` tokens that fills again at `perSecond`. */
export function tokenBucket(burst: number, perSecond: number): TokenBucket {
  let tokens = burst;
  let filledAt = performance.now();
  return {
    take() {
      const now = performance.now();
      tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
