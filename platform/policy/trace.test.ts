import { describe, expect, test } from "@jest/globals";
import { traceOf, traceparentOf } from "./trace.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

describe("traceparent", () => {
  test("of the caller is continued, with a span of our own", () => {
    const trace = traceOf(`00-${traceId}-${parentId}-01`, "vendor=x");
    expect(trace).toMatchObject({ traceId, parentId, sampled: true, state: "vendor=x" });
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(traceparentOf(trace)).toBe(`00-${traceId}-${trace.spanId}-01`);
  });

  test("of a later version may have more fields", () => {
    expect(traceOf(`01-${traceId}-${parentId}-00-more`, undefined)).toMatchObject({
      traceId,
      sampled: false,
    });
  });

  test.each([
    ["none", undefined],
    ["empty", ""],
    ["upper case", `00-${traceId.toUpperCase()}-${parentId}-01`],
    ["zero trace id", `00-${"0".repeat(32)}-${parentId}-01`],
    ["zero span id", `00-${traceId}-${"0".repeat(16)}-01`],
    ["version ff", `ff-${traceId}-${parentId}-01`],
    ["version 00 with more fields", `00-${traceId}-${parentId}-01-more`],
    ["short", `00-${traceId.slice(1)}-${parentId}-01`],
    ["two joined", `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
  ])("that is %s begins a new trace", (_name, header) => {
    const trace = traceOf(header, "vendor=x");
    expect(trace.traceId).not.toBe(traceId);
    expect(trace).toMatchObject({ parentId: "", state: "" });
  });
});
