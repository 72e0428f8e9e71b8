import { ScalarType } from "@bufbuild/protobuf";
import { Credential, Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { MethodPlan } from "./plan.js";
import { fieldAt } from "./field.js";

const action = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;
const day = /^\d{4}-\d\d-\d\d$/;

/** What is wrong with the policy of a method: sentences that go on from its name. Empty: it is complete and makes sense. */
export function checkPolicy(plan: MethodPlan): string[] {
  return [...checkAccess(plan), ...checkTime(plan), ...checkCost(plan), ...checkTraces(plan)];
}

function checkAccess({ policy, method }: MethodPlan): string[] {
  const access = policy.access;
  if (access === undefined) return ["has no policy.access: say which permission a caller needs"];
  const problems: string[] = [];
  const none = access.credentials.includes(Credential.NONE);
  if (none && access.credentials.length > 1) problems.push("takes CREDENTIAL_NONE beside other credentials");
  if (access.credentials.includes(Credential.UNSPECIFIED)) problems.push("takes CREDENTIAL_UNSPECIFIED");
  if (none && (access.permission !== "" || access.callers.length > 0)) {
    problems.push("takes CREDENTIAL_NONE and asks for a permission or callers");
  }
  if (!none && access.permission === "" && access.callers.length === 0) {
    problems.push("has neither policy.access.permission nor callers: nobody could call it");
  }
  if (access.permission !== "" && !action.test(access.permission)) {
    problems.push(`has the permission "${access.permission}", which is not <resource>.<verb>`);
  }
  if (access.callers.length > 0 && !access.credentials.includes(Credential.SERVICE)) {
    problems.push("names policy.access.callers but does not take CREDENTIAL_SERVICE");
  }
  if (access.resource !== undefined) {
    const fields = fieldAt(method.input, access.resource.field);
    const last = fields?.at(-1);
    if (access.resource.kind === "") problems.push("has a policy.access.resource without kind");
    if (last?.fieldKind !== "scalar" || last.scalar !== ScalarType.STRING) {
      problems.push(
        `has policy.access.resource.field "${access.resource.field}", which is no string field of ${method.input.typeName}`,
      );
    }
    if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
      problems.push("streams its requests, so that no policy.access.resource can be found");
    }
  }
  return problems;
}

function checkTime({ policy, method }: MethodPlan): string[] {
  const { deadline } = policy;
  if (deadline === undefined) return ["has no policy.deadline"];
  const problems: string[] = [];
  if (deadline.defaultMs === 0 && method.methodKind === "unary")
    problems.push("is unary and has no deadline.default_ms");
  if (deadline.maxMs !== 0 && deadline.maxMs < deadline.defaultMs)
    problems.push("has deadline.max_ms below default_ms");
  return problems;
}

function checkCost({ policy, reads }: MethodPlan): string[] {
  const problems: string[] = [];
  if (policy.rate === undefined || policy.rate.class === RateClass.UNSPECIFIED) {
    problems.push("has no policy.rate.class");
  }
  if (policy.criticality === Criticality.UNSPECIFIED) problems.push("has no policy.criticality");
  if (policy.quota !== "" && reads) problems.push("has no side effects but uses up a quota");
  return problems;
}

function checkTraces({ policy, reads, credentials }: MethodPlan): string[] {
  const problems: string[] = [];
  if (reads && policy.audit !== undefined) problems.push("has no side effects but a policy.audit");
  if (!reads && policy.audit === undefined) problems.push("changes something and has no policy.audit");
  if (policy.audit !== undefined && !action.test(policy.audit.action)) {
    problems.push(`has the audit action "${policy.audit.action}", which is not <resource>.<verb>`);
  }
  if (policy.cache !== undefined && !reads) problems.push("has side effects and a policy.cache");
  if (policy.cache?.shared === true && !credentials.has(Credential.NONE)) {
    problems.push("has policy.cache.shared but needs a credential");
  }
  if (policy.deprecation !== undefined) {
    const { since, sunset, link } = policy.deprecation;
    if (!day.test(since)) problems.push("has a deprecation without a day in `since`");
    if (sunset !== "" && !day.test(sunset)) problems.push("has a deprecation.sunset that is no day");
    if (link !== "" && !link.startsWith("https://"))
      problems.push("has a deprecation.link that is no https URL");
  }
  return problems;
}
