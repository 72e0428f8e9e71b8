// Hot path up to the first failure: runs for every unary call of a service client.
import { ConnectError } from "@connectrpc/connect";
import { setTimeout as sleep } from "node:timers/promises";
import { canceled, deadlineExceeded } from "./exchange.js";
import type { RetryBudget } from "./retry-budget.js";
import { pushbackHeader, verdict } from "./retry-verdict.js";

/** How often and when a call is tried again. */
export interface RetryOptions {
  /** Attempts altogether: default 3. 1 means no retries. */
  readonly attempts?: number;
  /** The pause before retry n is random between 0 and `baseMs * 2^(n-1)`: default 50. */
  readonly baseMs?: number;
  /** Longest random pause in milliseconds: default 1000. */
  readonly capMs?: number;
  /** Numbers in [0, 1): default Math.random. */
  readonly random?: () => number;
  /** Waits; rejects when the signal aborts. Default: node's timers. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** One call that may take several attempts. */
export interface Attempts<T> {
  /** Whether the contract allows to repeat the method. */
  readonly safe: boolean;
  /** Milliseconds for all attempts and pauses together; Infinity: no bound. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Makes one attempt within `timeoutMs`. `number` starts at 1. */
  attempt(timeoutMs: number, number: number): Promise<T>;
}

/** Runs a call until it succeeds or may not be tried again. */
export type Retrying = <T>(call: Attempts<T>, budget: RetryBudget) => Promise<T>;

/**
 * The one place that decides about retries: attempts, pause, what the server says, deadline and budget.
 *
 * Rejects with the last failure. If that one could have been retried but attempts, time or budget were used up, it carries
 * `grpc-retry-pushback-ms: -1`: a caller further up to whom it is passed on doesn't retry once more, so that retries don't
 * multiply from tier to tier.
 */
export function retrying(options: RetryOptions = {}): Retrying {
  const { attempts = 3, baseMs = 50, capMs = 1000, random = Math.random, wait = pause } = options;

  return async (call, budget) => {
    budget.earn();
    const endAt = call.timeoutMs === Infinity ? Infinity : performance.now() + call.timeoutMs;
    let leftMs = call.timeoutMs;
    for (let number = 1; ; number++) {
      try {
        return await call.attempt(leftMs, number);
      } catch (error) {
        const failure = ConnectError.from(error);
        const decision = verdict(failure, call.safe);
        if (!decision.retry || attempts <= 1 || call.signal?.aborted === true) throw failure;
        // Full jitter, the first retry included: clients that failed together don't come back together.
        const pauseMs = decision.pushbackMs + random() * Math.min(capMs, baseMs * 2 ** (number - 1));
        if (number >= attempts || performance.now() + pauseMs >= endAt || !budget.spend()) {
          failure.metadata.set(pushbackHeader, "-1");
          throw failure;
        }
        await wait(pauseMs, call.signal).catch((aborted: unknown) => {
          throw call.signal === undefined ? aborted : canceled(call.signal);
        });
        leftMs = endAt - performance.now();
        if (leftMs <= 0) throw deadlineExceeded();
      }
    }
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? undefined : { signal });
}
