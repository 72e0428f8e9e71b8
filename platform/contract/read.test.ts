import { describe, expect, test } from "@jest/globals";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Lab } from "../../gen/ts/lab/v1/lab_pb.js";
import { Credential, Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import { policyFor } from "./override.js";
import { ContractError, readPlans } from "./read.js";
import type { ServiceDefinition } from "./service.js";

const complete = {
  access: { permission: "lab.use" },
  deadline: { defaultMs: 1000 },
  rate: { class: RateClass.READ },
  criticality: Criticality.CRITICAL,
};

function labWith(get: object): ServiceDefinition {
  return {
    service: Lab,
    handlers: {},
    override: policyFor(Lab, { defaults: complete, methods: { get }, reads: allReads }),
  };
}
const allReads = Object.keys(Lab.method) as (keyof typeof Lab.method)[];

function problemsOf(definition: ServiceDefinition): readonly string[] {
  try {
    readPlans([definition]);
    return [];
  } catch (error) {
    if (error instanceof ContractError) return error.problems;
    throw error;
  }
}

describe("a contract is refused", () => {
  test("when its methods have no policy, each named with its file", () => {
    const problems = problemsOf({ service: Lab, handlers: {}, override: undefined });
    expect(problems).toHaveLength(Lab.methods.length);
    expect(problems[0]).toBe(
      "lab/v1/lab.proto: lab.v1.Lab.Get has no policy; give it a trunkline.v1.policy option",
    );
  });

  test("with the line, where the descriptor set of the build has it", () => {
    const bare = { ...ZoneService, methods: [{ ...ZoneService.method.getZone, proto: stripped() }] };
    const [problem] = problemsOf({ service: bare, handlers: {}, override: undefined });
    expect(problem).toMatch(
      /^proto\/controlplane\/zones\/v1\/zones\.proto:\d+: controlplane\.zones\.v1\.ZoneService\.GetZone has no policy/,
    );
  });

  test.each<[string, object, RegExp]>([
    ["no access", { access: undefined }, /has no policy.access/],
    ["nobody may call", { access: {} }, /nobody could call it/],
    [
      "none beside a token",
      { access: { credentials: [Credential.NONE, Credential.API_TOKEN] } },
      /beside other credentials/,
    ],
    [
      "none and a permission",
      { access: { credentials: [Credential.NONE], permission: "a.b" } },
      /asks for a permission/,
    ],
    ["a permission without verb", { access: { permission: "zone" } }, /not <resource>.<verb>/],
    [
      "callers without service credential",
      { access: { callers: ["dns"] } },
      /does not take CREDENTIAL_SERVICE/,
    ],
    [
      "a resource field that does not exist",
      { access: { permission: "a.b", resource: { kind: "x", field: "nope" } } },
      /"nope", which is no string field/,
    ],
    [
      "a resource field of another type",
      { access: { permission: "a.b", resource: { kind: "x", field: "i32" } } },
      /"i32", which is no string field/,
    ],
    [
      "a resource without kind",
      { access: { permission: "a.b", resource: { field: "name" } } },
      /without kind/,
    ],
    ["no deadline", { deadline: undefined }, /has no policy.deadline/],
    ["an endless unary call", { deadline: { defaultMs: 0 } }, /no deadline.default_ms/],
    ["a maximum below the default", { deadline: { defaultMs: 10, maxMs: 5 } }, /max_ms below default_ms/],
    ["no rate", { rate: undefined }, /no policy.rate.class/],
    ["no criticality", { criticality: 0 }, /no policy.criticality/],
    ["a quota for a read", { quota: "labs" }, /uses up a quota/],
    ["an audit action for a read", { audit: { action: "a.b" } }, /no side effects but a policy.audit/],
    [
      "a shared cache behind a credential",
      { cache: { maxAgeSeconds: 1, shared: true } },
      /cache.shared but needs a credential/,
    ],
    ["a deprecation without day", { deprecation: { link: "https://a" } }, /without a day/],
    [
      "a deprecation link that is no https",
      { deprecation: { since: "2026-01-01", link: "http://a" } },
      /no https URL/,
    ],
  ])("%s", (_name, change, expected) => {
    expect(problemsOf(labWith({ ...complete, ...change })).join("\n")).toMatch(expected);
  });

  test("when a mutation leaves no audit", () => {
    const definition = { ...labWith(complete), override: policyFor(Lab, { defaults: complete }) };
    expect(problemsOf(definition)[0]).toMatch(/changes something and has no policy.audit/);
  });
});

test("a method takes what it leaves out from the defaults of its service, but never access and audit", () => {
  const plans = readPlans([{ service: ZoneService, handlers: {}, override: undefined }]);
  const byName = new Map(plans.map((plan) => [plan.method.localName, plan]));
  expect(byName.get("getZone")).toMatchObject({
    deadlineDefaultMs: 5000,
    deadlineMaxMs: 30_000,
    reads: true,
    idempotent: true,
  });
  expect(byName.get("resolveZone")).toMatchObject({ deadlineDefaultMs: 1000, httpRule: undefined });
  expect(byName.get("createZone")?.policy.rate?.class).toBe(RateClass.WRITE);
  expect(byName.get("updateZone")).toMatchObject({ reads: false, idempotent: true });
  expect(byName.get("deleteZone")?.policy.audit?.action).toBe("zone.delete");
});

function stripped() {
  return { ...ZoneService.method.getZone.proto, options: undefined };
}
