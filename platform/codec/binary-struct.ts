// Fields of type google.protobuf.Struct hold plain JSON objects in protobuf-es, except within google.protobuf.Value.
// (https://github.com/bufbuild/protobuf-es/blob/main/MANUAL.md, google.protobuf.Struct)

import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { NullValue, type ListValue, type Struct, type Value } from "@bufbuild/protobuf/wkt";

import { put } from "./binary-reader.js";
import { refuse } from "./binary-refusal.js";

/** Whether values of this message field, list or map are JSON objects instead of Struct messages. */
export function isJsonObjectField(field: DescField): boolean {
  return (
    field.message?.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value"
  );
}

/** The JSON object that a Struct stands for. A value without a kind is null. */
export function structToJson(struct: Struct): JsonObject {
  const json: JsonObject = {};
  for (const key of Object.keys(struct.fields)) put(json, key, valueToJson(struct.fields[key]!));
  return json;
}

function valueToJson({ kind }: Value): JsonValue {
  switch (kind.case) {
    case "structValue":
      return structToJson(kind.value);
    case "listValue":
      return kind.value.values.map(valueToJson);
    case "numberValue":
    case "stringValue":
    case "boolValue":
      return kind.value;
    case "nullValue":
    case undefined:
      return null;
  }
}

/** The Struct that stands for a JSON object. */
export function jsonToStruct(json: unknown): Struct {
  if (!isObject(json)) refuse("not a JSON object");
  const struct: Struct = { $typeName: "google.protobuf.Struct", fields: {} };
  for (const key of Object.keys(json)) put(struct.fields, key, jsonToValue(json[key]));
  return struct;
}

function jsonToValue(json: unknown): Value {
  return { $typeName: "google.protobuf.Value", kind: jsonToKind(json) };
}

function jsonToKind(json: unknown): Value["kind"] {
  if (json === null) return { case: "nullValue", value: NullValue.NULL_VALUE };
  if (Array.isArray(json)) return { case: "listValue", value: jsonToList(json) };
  if (typeof json === "number") return { case: "numberValue", value: json };
  if (typeof json === "string") return { case: "stringValue", value: json };
  if (typeof json === "boolean") return { case: "boolValue", value: json };
  return { case: "structValue", value: jsonToStruct(json) };
}

function jsonToList(values: unknown[]): ListValue {
  return { $typeName: "google.protobuf.ListValue", values: values.map(jsonToValue) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
