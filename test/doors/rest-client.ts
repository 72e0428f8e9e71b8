// Calls a method over REST and reads its answer back into messages and errors.
import {
  create,
  fromJson,
  fromJsonString,
  getOption,
  hasOption,
  toJson,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { HttpBodySchema } from "../../gen/ts/google/api/httpbody_pb.js";
import { PageInfoSchema } from "../../gen/ts/trunkline/v1/page_pb.js";
import { Envelope, wire } from "../../gen/ts/trunkline/v1/rest_pb.js";
import type { MethodPlan } from "../../platform/contract/plan.js";
import { codeOfNumber } from "../code.js";
import { sendHttp1, type RawAnswer } from "../http.js";
import { messageJson, ownHeaders, registry, type Detail, type Outcome } from "./outcome.js";
import { restRequest } from "./rest-request.js";

/** The outcome of a REST call, with what only REST has. */
export interface RestOutcome extends Outcome {
  readonly status: number;
  /** The entries of the v4 envelope's `errors`. */
  readonly public?: readonly { readonly code: number; readonly message: string }[];
}

/** Calls a method by its first HTTP rule. */
export async function callRest(
  base: string,
  plan: MethodPlan,
  message: Message,
  headers: Readonly<Record<string, string>>,
): Promise<RestOutcome> {
  const request = restRequest(plan, message);
  const answer = await sendHttp1(base, { ...request, headers: { ...request.headers, ...headers } });
  const { own, trailers } = metadataOf(answer);
  const { status } = answer;
  if (status < 300) {
    const body = request.method === "HEAD" ? undefined : readBody(plan, answer);
    return { status, code: "ok", ...(body && { message: body }), headers: own, trailers };
  }
  const failed = { status, headers: { ...own, ...trailers }, trailers: {} };
  if (request.method === "HEAD") return { ...failed, code: "no body" };
  // The body of a failure is an object in both styles.
  const body = JSON.parse(answer.body.toString()) as JsonObject;
  return plan.serviceRest.envelope === Envelope.V4
    ? { ...failed, code: "v4", public: body["errors"] as unknown as NonNullable<RestOutcome["public"]> }
    : { ...failed, ...readStatus(body) };
}

/** Whether REST calls a method by HEAD, which has no answer but headers. */
export function isHead({ httpRule }: MethodPlan): boolean {
  return httpRule?.pattern.case === "custom" && httpRule.pattern.value.kind === "HEAD";
}

/** What REST shows of an answer: all, the fields that `response_body` names, or nothing to HEAD. */
export function restShows(plan: MethodPlan, message: JsonValue): JsonValue | undefined {
  if (isHead(plan)) return undefined;
  const { httpRule, method } = plan;
  const { responseBody = "" } = httpRule ?? {};
  if (responseBody === "") return message;
  const shown = method.output.fields.filter((f) => f.name === responseBody || isPageInfo(f));
  // The JSON of a message is an object.
  const all = Object.entries(message as JsonObject);
  return Object.fromEntries(all.filter(([name]) => shown.some((f) => f.jsonName === name)));
}

function metadataOf({ headers }: RawAnswer): {
  own: Record<string, string>;
  trailers: Record<string, string>;
} {
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    [value].flat().join(", "),
  ]);
  const trailing = pairs
    .filter(([name]) => name.startsWith("trailer-"))
    .map(([name, value]): [string, string] => [name.slice("trailer-".length), value]);
  const own = ownHeaders(pairs);
  // Sent with every HttpBody, whatever the handler says.
  delete own["x-content-type-options"];
  return { own, trailers: ownHeaders(trailing) };
}

function readBody(plan: MethodPlan, answer: RawAnswer): JsonValue {
  const { output } = plan.method;
  const shown = output.fields.find((field) => field.name === plan.httpRule?.responseBody);
  const desc = shown === undefined ? output : shown.message;
  if (desc?.typeName === HttpBodySchema.typeName) {
    const raw = create(HttpBodySchema, {
      contentType: String(answer.headers["content-type"]),
      data: answer.body,
    });
    const json = toJson(HttpBodySchema, raw);
    return shown === undefined ? json : { [shown.jsonName]: json };
  }
  const body = JSON.parse(answer.body.toString()) as JsonValue;
  const json =
    plan.serviceRest.envelope === Envelope.V4
      ? unwrapped(output, shown, body as JsonObject)
      : shown === undefined
        ? body
        : { [shown.jsonName]: body };
  // Through text, so that a key such as "__proto__" stays what it is.
  const message = fromJsonString(output, JSON.stringify(fromWire(output, json)), { registry });
  return messageJson(output, message);
}

function unwrapped(output: DescMessage, shown: DescField | undefined, body: JsonObject): JsonValue {
  const result = body["result"] ?? null;
  if (shown === undefined) return result;
  const page = output.fields.find(isPageInfo);
  const info = body["result_info"];
  return { [shown.jsonName]: result, ...(page && info !== undefined && { [page.jsonName]: info }) };
}

function isPageInfo(field: DescField): boolean {
  return field.message?.typeName === PageInfoSchema.typeName;
}

/** Turns the wire names of enum values back into their names. */
function fromWire(desc: DescMessage, json: JsonValue): JsonValue {
  if (json === null || typeof json !== "object" || Array.isArray(json)) return json;
  const fields = new Map(
    desc.fields.flatMap((field) => [
      [field.jsonName, field],
      [field.name, field],
    ]),
  );
  const entries = Object.entries(json).map(([name, value]): [string, JsonValue] => {
    const field = fields.get(name);
    const one = (item: JsonValue): JsonValue =>
      field?.enum !== undefined
        ? enumName(field.enum, item)
        : field?.message !== undefined && field.fieldKind !== "map"
          ? fromWire(field.message, item)
          : item;
    return [name, Array.isArray(value) && field?.fieldKind === "list" ? value.map(one) : one(value)];
  });
  return Object.fromEntries(entries);
}

function enumName(desc: DescEnum, value: JsonValue): JsonValue {
  return desc.values.find((v) => hasOption(v, wire) && getOption(v, wire) === value)?.name ?? value;
}

/** A google.rpc.Status. */
function readStatus(body: JsonObject): Pick<Outcome, "code" | "error" | "details"> {
  const details = (body["details"] ?? []) as JsonObject[];
  return {
    code: codeToString(codeOfNumber(Number(body["code"]))),
    error: String(body["message"]),
    details: details.map(readDetail),
  };
}

function readDetail(json: JsonObject): Detail {
  const message = anyUnpack(fromJson(AnySchema, json, { registry }), registry);
  const desc = message && registry.getMessage(message.$typeName);
  if (message === undefined || desc === undefined) throw new Error(`unknown detail ${JSON.stringify(json)}`);
  return { type: desc.typeName, value: messageJson(desc, message) };
}
