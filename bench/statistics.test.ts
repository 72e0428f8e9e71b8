import { describe, expect, test } from "@jest/globals";
import { median, noise, quantile, ratiosPerRound, spread } from "./statistics.js";

describe("quantile", () => {
  test.each([
    { values: [], q: 0.5, expected: NaN },
    { values: [7], q: 0.9, expected: 7 },
    { values: [3, 1, 2], q: 0.5, expected: 2 },
    { values: [4, 1, 3, 2], q: 0.5, expected: 2.5 },
    { values: [1, 2, 3, 4, 5], q: 0.25, expected: 2 },
    { values: [10, 2], q: 0, expected: 2 },
    { values: [10, 2], q: 1, expected: 10 },
  ])("$q of $values is $expected", ({ values, q, expected }) => {
    expect(quantile(values, q)).toBe(expected);
  });

  test("leaves its input as it is", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test("spread is the distance of the quartiles in medians", () => {
  expect(spread([8, 9, 10, 11, 12])).toBeCloseTo(0.2);
});

test("a ratio belongs to its round: a slow round cancels out", () => {
  expect(ratiosPerRound([10, 30], [20, 60])).toEqual([0.5, 0.5]);
});

test("a round that one side lacks gives no ratio", () => {
  expect(ratiosPerRound([10, 30], [20])).toEqual([0.5, NaN]);
});

test.each([
  { ratios: [1, 1, 1], expected: 0 },
  { ratios: [0.9, 1, 1.05], expected: 0.05 },
  { ratios: [0.7, 0.8, 1, 1.02, 1.04], expected: 0.2 },
])("noise of $ratios is $expected", ({ ratios, expected }) => {
  expect(noise(ratios)).toBeCloseTo(expected);
});

test("noise without an A/A pair is unknown", () => {
  expect(noise([])).toBeNaN();
});
