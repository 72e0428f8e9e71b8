import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";

import { fieldReader, nullUnsets, type FieldTypes } from "./json-read-field.js";
import type { FieldPlan } from "./json-read-message.js";
import { fieldStyle, isOutputOnly, oneofStyle } from "./json-style.js";
import { unionPlan } from "./json-union.js";

/** Compiles the fields of a message into `order` and, under all their names, into `fields`. */
export function addFields(
  desc: DescMessage,
  fields: Map<string, FieldPlan>,
  order: FieldPlan[],
  types: FieldTypes,
): void {
  for (const field of desc.fields.toSorted((a, b) => a.number - b.number)) {
    const plan = fieldPlan(field, order.length, types);
    order.push(plan);
    fields.set(plan.jsonName, plan).set(plan.protoName, plan);
    if (!types.lenient) continue;
    for (const alias of fieldStyle(field)?.alias ?? []) fields.set(alias, plan);
  }
  if (types.lenient) addUnions(desc.oneofs, fields, order.length);
}

function fieldPlan(field: DescField, index: number, types: FieldTypes): FieldPlan {
  const { name, jsonName, oneof } = field;
  const ordinary = field.fieldKind === "message" && !hasCustomJsonRepresentation(field.message);
  return {
    jsonName,
    protoName: name,
    key: Buffer.from(`${jsonName}"`),
    index,
    nullUnsets: nullUnsets(field),
    oneof: oneof?.localName,
    detour: types.lenient && isOutputOnly(field) ? "drop" : "none",
    ordinary,
    // In the style of enveloped services, an update mask goes deeper only where the contract says so.
    deep: ordinary && (!types.lenient || fieldStyle(field)?.deepMerge === true),
    read: fieldReader(field, types),
  };
}

/** Adds the keys that stand for a whole oneof. */
function addUnions(oneofs: readonly DescOneof[], fields: Map<string, FieldPlan>, indexFrom: number): void {
  let index = indexFrom;
  for (const oneof of oneofs) {
    const style = oneofStyle(oneof);
    if (style === undefined) continue;
    const detour = unionPlan(oneof, style.discriminator, fields);
    fields.set(style.wire, {
      jsonName: style.wire,
      protoName: style.wire,
      key: Buffer.from(`${style.wire}"`),
      index: index++,
      nullUnsets: true,
      oneof: undefined,
      detour,
      ordinary: false,
      deep: false,
      read: neverRead,
    });
  }
}

/** The key of a oneof has no value of its own: the detour reads it into a member. */
function neverRead(): void {
  throw new Error("the key of a oneof was read as a field");
}
