import { ScalarType, type DescField, type DescMessage, type DescOneof } from "@bufbuild/protobuf";

import { localForm, member, type Scope } from "./binary-compiled.js";
import * as reader from "./binary-reader.js";
import { refuse } from "./binary-refusal.js";
import { scalarForm, tagOf } from "./binary-scalar.js";

/** protobuf-es's own limit, and that of most other implementations. */
const DEPTH_MAX = 100;

/** Source of the function `read` of a message type. */
export function decoderSource(desc: DescMessage, scope: Scope): string {
  const known = scope.bind("known", new Set(desc.fields.map((field) => field.number)));
  return `function read(r, m, end, depth) {
    if (depth > ${DEPTH_MAX}) ${refusal(scope, "nested too deep")};
    while (r.pos < end) {
      const t = ${scope.bind("readTag", reader.tag)}(r);
      switch (t) {
        ${desc.fields.map((field) => fieldCases(scope, field)).join("\n")}
        default: ${scope.bind("readUnknown", reader.unknown)}(r, m, t, ${known});
      }
    }
    if (r.pos !== end) ${refusal(scope, "a value goes beyond the end of its message")};
  }`;
}

function refusal(scope: Scope, reason: string): string {
  return `${scope.bind("refuse", refuse)}(${JSON.stringify(reason)})`;
}

function fieldCases(scope: Scope, field: DescField): string {
  switch (field.fieldKind) {
    case "scalar": {
      const value = readScalar(scope, field.scalar, field.utf8Validation, field.longAsString);
      return switchCase(tagOfScalar(field, field.scalar), assign(field, value));
    }
    case "enum":
      return switchCase(tagOf(field.number, 0), readEnum(scope, field));
    case "message": {
      const { body, local } = readMessage(scope, field, existingValue(field), "end");
      return switchCase(tagOf(field.number, 2), `${body} ${assign(field, local)}`);
    }
    case "list":
      return listCases(scope, field);
    case "map":
      return switchCase(tagOf(field.number, 2), readMapEntry(scope, field));
  }
}

function switchCase(tag: number, body: string): string {
  return `case ${tag}: { ${body} break; }`;
}

function tagOfScalar(field: { number: number }, scalar: ScalarType): number {
  return tagOf(field.number, scalarForm[scalar].wireType);
}

function readScalar(
  scope: Scope,
  scalar: ScalarType,
  utf8Validation: boolean,
  longAsString: boolean,
): string {
  const lossy = scalar === ScalarType.STRING && !utf8Validation;
  const read = lossy ? reader.lossyString : scalarForm[scalar].read;
  const value = `${scope.bind("read", read)}(r)`;
  return longAsString ? `String(${value})` : value;
}

function assign(field: { localName: string; oneof: DescOneof | undefined }, value: string): string {
  if (field.oneof === undefined) return `${member("m", field.localName)} = ${value};`;
  const name = JSON.stringify(field.localName);
  return `${member("m", field.oneof.localName)} = { case: ${name}, value: ${value} };`;
}

function readEnum(scope: Scope, field: DescField & { fieldKind: "enum" }): string {
  const read = `${scope.bind("read", reader.int32)}(r)`;
  if (field.enum.open) return assign(field, read);
  const values = scope.bind("values", new Set(field.enum.values.map((value) => value.number)));
  return `const v = ${read};
    if (!${values}.has(v)) ${refusal(scope, "unknown value of a closed enum")};
    ${assign(field, "v")}`;
}

/** Source of the value that a singular message field has already: what comes again is merged. */
function existingValue(field: DescField & { fieldKind: "message" }): string {
  if (field.oneof === undefined) return member("m", field.localName);
  const oneof = member("m", field.oneof.localName);
  return `(${oneof}.case === ${JSON.stringify(field.localName)} ? ${oneof}.value : undefined)`;
}

/** Source that reads a nested message, merging it into `existing`, and of the value to keep. */
function readMessage(
  scope: Scope,
  field: DescField & { message: DescMessage },
  existing: string,
  end: string,
): { body: string; local: string } {
  const child = scope.message(field.message);
  const { toLocal, toMessage } = localForm(scope, field);
  const body = `const e = ${scope.bind("limit", reader.limit)}(r, ${end});
    const x = ${existing};
    const c = x === undefined ? new ${child}.Message() : ${toMessage("x")};
    ${child}.read(r, c, e, depth + 1);`;
  return { body, local: toLocal("c") };
}

function listCases(scope: Scope, field: DescField & { fieldKind: "list" }): string {
  const list = member("m", field.localName);
  if (field.listKind === "message") {
    const { body, local } = readMessage(scope, field, "undefined", "end");
    return switchCase(tagOf(field.number, 2), `${body} ${list}.push(${local});`);
  }
  const scalar = field.listKind === "enum" ? ScalarType.INT32 : field.scalar;
  const longAsString = field.listKind === "scalar" && field.longAsString;
  const item = readScalar(scope, scalar, field.utf8Validation, longAsString);
  const single = switchCase(tagOfScalar(field, scalar), `${list}.push(${item});`);
  if (scalarForm[scalar].wireType === 2) return single;
  // Whatever the contract says, a peer may send either form.
  const packed = `const e = ${scope.bind("limit", reader.limit)}(r, end);
    const a = ${list};
    while (r.pos < e) a.push(${item});
    if (r.pos !== e) ${refusal(scope, "an item goes beyond the end of its list")};`;
  return `${single} ${switchCase(tagOf(field.number, 2), packed)}`;
}

/** Map entries are messages with the key in field 1 and the value in field 2. */
function readMapEntry(scope: Scope, field: DescField & { fieldKind: "map" }): string {
  const value = readMapValue(scope, field);
  return `const ee = ${scope.bind("limit", reader.limit)}(r, end);
    let k, v;
    while (r.pos < ee) {
      switch (${scope.bind("readTag", reader.tag)}(r)) {
        ${switchCase(tagOfScalar({ number: 1 }, field.mapKey), `k = ${readScalar(scope, field.mapKey, field.utf8Validation, false)};`)}
        ${switchCase(value.tag, value.body)}
        default: ${refusal(scope, "unknown field of a map entry")};
      }
    }
    if (r.pos !== ee) ${refusal(scope, "a value goes beyond the end of its map entry")};
    if (k === undefined) k = ${scalarForm[field.mapKey].zero};
    if (v === undefined) v = ${value.zero};
    ${scope.bind("put", reader.put)}(${member("m", field.localName)}, k, v);`;
}

function readMapValue(
  scope: Scope,
  field: DescField & { fieldKind: "map" },
): { tag: number; body: string; zero: string } {
  switch (field.mapKind) {
    case "message": {
      const { body, local } = readMessage(scope, field, "v", "ee");
      const zero = localForm(scope, field).toLocal(`new ${scope.message(field.message)}.Message()`);
      return { tag: tagOf(2, 2), body: `${body} v = ${local};`, zero };
    }
    case "enum": {
      // Also of closed enums: protobuf-es keeps values that it doesn't know in maps and lists.
      const body = `v = ${scope.bind("read", reader.int32)}(r);`;
      return { tag: tagOf(2, 0), body, zero: String(field.enum.values[0]!.number) };
    }
    case "scalar": {
      const body = `v = ${readScalar(scope, field.scalar, field.utf8Validation, false)};`;
      return { tag: tagOfScalar({ number: 2 }, field.scalar), body, zero: scalarForm[field.scalar].zero };
    }
  }
}
