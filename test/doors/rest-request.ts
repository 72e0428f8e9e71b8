// Makes the REST request of a message by its google.api.http rule: the reverse of what the server does.
import {
  toJson,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { FieldMaskSchema, hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import type { HttpBody } from "../../gen/ts/google/api/httpbody_pb.js";
import type { MethodPlan } from "../../platform/contract/plan.js";
import type { RawRequest } from "../http.js";
import { registry } from "./outcome.js";

/** The request for a message, by the first rule of its method: what is not in path or body goes into the query. */
export function restRequest(
  plan: MethodPlan,
  message: Message,
): Required<Pick<RawRequest, "method" | "path">> & RawRequest {
  const { method, template, body } = ruleOf(plan);
  const { input } = plan.method;
  // The JSON of a message that is not a well-known type is an object.
  const rest = toJson(input, message, { registry, useProtoFieldName: true }) as JsonObject;
  const path = fillPath(template, rest);
  if (body === "") return { method, path: path + queryOf(input, withoutMask(method, input, rest)) };
  const { content, contentType } = bodyOf(input, body, message, rest);
  if (body !== "*") delete rest[body];
  const query = body === "*" ? "" : queryOf(input, withoutMask(method, input, rest));
  return { method, path: path + query, headers: { "content-type": contentType }, body: content };
}

interface Rule {
  readonly method: string;
  readonly template: string;
  readonly body: string;
}

function ruleOf({ httpRule, name }: MethodPlan): Rule {
  const pattern = httpRule?.pattern;
  if (httpRule === undefined || pattern?.case === undefined) throw new Error(`${name} has no HTTP rule`);
  if (pattern.case === "custom") {
    const { kind, path } = pattern.value;
    return { method: kind === "*" ? "POST" : kind, template: path, body: httpRule.body };
  }
  return { method: pattern.case.toUpperCase(), template: pattern.value, body: httpRule.body };
}

/** A variable of a template with its pattern, or a segment that may be anything. */
const variable = /\{([\w.]+)(?:=([^}]*))?\}|\*/g;

function fillPath(template: string, message: JsonObject): string {
  return template.replaceAll(variable, (_, field?: string, pattern?: string) => {
    if (field === undefined) return "any";
    const text = textOf(take(message, field.split(".")));
    return pattern === undefined
      ? encodeURIComponent(text)
      : text.split("/").map(encodeURIComponent).join("/");
  });
}

/** Takes a value out of nested objects. */
function take(object: JsonObject, [first = "", ...others]: readonly string[]): JsonValue {
  const value = object[first];
  if (value === undefined) throw new Error(`the path needs a value for ${first}`);
  // The path goes through message fields.
  if (others.length > 0) return take(value as JsonObject, others);
  delete object[first];
  return value;
}

function bodyOf(
  input: DescMessage,
  body: string,
  message: Message,
  json: JsonObject,
): { content: string | Uint8Array; contentType: string } {
  const field = input.fields.find((f) => f.name === body);
  const desc = field === undefined ? input : field.message;
  if (desc?.typeName === "google.api.HttpBody") {
    const whole = message as unknown as Record<string, unknown>;
    // The message, or the field of it, is of this type.
    const raw = (field === undefined ? message : whole[field.localName]) as HttpBody;
    return { content: raw.data, contentType: raw.contentType };
  }
  const content = JSON.stringify(field === undefined ? json : json[body]);
  return { content, contentType: "application/json" };
}

/** A PATCH says by the members of its body what it changes; its field mask is not sent. */
function withoutMask(method: string, input: DescMessage, json: JsonObject): JsonObject {
  const mask = input.fields.find((field) => field.message?.typeName === FieldMaskSchema.typeName);
  if (method === "PATCH" && mask?.name === "update_mask") delete json[mask.name];
  return json;
}

function queryOf(input: DescMessage, json: JsonObject): string {
  const pairs = parameters(input, json, "").map((pair) => pair.map(encodeURIComponent).join("="));
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

type Pair = [name: string, value: string];

function parameters(desc: DescMessage, json: JsonObject, prefix: string): Pair[] {
  return desc.fields.flatMap((field) => {
    const value = json[field.name];
    return value === undefined ? [] : fieldParameters(field, value, prefix + field.name);
  });
}

function fieldParameters(field: DescField, value: JsonValue, name: string): Pair[] {
  if (field.fieldKind === "list") {
    // The JSON of a list is an array, that of a map an object.
    return (value as JsonValue[]).map((item): Pair => [name, textOf(item)]);
  }
  if (field.fieldKind === "map") {
    return Object.entries(value as JsonObject).map(([key, item]): Pair => [`${name}[${key}]`, textOf(item)]);
  }
  if (field.fieldKind === "message" && !hasCustomJsonRepresentation(field.message)) {
    return parameters(field.message, value as JsonObject, `${name}.`);
  }
  return [[name, value === null ? "NULL_VALUE" : textOf(value)]];
}

/** A value in a path or a query: strings without quotes, all else as JSON. */
function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
