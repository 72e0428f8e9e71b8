import { describe, expect, test } from "@jest/globals";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import { retryBudget } from "./retry-budget.js";
import { pushbackHeader } from "./retry-verdict.js";
import { retrying, type RetryOptions } from "./retry.js";
import { unprocessed } from "./unprocessed.js";

const unavailable = () => new ConnectError("down", Code.Unavailable);

function exhausted(retryAfterMs?: number): ConnectError {
  const failure = new ConnectError("slow down", Code.ResourceExhausted);
  if (retryAfterMs !== undefined) {
    failure.details.push({ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(retryAfterMs) } });
  }
  return failure;
}

function pushedBack(value: string, failure = unavailable()): ConnectError {
  failure.metadata.set(pushbackHeader, value);
  return failure;
}

/** Runs a call whose attempts fail in turn, and tells how it went. Time stands still; pauses are noted. */
async function run(
  failures: ConnectError[],
  call: { safe?: boolean; timeoutMs?: number } = {},
  options: RetryOptions = {},
) {
  const pauses: number[] = [];
  let attempts = 0;
  const retry = retrying({
    random: () => 0.5,
    wait: async (ms) => {
      pauses.push(ms);
    },
    ...options,
  });
  const outcome = await retry(
    {
      safe: call.safe ?? true,
      timeoutMs: call.timeoutMs ?? Infinity,
      signal: undefined,
      attempt: async () => {
        const failure = failures[attempts++];
        if (failure !== undefined) throw failure;
        return "answer";
      },
    },
    retryBudget(),
  ).catch((error: unknown) => error);
  return { outcome, attempts, pauses };
}

describe("what is tried again", () => {
  test.each<[string, ConnectError, boolean, number]>([
    ["UNAVAILABLE of a safe method", unavailable(), true, 2],
    ["UNAVAILABLE of an unsafe method", unavailable(), false, 1],
    ["an unsafe method that was refused unseen", unprocessed("refused", "refused"), false, 2],
    ["an unsafe method that found no connection", unprocessed("unreachable", "refused"), false, 2],
    ["RESOURCE_EXHAUSTED", exhausted(), true, 1],
    ["RESOURCE_EXHAUSTED with RetryInfo", exhausted(10), true, 2],
    ["RESOURCE_EXHAUSTED with RetryInfo of an unsafe method", exhausted(10), false, 1],
    ["RESOURCE_EXHAUSTED with a pushback alone", pushedBack("10", exhausted()), true, 1],
    ["UNAVAILABLE with a pushback", pushedBack("10"), true, 2],
    ["UNAVAILABLE with a pushback of -1", pushedBack("-1"), true, 1],
    ["UNAVAILABLE with a malformed pushback", pushedBack("soon"), true, 1],
    ["UNAVAILABLE with a fractional pushback", pushedBack("1.5"), true, 1],
    ["UNAVAILABLE with a huge pushback", pushedBack("9999999999"), true, 1],
    ...(
      [
        Code.Canceled,
        Code.Unknown,
        Code.InvalidArgument,
        Code.DeadlineExceeded,
        Code.NotFound,
        Code.PermissionDenied,
        Code.FailedPrecondition,
        Code.Aborted,
        Code.Unimplemented,
        Code.Internal,
        Code.DataLoss,
        Code.Unauthenticated,
      ] as const
    ).map((code): [string, ConnectError, boolean, number] => [
      Code[code],
      new ConnectError("no", code),
      true,
      1,
    ]),
  ])("%s", async (_what, failure, safe, attempts) => {
    expect((await run([failure], { safe })).attempts).toBe(attempts);
  });
});

describe("when", () => {
  test("pauses are random up to a doubling bound, the first one too, and capped", async () => {
    const { pauses } = await run(
      [unavailable(), unavailable(), unavailable(), unavailable(), unavailable(), unavailable()],
      {},
      { attempts: 7 },
    );
    expect(pauses).toEqual([25, 50, 100, 200, 400, 500]);
  });

  test("a random number near 1 stays within the bound, 0 is no pause", async () => {
    expect((await run([unavailable()], {}, { random: () => 0 })).pauses).toEqual([0]);
    expect((await run([unavailable()], {}, { random: () => 0.999 })).pauses[0]).toBeLessThan(50);
  });

  test.each<[string, ConnectError, number]>([
    ["RetryInfo", exhausted(300), 325],
    ["a pushback", pushedBack("200"), 225],
    ["a pushback, which wins over RetryInfo", pushedBack("200", exhausted(300)), 225],
    ["a negative RetryInfo, which counts as none", exhausted(-5), 25],
  ])("not before %s says", async (_what, failure, pauseMs) => {
    expect((await run([failure])).pauses).toEqual([pauseMs]);
  });

  test("not when the pause would outlast the deadline", async () => {
    const { outcome, attempts } = await run([exhausted(5000)], { timeoutMs: 1000 });
    expect(attempts).toBe(1);
    expect(outcome).toMatchObject({ code: Code.ResourceExhausted });
  });

  test("not once the signal has aborted; a pause ends with it", async () => {
    const abort = new AbortController();
    let attempts = 0;
    const call = retrying({ baseMs: 60_000, capMs: 60_000, random: () => 0.9 })(
      {
        safe: true,
        timeoutMs: Infinity,
        signal: abort.signal,
        attempt: async () => {
          attempts++;
          throw unavailable();
        },
      },
      retryBudget(),
    );
    setTimeout(() => abort.abort(), 10);
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    expect(attempts).toBe(1);
  });
});

describe("giving up", () => {
  test("after three attempts, with the last failure", async () => {
    const last = new ConnectError("last", Code.Unavailable);
    const { outcome, attempts } = await run([unavailable(), unavailable(), last]);
    expect([attempts, outcome]).toEqual([3, last]);
  });

  test("tells callers further up not to retry once more", async () => {
    const { outcome } = await run([unavailable(), unavailable(), unavailable()]);
    expect(ConnectError.from(outcome).metadata.get(pushbackHeader)).toBe("-1");
  });

  test("says nothing about failures that were not to be retried here", async () => {
    const { outcome } = await run([unavailable()], { safe: false });
    expect(ConnectError.from(outcome).metadata.has(pushbackHeader)).toBe(false);
  });

  test("one attempt means no retry, and leaves it to callers further up", async () => {
    const { outcome, attempts } = await run([unavailable()], {}, { attempts: 1 });
    expect(attempts).toBe(1);
    expect(ConnectError.from(outcome).metadata.has(pushbackHeader)).toBe(false);
  });
});

describe("the budget", () => {
  test("begins with its reserve, and then has a tenth of a retry for each call", () => {
    const budget = retryBudget({ ratio: 0.1, reserve: 2 });
    expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
    for (let i = 0; i < 9; i++) budget.earn();
    expect(budget.spend()).toBe(false);
    budget.earn();
    expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  });

  test("doesn't grow beyond its reserve", () => {
    const budget = retryBudget({ reserve: 1 });
    for (let i = 0; i < 1000; i++) budget.earn();
    expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  });

  test("a target that fails altogether sees 1.1 times the calls, and the reserve", async () => {
    const calls = 5000;
    const reserve = 10;
    const budget = retryBudget({ reserve });
    const retry = retrying({ wait: async () => undefined });
    let load = 0;
    const attempt = async () => {
      load++;
      throw unavailable();
    };
    for (let i = 0; i < calls; i++) {
      await retry({ safe: true, timeoutMs: Infinity, signal: undefined, attempt }, budget).catch(
        () => undefined,
      );
    }
    expect(load).toBeGreaterThan(calls);
    expect(load).toBeLessThanOrEqual(calls * 1.1 + reserve);
  });

  test("three tiers that all retry multiply no load: only the tier above the failure retries", async () => {
    const calls = 2000;
    let load = 0;
    const tier = (below: () => Promise<never>) => {
      const budget = retryBudget();
      const retry = retrying({ wait: async () => undefined });
      return () => retry({ safe: true, timeoutMs: Infinity, signal: undefined, attempt: below }, budget);
    };
    const bottom = async () => {
      load++;
      throw unavailable();
    };
    const top = tier(tier(tier(bottom)));
    for (let i = 0; i < calls; i++) await top().catch(() => undefined);
    expect(load).toBeLessThanOrEqual(calls * 1.1 + 10);
  });

  test("with one call in a hundred failing, all but one in ten thousand succeed", async () => {
    const budget = retryBudget();
    const retry = retrying({ wait: async () => undefined });
    let n = 0;
    let failed = 0;
    // Every hundredth attempt fails: the worst even spread.
    const attempt = async () => {
      if (++n % 100 === 0) throw unavailable();
    };
    for (let i = 0; i < 20_000; i++) {
      await retry({ safe: true, timeoutMs: Infinity, signal: undefined, attempt }, budget).catch(
        () => failed++,
      );
    }
    expect(failed / 20_000).toBeLessThanOrEqual(0.0001);
  });
});
