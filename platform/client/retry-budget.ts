/**
 * What retries against one target may cost: every first attempt earns a tenth of a retry, every retry spends one. A target
 * that fails altogether thus sees at most 1.1 times the calls, plus the reserve once.
 */
export interface RetryBudget {
  /** Counts a first attempt. */
  earn(): void;
  /** Takes one retry; false if the budget doesn't have it. */
  spend(): boolean;
}

/** How a budget is filled. */
export interface RetryBudgetOptions {
  /** Retries earned by one first attempt: default 0.1. */
  readonly ratio?: number;
  /** Retries in the bucket at the start and at most, so that a client with few calls can retry at all: default 10. */
  readonly reserve?: number;
}

/** A token bucket of retries. */
export function retryBudget({ ratio = 0.1, reserve = 10 }: RetryBudgetOptions = {}): RetryBudget {
  // In thousandths: ten times 0.1 is not 1 in floating point.
  const full = Math.round(reserve * 1000);
  const earned = Math.round(ratio * 1000);
  let tokens = full;
  return {
    earn() {
      if (tokens < full) tokens = Math.min(full, tokens + earned);
    },
    spend() {
      if (tokens < 1000) return false;
      tokens -= 1000;
      return true;
    },
  };
}
