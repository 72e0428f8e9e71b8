import type { ConnectError } from "@connectrpc/connect";
import { fail } from "../call/errors.js";
import type { MethodPlan } from "../contract/plan.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";

/** How long a call may take, in milliseconds: the caller's wish cut to the method's maximum, or the method's default. */
export function allowedMs(plan: MethodPlan, askedMs: number | undefined): number {
  return askedMs === undefined ? plan.deadlineDefaultMs : Math.min(askedMs, plan.deadlineMaxMs);
}

/** The failure of a call whose deadline has passed. */
export function deadlineExceeded(): ConnectError {
  return fail(Reason.DEADLINE_EXCEEDED, "the deadline of the call has passed");
}

/** The failure of a call whose caller has gone. */
export function cancelled(): ConnectError {
  return fail(Reason.CANCELLED, "the caller has gone");
}
