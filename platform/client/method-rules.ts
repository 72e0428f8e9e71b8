import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { policy, service_policy } from "../../gen/ts/trunkline/v1/policy_pb.js";

/** What the contract tells a caller about a method. */
export interface MethodRules {
  /** Whether the call may be repeated: `idempotency_level` is NO_SIDE_EFFECTS or IDEMPOTENT. */
  readonly safe: boolean;
  /** Milliseconds that a call may take if nobody says otherwise; Infinity for a stream that may stay open. */
  readonly deadlineDefaultMs: number;
}

/** The deadline of a method whose contract has none, in milliseconds. */
const deadlineUnknownMs = 30_000;

/** Reads the rules of a method from its descriptor. */
export function methodRules(method: DescMethod): MethodRules {
  return {
    safe: method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
    deadlineDefaultMs: deadlineDefault(method),
  };
}

function deadlineDefault(method: DescMethod): number {
  const deadline =
    getOption(method, policy).deadline ?? getOption(method.parent, service_policy).defaults?.deadline;
  if (deadline === undefined) return method.methodKind === "unary" ? deadlineUnknownMs : Infinity;
  if (deadline.defaultMs > 0) return deadline.defaultMs;
  return method.methodKind === "unary" ? deadlineUnknownMs : Infinity;
}
