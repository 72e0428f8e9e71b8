// Hot path: W3C Trace Context, https://www.w3.org/TR/trace-context/, and request ids.
import { randomFillSync } from "node:crypto";
import type { Call } from "../call/call.js";
import type { Trace } from "../call/trace.js";

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const requestId = /^[A-Za-z0-9._~-]{1,64}$/;
const zeroTrace = "0".repeat(32);
const zeroSpan = "0".repeat(16);

/**
 * Takes part in the caller's trace, or begins one, and names the call. A request id of the caller is kept if it is 1 to
 * 64 unreserved characters; otherwise the call is named after its trace.
 */
export function traceStep(call: Call): void {
  call.trace = traceOf(call.header("traceparent"), call.header("tracestate"));
  const given = call.header("x-request-id");
  call.requestId = given !== undefined && requestId.test(given) ? given : call.trace.traceId;
}

/** Where a call stands, from the caller's `traceparent` and `tracestate`; what is malformed is left out, as the recommendation says. */
export function traceOf(parent: string | undefined, state: string | undefined): Trace {
  const match = parent === undefined ? null : traceparent.exec(parent);
  const [, version, traceId = "", parentId = "", flags = "", rest] = match ?? [];
  const valid =
    match !== null &&
    version !== "ff" &&
    traceId !== zeroTrace &&
    parentId !== zeroSpan &&
    (version !== "00" || rest === undefined);
  if (!valid) return { traceId: randomHex(16), spanId: randomHex(8), parentId: "", sampled: true, state: "" };
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, spanId: randomHex(8), parentId, sampled, state: state ?? "" };
}

/** The `traceparent` of a call that this call makes. */
export function traceparentOf(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}

// Random bytes are drawn in blocks: a draw for each call costs more than the rest of the step.
const block = Buffer.allocUnsafe(4096);
let used = block.length;

function randomHex(bytes: number): string {
  if (used + bytes > block.length) {
    randomFillSync(block);
    used = 0;
  }
  const start = used;
  used += bytes;
  return block.toString("hex", start, used);
}
