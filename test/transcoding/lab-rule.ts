// For tests: one rule on an echo method of test/proto/lab.
import { create, createRegistry, toJson, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";
import { file_google_rpc_error_details, BadRequestSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import { HttpRuleSchema } from "../../gen/ts/google/api/http_pb.js";
import { file_google_api_httpbody } from "../../gen/ts/google/api/httpbody_pb.js";
import { file_lab_v1_lab, Lab } from "../../gen/ts/lab/v1/lab_pb.js";
import { MethodRestSchema, ServiceRestSchema } from "../../gen/ts/trunkline/v1/rest_pb.js";
import type { HeaderRecord } from "../../platform/call/call.js";
import { planOf, serveForTest } from "./serve.js";
import type { RestOptions } from "../../platform/rest/transcoder.js";

/** The types of the lab contract and those that its answers may have. */
export const labRegistry = createRegistry(
  file_lab_v1_lab,
  file_google_api_httpbody,
  file_google_rpc_error_details,
);

/** What a test says about the method. */
export interface LabInit extends Omit<RestOptions, "registry"> {
  readonly rule: MessageInitShape<typeof HttpRuleSchema>;
  readonly service?: MessageInitShape<typeof ServiceRestSchema>;
  readonly rest?: MessageInitShape<typeof MethodRestSchema>;
}

/** What a request led to: the message that the handler got, or status and violations as `field REASON`. */
export interface LabResult {
  readonly status: number;
  readonly decoded?: JsonValue;
  readonly violations?: readonly string[];
}

/** A plan of the echo method `Query` with another rule. */
export function labPlan({ rule, service, rest }: LabInit) {
  return planOf(Lab.method.query, {
    httpRule: create(HttpRuleSchema, rule),
    serviceRest: create(ServiceRestSchema, service),
    methodRest: create(MethodRestSchema, rest),
  });
}

/** Serves one rule. */
export function lab(init: LabInit) {
  const { rule, service, rest, ...options } = init;
  const plan = labPlan({ rule, ...(service && { service }), ...(rest && { rest }) });
  const serve = serveForTest([{ plan, handler: (request) => request }], {
    ...options,
    registry: labRegistry,
  });
  return async (line: string, body: string | Buffer = "", headers: HeaderRecord = {}): Promise<LabResult> => {
    const [method = "", target = ""] = line.split(" ");
    const answer = await serve({ method, target, body, headers });
    if (answer.ran === undefined) return { status: answer.status, violations: violationsOf(answer.body) };
    return {
      status: answer.status,
      decoded: toJson(plan.method.input, answer.ran.request, { registry: labRegistry }),
    };
  };
}

function violationsOf(body: Buffer): string[] {
  // The shape of google.rpc.Status, with BadRequest as the only detail looked at.
  const { details } = JSON.parse(String(body)) as {
    details: { "@type": string; fieldViolations?: { field: string; reason: string }[] }[];
  };
  return details
    .filter((d) => d["@type"].endsWith(BadRequestSchema.typeName))
    .flatMap((d) => d.fieldViolations ?? [])
    .map((v) => `${v.field} ${v.reason}`);
}
