import { describe, expect, test } from "@jest/globals";
import { memoryLimiter } from "./limit.js";

const limit = { units: 10, periodMs: 1000 };

function limiterAt(start: number) {
  const clock = { now: start };
  return { clock, limiter: memoryLimiter(() => clock.now) };
}

describe("the limiter in memory", () => {
  test("grants a whole period's units at once, and not one more", () => {
    const { limiter } = limiterAt(5000);
    const granted = Array.from({ length: 11 }, () => limiter.take("a", 1, limit));
    expect(granted.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(granted[10]).toBeCloseTo(100);
  });

  test("says exactly when the next unit will be there", () => {
    const { clock, limiter } = limiterAt(0);
    for (let i = 0; i < 10; i++) limiter.take("a", 1, limit);
    const waitMs = limiter.take("a", 1, limit);
    clock.now += waitMs - 0.001;
    expect(limiter.take("a", 1, limit)).toBeGreaterThan(0);
    clock.now += 0.001;
    expect(limiter.take("a", 1, limit)).toBe(0);
  });

  test("takes nothing when it refuses", () => {
    const { limiter } = limiterAt(0);
    for (let i = 0; i < 9; i++) limiter.take("a", 1, limit);
    expect(limiter.take("a", 2, limit)).toBeGreaterThan(0);
    expect(limiter.take("a", 1, limit)).toBe(0);
  });

  test("counts each key for itself", () => {
    const { limiter } = limiterAt(0);
    expect(limiter.take("a", 10, limit)).toBe(0);
    expect(limiter.take("b", 10, limit)).toBe(0);
  });

  test("never grants more than units * (periods + 1) in any span", () => {
    const { clock, limiter } = limiterAt(0);
    let granted = 0;
    for (let t = 0; t < 10_000; t += 7) {
      clock.now = t;
      if (limiter.take("a", 1, limit) === 0) granted++;
    }
    expect(granted).toBeLessThanOrEqual(110);
    expect(granted).toBeGreaterThanOrEqual(109);
  });
});
