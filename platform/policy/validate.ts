import { hasOption, type DescMessage } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import {
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { fail } from "../call/errors.js";
import type { MessageStep } from "../call/operation.js";
import type { MethodPlan } from "../contract/plan.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";

const validator = createValidator();

/** The step that checks the rules of `buf.validate`; undefined if the request has none. */
export function validateStep({ method }: MethodPlan): MessageStep | undefined {
  const desc = method.input;
  if (!hasRules(desc)) return undefined;
  return (_call, message) => {
    const result = validator.validate(desc, message);
    if (result.kind === "valid") return;
    if (result.kind === "error") throw result.error;
    const violations = result.violations.map((v) => ({
      field: jsonPath(v.field),
      description: v.message,
      reason: v.ruleId.replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase(),
    }));
    const [first] = violations;
    throw fail(
      Reason.MESSAGE_INVALID,
      first === undefined ? "the request is invalid" : `${first.field}: ${first.description}`,
      {
        violations,
      },
    );
  };
}

/** A path in the names of JSON: `zone.tags[1]`, `labels["k"]`. */
function jsonPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (part.kind === "list_sub") text += `[${part.index}]`;
    else if (part.kind === "map_sub") text += `[${String(part.key)}]`;
    else {
      const name =
        part.kind === "field" ? part.jsonName : part.kind === "oneof" ? part.name : `[${part.typeName}]`;
      text += text === "" ? name : `.${name}`;
    }
  }
  return text;
}

/** Whether a message, or any message in it, has rules. */
function hasRules(desc: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(desc)) return false;
  seen.add(desc);
  return (
    hasOption(desc, messageRules) ||
    desc.oneofs.some((o) => hasOption(o, oneofRules)) ||
    desc.fields.some(
      (f) => hasOption(f, fieldRules) || (f.message !== undefined && hasRules(f.message, seen)),
    )
  );
}
