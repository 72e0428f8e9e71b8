import type { DescMethod } from "@bufbuild/protobuf";
import type { HttpRule } from "../../gen/ts/google/api/http_pb.js";
import type { Credential, MethodPolicy } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { MethodRest, ServiceRest } from "../../gen/ts/trunkline/v1/rest_pb.js";

/** What the contract says about one method, read once at start-up. */
export interface MethodPlan {
  readonly method: DescMethod;
  /** "/controlplane.zones.v1.ZoneService/GetZone": the path on the RPC protocols. */
  readonly path: string;
  /** "controlplane.zones.v1.ZoneService/GetZone": the name in logs, metrics and traces. */
  readonly name: string;
  /** The policy, merged with the defaults of the service. */
  readonly policy: MethodPolicy;
  /** The accepted kinds of credential, never empty. */
  readonly credentials: ReadonlySet<Credential>;
  /** Whether the method has no side effects: GET, retry, cache. */
  readonly reads: boolean;
  /** Whether a repeat has the same effect: no side effects, or IDEMPOTENT. */
  readonly idempotent: boolean;
  /** Default deadline in milliseconds; Infinity for a stream that may stay open. */
  readonly deadlineDefaultMs: number;
  /** Longest deadline in milliseconds that a caller may ask for. */
  readonly deadlineMaxMs: number;
  /** Largest request message in bytes; undefined: the server's setting. */
  readonly requestBytesMax: number | undefined;
  /** Largest response message in bytes; undefined: the server's setting. */
  readonly responseBytesMax: number | undefined;
  /** `google.api.http` if the method has it: then it is public. Bindings are in `httpRule.additionalBindings`. */
  readonly httpRule: HttpRule | undefined;
  /** REST style of the service and details of the method, with all defaults. */
  readonly serviceRest: ServiceRest;
  readonly methodRest: MethodRest;
}
