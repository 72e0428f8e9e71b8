// Hot path: runs for every call between services.
import type { Call } from "../call/call.js";
import { deadlineExceeded } from "./exchange.js";

// What a hop keeps of its caller's time, so that we report the timeout and not our caller's caller.
const shaveMaxMs = 20;
const shaveShare = 0.05;
const shaveMinMs = 1;

/**
 * Milliseconds for a call that is made on behalf of another: what that one has left, less 5 % or 20 ms, whichever is
 * smaller, but at least 1 ms. Infinity if it has no deadline.
 *
 * Throws DEADLINE_EXCEEDED if nothing would be left: an answer could no longer be used.
 */
export function inheritedMs(call: Call, now: number = performance.now()): number {
  if (call.deadlineAt === Infinity) return Infinity;
  const leftMs = call.deadlineAt - now;
  const shaveMs = Math.max(shaveMinMs, Math.min(shaveMaxMs, leftMs * shaveShare));
  if (leftMs <= shaveMs) throw deadlineExceeded();
  return leftMs - shaveMs;
}
