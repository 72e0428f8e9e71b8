import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";

import { formatDuration, formatTimestamp, parseDurationText, parseTimestampText } from "./json-time.js";

describe("4.6 Timestamp", () => {
  test.each([
    "",
    "1704164645",
    "2024-01-02",
    "2024-01-02T03:04:05",
    "2024-01-02t03:04:05z",
    "2024-01-02 03:04:05Z",
    "2024-01-02T03:04Z",
    "2024-01-02T24:00:00Z",
    "2024-01-02T03:60:00Z",
    "2024-01-02T03:04:60Z",
    "2024-13-02T03:04:05Z",
    "2024-00-02T03:04:05Z",
    "2024-02-30T03:04:05Z",
    "2023-02-29T03:04:05Z",
    "1900-02-29T03:04:05Z",
    "2024-04-31T03:04:05Z",
    "2024-01-00T03:04:05Z",
    "2024-01-02T03:04:05.Z",
    "2024-01-02T03:04:05.1234567890Z",
    "2024-01-02T03:04:05,5Z",
    "2024-01-02T03:04:05ZZ",
    "2024-01-02T03:04:05Z ",
    " 2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05+25:00",
    "2024-01-02T03:04:05+01:60",
    "2024-01-02T03:04:05+0100",
    "2024-01-02T03:04:05+01",
    "2024-01-02T03:04:05 01:00",
    "+024-01-02T03:04:05Z",
    "12024-01-02T03:04:05Z",
    "2024-1-02T03:04:05Z",
  ])("%j is none", (text) => {
    expect(() => parseTimestampText(text)).toThrow(
      expect.objectContaining({ name: "Violation", reason: "INVALID_VALUE" }),
    );
  });

  test.each(["0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])(
    "%s is out of range",
    (text) => {
      expect(() => parseTimestampText(text)).toThrow(expect.objectContaining({ reason: "OUT_OF_RANGE" }));
    },
  );

  test.each([
    ["1970-01-01T00:00:00Z", 0n, 0],
    ["0001-01-01T00:00:00Z", -62135596800n, 0],
    ["9999-12-31T23:59:59.999999999Z", 253402300799n, 999999999],
    ["2024-01-02T03:04:05.123456789+02:00", 1704157445n, 123456789],
    ["2024-02-29T00:00:00-23:59", 1709251140n, 0],
    ["2000-02-29T00:00:00.1Z", 951782400n, 100000000],
    ["0000-12-31T23:59:59-00:01", -62135596741n, 0],
  ])("%s", (text, seconds, nanos) => {
    expect(parseTimestampText(text)).toStrictEqual(create(TimestampSchema, { seconds, nanos }));
  });

  test("every day is written and read as Date has it", () => {
    for (let day = -719162; day <= 2932896; day += 997) {
      const date = new Date(day * 86_400_000 + 86_399_000);
      const timestamp = create(TimestampSchema, { seconds: BigInt(date.getTime() / 1000) });
      const text = date.toISOString().replace(".000Z", "Z");
      expect(formatTimestamp(timestamp)).toBe(text);
      expect(parseTimestampText(text)).toStrictEqual(timestamp);
    }
  });

  test.each([
    [0, "1970-01-01T00:00:00Z"],
    [120_000_000, "1970-01-01T00:00:00.120Z"],
    [120_000, "1970-01-01T00:00:00.000120Z"],
    [1, "1970-01-01T00:00:00.000000001Z"],
  ])("9.1 %d nanoseconds are written with 0, 3, 6 or 9 digits", (nanos, text) => {
    expect(formatTimestamp(create(TimestampSchema, { nanos }))).toBe(text);
  });

  test.each([
    [253402300800n, 0],
    [-62135596801n, 0],
    [0n, -1],
    [0n, 1_000_000_000],
  ])("9.1 %d s and %d ns can't be written", (seconds, nanos) => {
    expect(() => formatTimestamp(create(TimestampSchema, { seconds, nanos }))).toThrow("out of the range");
  });
});

describe("4.6 Duration", () => {
  test.each([
    "",
    "s",
    "3",
    "1m",
    "1.5",
    ".5s",
    "1.s",
    "+1s",
    "1e3s",
    "1s ",
    "1sx",
    "--1s",
    "1.1234567890s",
    "1 s",
    "٣s",
  ])("%j is none", (text) => {
    expect(() => parseDurationText(text)).toThrow(expect.objectContaining({ reason: "INVALID_VALUE" }));
  });

  test.each(["315576000001s", "-315576000000.000000001s", `${"9".repeat(1000)}s`])(
    "%s is out of range",
    (text) => {
      expect(() => parseDurationText(text)).toThrow(expect.objectContaining({ reason: "OUT_OF_RANGE" }));
    },
  );

  test.each([
    ["0s", 0n, 0],
    ["-0.0s", 0n, 0],
    ["01.5s", 1n, 500000000],
    ["-0.5s", 0n, -500000000],
    ["-1.000000001s", -1n, -1],
    ["315576000000s", 315576000000n, 0],
  ])("%s", (text, seconds, nanos) => {
    expect(parseDurationText(text)).toStrictEqual(create(DurationSchema, { seconds, nanos }));
  });

  test.each([
    [0n, 0, "0s"],
    [1n, 500_000_000, "1.500s"],
    [0n, -1000, "-0.000001s"],
    [-2n, -1, "-2.000000001s"],
  ])("9.1 %d s and %d ns are written as %s", (seconds, nanos, text) => {
    expect(formatDuration(create(DurationSchema, { seconds, nanos }))).toBe(text);
  });

  test.each([
    [1n, -1],
    [-1n, 1],
    [315576000001n, 0],
    [0n, 1_000_000_000],
  ])("9.1 %d s and %d ns can't be written", (seconds, nanos) => {
    expect(() => formatDuration(create(DurationSchema, { seconds, nanos }))).toThrow("out of the range");
  });
});
