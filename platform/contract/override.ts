import { create, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { MethodPolicySchema, type MethodPolicy } from "../../gen/ts/trunkline/v1/policy_pb.js";
import { ServiceRestSchema, type ServiceRest } from "../../gen/ts/trunkline/v1/rest_pb.js";

type PolicyInit = MessageInitShape<typeof MethodPolicySchema>;

/** Policy and REST style in code, for a contract that carries no options of ours. */
export interface PolicyOverride {
  readonly service: DescService;
  /** By the name of the method in the generated code; what is not in it has `defaults`. */
  readonly methods: ReadonlyMap<string, MethodPolicy>;
  readonly defaults: MethodPolicy | undefined;
  /** Methods without side effects, where the contract does not say NO_SIDE_EFFECTS. */
  readonly reads: ReadonlySet<string>;
  readonly rest: ServiceRest | undefined;
}

/**
 * The policy of a service whose .proto we don't own (health, reflection, test contracts). It stands in place of the
 * options, is checked by the same rules, and shows in the same tables.
 */
export function policyFor<S extends DescService>(
  service: S,
  policy: {
    /** The whole policy of each method that `methods` does not name. */
    readonly defaults?: PolicyInit;
    readonly methods?: { readonly [K in keyof S["method"]]?: PolicyInit };
    /** Methods that have no side effects although their contract does not say NO_SIDE_EFFECTS. */
    readonly reads?: readonly (keyof S["method"] & string)[];
    readonly rest?: MessageInitShape<typeof ServiceRestSchema>;
  },
): PolicyOverride {
  const methods = Object.entries(policy.methods ?? {}).map(
    // The keys are those of the parameter's type; Object.entries widens the values.
    ([name, init]) => [name, create(MethodPolicySchema, init as PolicyInit)] as const,
  );
  return {
    service,
    methods: new Map(methods),
    defaults: policy.defaults === undefined ? undefined : create(MethodPolicySchema, policy.defaults),
    reads: new Set(policy.reads),
    rest: policy.rest === undefined ? undefined : create(ServiceRestSchema, policy.rest),
  };
}
