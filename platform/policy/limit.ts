// Hot path: rate limits, in memory.
import type { Call } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { HeaderStep } from "../call/operation.js";
import type { MethodPlan } from "../contract/plan.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";

/** A rate: `units` every `periodMs` milliseconds, all of which may come at once. */
export interface RateLimit {
  readonly units: number;
  readonly periodMs: number;
}

/** The rates of one caller, by class. */
export type RateLimits = Readonly<
  Record<Exclude<RateClass, RateClass.UNSPECIFIED | RateClass.UNLIMITED>, RateLimit>
>;

/** Takes units of a key's limit: 0 if there were enough, else the milliseconds until there will be. */
export interface Limiter {
  take(key: string, cost: number, limit: RateLimit): number;
}

const keysMax = 100_000;

/**
 * A limiter in memory: the generic cell rate algorithm (ITU-T I.371), which needs one number a key: the time at which
 * the bucket will be full again. Holds at most 100,000 keys; the oldest are forgotten first, which can only be generous.
 */
export function memoryLimiter(now: () => number = () => performance.now()): Limiter {
  const fullAt = new Map<string, number>();
  return {
    take(key, cost, { units, periodMs }) {
      const time = now();
      const interval = periodMs / units;
      const full = Math.max(fullAt.get(key) ?? 0, time) + cost * interval;
      const waitMs = full - time - periodMs;
      if (waitMs > 0) return waitMs;
      if (fullAt.size >= keysMax && !fullAt.has(key)) forgetOldest(fullAt);
      fullAt.set(key, full);
      return 0;
    },
  };
}

/** The step that draws on the caller's limit; undefined for methods without one. */
export function limitStep(plan: MethodPlan, limiter: Limiter, limits: RateLimits): HeaderStep | undefined {
  const rateClass = plan.policy.rate?.class ?? RateClass.UNLIMITED;
  if (rateClass === RateClass.UNSPECIFIED || rateClass === RateClass.UNLIMITED) return undefined;
  const limit = limits[rateClass];
  const cost = plan.policy.rate?.cost || 1;
  return (call) => {
    const retryAfterMs = limiter.take(`${rateClass}:${callerOf(call)}`, cost, limit);
    if (retryAfterMs === 0) return;
    throw fail(
      Reason.RATE_LIMITED,
      `more than ${limit.units} requests per ${limit.periodMs / 1000} seconds reached; please wait and consider throttling your request speed`,
      { retryAfterMs },
    );
  };
}

function callerOf({ principal, peer }: Call): string {
  return principal.kind === "anonymous" ? peer.address : principal.id;
}

function forgetOldest(fullAt: Map<string, number>): void {
  for (const key of fullAt.keys()) {
    fullAt.delete(key);
    return;
  }
}
