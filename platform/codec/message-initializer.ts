// Hot path: the source made here builds every message that a handler returns as a plain object.
import { ScalarType, type DescField, type DescMessage, type DescOneof } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

import { member, type Scope } from "./binary-compiled.js";
import { put } from "./binary-reader.js";
import { isJsonObjectField } from "./binary-struct.js";

/**
 * Source of the function `from` of a message type: what `create(desc, init)` makes of an object that is no message of
 * that type. Members are assigned in the order of the binary form, so that messages that were built and messages that
 * were read have one hidden class.
 */
export function initializerSource(desc: DescMessage, scope: Scope): string {
  return `function from(init) {
    const m = new Message();
    let v;
    ${members(desc)
      .map((of) => initialize(scope, of))
      .join("\n")}
    return m;
  }`;
}

/** Fields and oneofs in the order of their numbers. */
function members(desc: DescMessage): (DescField | DescOneof)[] {
  const fields = desc.fields.toSorted((a, b) => a.number - b.number);
  return [...new Set(fields.map((field) => field.oneof ?? field))];
}

/** Null is skipped like undefined: the constructor has set the default. */
function initialize(scope: Scope, of: DescField | DescOneof): string {
  const assignment =
    of.kind === "oneof" ? oneofCases(scope, of) : `${member("m", of.localName)} = ${fieldValue(scope, of)};`;
  return `v = ${member("init", of.localName)};
    if (v != null) { ${assignment} }`;
}

/** What isn't a case of the oneof leaves it unset. */
function oneofCases(scope: Scope, oneof: DescOneof): string {
  const cases = oneof.fields.map((field) => {
    const name = JSON.stringify(field.localName);
    const value = convert(scope, field, "c") ?? "c";
    return `case ${name}: ${member("m", oneof.localName)} = { case: ${name}, value: ${value} }; break;`;
  });
  return `const c = v.value;
    switch (v.case) { ${cases.join("\n")} }`;
}

/** Source of the value of a field, made from `v`. Lists and maps whose values are used as they are stay the same. */
function fieldValue(scope: Scope, field: DescField): string {
  if (field.fieldKind !== "list" && field.fieldKind !== "map") return convert(scope, field, "v") ?? "v";
  // A Struct is used as it is, but its list or map is not: so does protobuf-es.
  const value = convert(scope, field, "x") ?? (field.message === undefined ? undefined : "x");
  if (value === undefined) return "v";
  if (field.fieldKind === "list") return `Array.isArray(v) ? v.map((x) => ${value}) : v`;
  return `typeof v === "object" && !Array.isArray(v) ? ${scope.bind("mapValues", mapValues)}(v, (x) => ${value}) : v`;
}

/** Source that converts one value; undefined where values are used as they are. */
function convert(scope: Scope, field: DescField, value: string): string | undefined {
  const { message } = field;
  if (message === undefined) return field.scalar === ScalarType.BYTES ? bytesFrom(value) : undefined;
  if (isJsonObjectField(field)) return undefined;
  // Wrapper messages are kept as their value, but only in singular fields outside of oneofs.
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(message)) {
    return message.fields[0].scalar === ScalarType.BYTES ? bytesFrom(value) : undefined;
  }
  const isInit = `typeof ${value} === "object" && ${value} !== null && !Array.isArray(${value}) && ${value}.$typeName !== ${JSON.stringify(message.typeName)}`;
  return `(${isInit} ? ${scope.message(message)}.from(${value}) : ${value})`;
}

function bytesFrom(value: string): string {
  return `(Array.isArray(${value}) ? new Uint8Array(${value}) : ${value})`;
}

function mapValues(map: Record<string, unknown>, convert: (value: unknown) => unknown): object {
  const converted = {};
  for (const key of Object.keys(map)) put(converted, key, convert(map[key]));
  return converted;
}
