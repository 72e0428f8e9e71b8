import { create, getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { http } from "../../gen/ts/google/api/annotations_pb.js";
import {
  Credential,
  MethodPolicySchema,
  policy as policyOption,
  service_policy as servicePolicyOption,
  type MethodPolicy,
} from "../../gen/ts/trunkline/v1/policy_pb.js";
import {
  MethodRestSchema,
  rest as restOption,
  service_rest as serviceRestOption,
  ServiceRestSchema,
} from "../../gen/ts/trunkline/v1/rest_pb.js";
import { checkPolicy } from "./check.js";
import { locationOf } from "./location.js";
import type { MethodPlan } from "./plan.js";
import type { ServiceDefinition } from "./service.js";

/** The contract, or what is served of it, breaks a rule. The server does not start. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  constructor(readonly problems: readonly string[]) {
    super(
      `the contract has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((p) => `  ${p}`).join("\n")}`,
    );
  }
}

/**
 * Reads what the contract says about the methods of these services.
 *
 * @throws ContractError with all problems, each with file and line: a method without a complete policy, a policy that
 * contradicts itself, a field that does not exist.
 */
export function readPlans(definitions: readonly ServiceDefinition[]): MethodPlan[] {
  const problems: string[] = [];
  const plans = definitions.flatMap((definition) =>
    definition.service.methods.map((method) => {
      const plan = readPlan(definition, method);
      const found =
        plan === undefined ? ["has no policy; give it a trunkline.v1.policy option"] : checkPolicy(plan);
      problems.push(
        ...found.map((p) => `${locationOf(method)}: ${method.parent.typeName}.${method.name} ${p}`),
      );
      return plan;
    }),
  );
  if (problems.length > 0) throw new ContractError(problems);
  // Every undefined plan has left a problem.
  return plans as MethodPlan[];
}

function readPlan(definition: ServiceDefinition, method: DescMethod): MethodPlan | undefined {
  const policy = readPolicy(definition, method);
  if (policy === undefined) return undefined;
  const service = method.parent;
  const credentials = policy.access?.credentials ?? [];
  const defaultMs = policy.deadline?.defaultMs ?? 0;
  const maxMs = policy.deadline?.maxMs ?? 0;
  const reads =
    method.idempotency === Idempotency.NO_SIDE_EFFECTS ||
    definition.override?.reads.has(method.localName) === true;
  return {
    method,
    path: `/${service.typeName}/${method.name}`,
    name: `${service.typeName}/${method.name}`,
    policy,
    credentials: new Set(credentials.length > 0 ? credentials : [Credential.API_TOKEN]),
    reads,
    idempotent: reads || method.idempotency === Idempotency.IDEMPOTENT,
    deadlineDefaultMs: defaultMs === 0 ? Infinity : defaultMs,
    deadlineMaxMs: Math.max(maxMs, defaultMs) || Infinity,
    requestBytesMax: policy.bounds?.requestBytesMax || undefined,
    responseBytesMax: policy.bounds?.responseBytesMax || undefined,
    httpRule: hasOption(method, http) ? getOption(method, http) : undefined,
    serviceRest:
      definition.override?.rest ??
      (hasOption(service, serviceRestOption)
        ? getOption(service, serviceRestOption)
        : create(ServiceRestSchema)),
    methodRest: hasOption(method, restOption) ? getOption(method, restOption) : create(MethodRestSchema),
  };
}

/** The method's own policy, completed by the defaults of its service. Parts are taken whole. */
function readPolicy({ service, override }: ServiceDefinition, method: DescMethod): MethodPolicy | undefined {
  if (override !== undefined) return override.methods.get(method.localName) ?? override.defaults;
  if (!hasOption(method, policyOption)) return undefined;
  const own = getOption(method, policyOption);
  const defaults = hasOption(service, servicePolicyOption)
    ? getOption(service, servicePolicyOption).defaults
    : undefined;
  if (defaults === undefined) return own;
  const merged = create(MethodPolicySchema, own);
  merged.deadline ??= defaults.deadline;
  merged.rate ??= defaults.rate;
  merged.quota ||= defaults.quota;
  merged.criticality ||= defaults.criticality;
  merged.bounds ??= defaults.bounds;
  merged.cache ??= defaults.cache;
  merged.deprecation ??= defaults.deprecation;
  return merged;
}
