import type { DescEnum, DescField, DescMessage, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

import { parseScalarText } from "./json-scalars.js";
import type { FieldPlan } from "./json-read-message.js";
import { enumReader, readStringValue, scalarReader, type ReadValue } from "./json-read-scalar.js";
import { readJsonObject, setOwn } from "./json-read-struct.js";
import { elementSegment, entrySegment, within } from "./json-refusal.js";
import { wireSpellings } from "./json-style.js";
import { duplicate, wrongKind } from "./json-skip.js";
import {
  enterArray,
  enterMember,
  enterObject,
  nextElement,
  nextMember,
  openBraceByte,
  openBracketByte,
} from "./json-text.js";

/** What compiling a field asks of the rest of the reader. */
export interface FieldTypes {
  readonly lenient: boolean;
  /** May be asked while the type itself is being compiled. */
  readerOf(desc: DescMessage): ReadValue;
}

/** Compiles how the value of a field gets into its message. */
export function fieldReader(field: DescField, types: FieldTypes): FieldPlan["read"] {
  switch (field.fieldKind) {
    case "list":
      return listReader(field.localName, elementReader(field, types));
    case "map":
      return mapReader(field, elementReader(field, types));
    case "scalar":
    case "enum":
    case "message":
      return singularReader(field, singularValueReader(field, types));
  }
}

/** Whether `null` unsets the field; lists and maps included (TRANSCODING.md 6.3). */
export function nullUnsets(field: DescField): boolean {
  if (field.fieldKind === "message") return field.message.typeName !== "google.protobuf.Value";
  if (field.fieldKind === "enum") return field.enum.typeName !== "google.protobuf.NullValue";
  return true;
}

function singularReader(field: DescField, read: ReadValue): FieldPlan["read"] {
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    const group = oneof.localName;
    return (c, message) => {
      message[group] = { case: localName, value: read(c) };
    };
  }
  return (c, message) => {
    message[localName] = read(c);
  };
}

function singularValueReader(
  field: DescField & { fieldKind: "scalar" | "enum" | "message" },
  types: FieldTypes,
): ReadValue {
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message)) {
    // protobuf-es keeps the bare value here, and here only.
    return scalarReader(field.message.fields[0].scalar, types.lenient);
  }
  return elementReader(field, types);
}

function elementReader(field: DescField, types: FieldTypes): ReadValue {
  if (field.message !== undefined) return messageReader(field.message, types);
  if (field.enum !== undefined) return enumValueReader(field.enum, types);
  return wideReader(field, field.scalar, types);
}

function messageReader(desc: DescMessage, types: FieldTypes): ReadValue {
  // protobuf-es keeps a Struct as a JsonObject, in every kind of field.
  return desc.typeName === "google.protobuf.Struct" ? readJsonObject : types.readerOf(desc);
}

function enumValueReader(desc: DescEnum, types: FieldTypes): ReadValue {
  if (!types.lenient) return enumReader(desc, undefined);
  return enumReader(
    desc,
    new Map(Array.from(wireSpellings(desc), ([number, spelling]) => [spelling, number])),
  );
}

/** Takes `jstype = JS_STRING` into account: such 64-bit integers are strings in the message. */
function wideReader(field: DescField, scalar: ScalarType, types: FieldTypes): ReadValue {
  const read = scalarReader(scalar, types.lenient);
  const asString = field.fieldKind !== "map" && "longAsString" in field && field.longAsString;
  return asString ? (c) => String(read(c)) : read;
}

function listReader(localName: string, read: ReadValue): FieldPlan["read"] {
  return (c, message) => {
    if (c.bytes[c.at] !== openBracketByte) throw wrongKind(c, "must be an array");
    // A cast: a list field is an array in every message.
    const list = message[localName] as unknown[];
    const from = list.length;
    try {
      if (enterArray(c)) {
        do list.push(read(c));
        while (nextElement(c));
      }
    } catch (cause) {
      throw within(elementSegment(list.length - from), cause);
    }
  };
}

function mapReader(field: DescField & { fieldKind: "map" }, read: ReadValue): FieldPlan["read"] {
  const { localName, mapKey } = field;
  return (c, message) => {
    if (c.bytes[c.at] !== openBraceByte) throw wrongKind(c, "must be an object");
    // A cast: a map field is an object in every message.
    const map = message[localName] as { [key: string]: unknown };
    let given = "";
    try {
      for (let more = enterObject(c); more; more = nextMember(c)) {
        given = readStringValue(c);
        const key = String(parseScalarText(mapKey, given));
        if (Object.hasOwn(map, key)) throw duplicate(given);
        enterMember(c);
        setOwn(map, key, read(c));
      }
    } catch (cause) {
      throw within(entrySegment(given), cause);
    }
  };
}
