// The calls that every method has to answer alike on every door, derived from its policy.
import { create, hasOption, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  field as fieldRules,
  message as messageRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ZoneReasonSchema } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Reason, ReasonSchema } from "../../gen/ts/trunkline/v1/error_pb.js";
import { Credential } from "../../gen/ts/trunkline/v1/policy_pb.js";
import { reasonEntries, type ReasonEntry } from "../../platform/call/errors.js";
import type { MethodPlan } from "../../platform/contract/plan.js";
import { codeOfNumber } from "../code.js";
import { zoneExamples, type MethodExamples } from "./zones-examples.js";
import type { Caller } from "./zones-world.js";

/** A call and what has to become of it. */
export interface DoorCase {
  readonly name: string;
  readonly request: Message;
  /** Who calls: a principal, nobody, or somebody with a token that is not known. */
  readonly caller: Caller | "nobody" | "unknown token";
  /** Undefined: it succeeds. */
  readonly expected: ReasonEntry | undefined;
}

const platformReasons = new Map(reasonEntries(ReasonSchema));
const zoneReasons = new Map(reasonEntries(ZoneReasonSchema));

/** The code of a reason as Connect writes it. */
export function codeOf({ rule }: ReasonEntry): string {
  return codeToString(codeOfNumber(rule.code));
}

/** The cases of a method of the zone service. Throws an Error that says what to add where an example is missing. */
export function zoneCases(plan: MethodPlan): DoorCase[] {
  const { method } = plan;
  // Looked up by the name in the descriptor; what is missing is reported below.
  const examples = (zoneExamples as Readonly<Record<string, MethodExamples<MethodPlan["method"]>>>)[
    method.localName
  ];
  const where = "to test/doors/zones-examples.ts";
  if (examples === undefined) throw new Error(`add requests for "${method.localName}" ${where}`);
  const { caller, succeed, invalid = [], fail = [] } = examples;
  if (hasRules(method.input) && invalid.length === 0)
    throw new Error(`add an invalid request for "${method.localName}" ${where}: its request has rules`);
  const first = create(method.input, succeed[0]);
  return [
    ...succeed.map((init, i): DoorCase => {
      return {
        name: `succeeds (${i + 1})`,
        request: create(method.input, init),
        caller,
        expected: undefined,
      };
    }),
    ...policyCases(plan, first),
    ...(plan.policy.access?.resource === undefined
      ? []
      : [refused("another account's resource", first, "stranger", Reason.RESOURCE_NOT_FOUND)]),
    ...invalid.map((init, i) =>
      refused(`invalid request (${i + 1})`, create(method.input, init), caller, Reason.MESSAGE_INVALID),
    ),
    ...fail.map((example): DoorCase => {
      const expected = entryOf(zoneReasons, example.reason);
      const request = create(method.input, example.request);
      return { name: expected.reason, request, caller: example.caller ?? caller, expected };
    }),
  ];
}

/** The refusals that follow from the policy alone. */
export function policyCases(plan: MethodPlan, request: Message): DoorCase[] {
  if (!plan.credentials.has(Credential.API_TOKEN)) {
    return (["nobody", "unknown token", "owner", "billing"] as const).map((caller) =>
      refused(`for services only: ${caller}`, request, caller, Reason.CALLER_NOT_ALLOWED),
    );
  }
  return [
    refused("no token", request, "nobody", Reason.CREDENTIAL_MISSING),
    refused("unknown token", request, "unknown token", Reason.CREDENTIAL_INVALID),
    refused("no permission", request, "powerless", Reason.PERMISSION_MISSING),
  ];
}

/** Names of the zone service's reasons that no case expects. */
export function unusedZoneReasons(cases: readonly DoorCase[]): string[] {
  const used = new Set(cases.map(({ expected }) => expected));
  return [...zoneReasons.values()].filter((entry) => !used.has(entry)).map(({ reason }) => reason);
}

function refused(name: string, request: Message, caller: DoorCase["caller"], reason: Reason): DoorCase {
  return { name, request, caller, expected: entryOf(platformReasons, reason) };
}

function entryOf(entries: ReadonlyMap<number, ReasonEntry>, reason: number): ReasonEntry {
  const entry = entries.get(reason);
  if (entry === undefined) throw new Error(`reason ${reason} has no trunkline.v1.error option`);
  return entry;
}

function hasRules(desc: DescMessage): boolean {
  return hasOption(desc, messageRules) || desc.fields.some((field) => hasOption(field, fieldRules));
}
