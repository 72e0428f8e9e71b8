// Struct, Value and ListValue: JSON that stays JSON. protobuf-es keeps a Struct in a field as a JsonObject, and a Value
// as messages all the way down.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { NullValue, type ListValue, type Struct, type Value } from "@bufbuild/protobuf/wkt";

import { readBool, readDoubleLiteral } from "./json-read-scalar.js";
import { elementSegment, entrySegment, within } from "./json-refusal.js";
import { duplicate, wrongKind } from "./json-skip.js";
import {
  enterArray,
  enterMember,
  enterObject,
  nextElement,
  nextMember,
  nullByte,
  openBraceByte,
  openBracketByte,
  quoteByte,
  type Cursor,
} from "./json-text.js";
import { expectWord, readString } from "./json-tokens.js";

/** Reads a Struct as a field has it. */
export function readJsonObject(c: Cursor): JsonObject {
  const object: JsonObject = {};
  readEntries(c, object, readJsonValue);
  return object;
}

function readJsonValue(c: Cursor): JsonValue {
  switch (c.bytes[c.at] ?? 0) {
    case quoteByte:
      return readString(c);
    case openBraceByte:
      return readJsonObject(c);
    case openBracketByte:
      return readElements(c, readJsonValue);
    case nullByte:
      expectWord(c, "null");
      return null;
    case 0x74:
    case 0x66:
      return readBool(c);
    default:
      return readDoubleLiteral(c);
  }
}

/** Reads a Struct as a message: at the top, in an Any, or in a Value. */
export function readStruct(c: Cursor): Struct {
  const fields: { [key: string]: Value } = {};
  readEntries(c, fields, readValue);
  return { $typeName: "google.protobuf.Struct", fields };
}

/** Reads a ListValue. */
export function readListValue(c: Cursor): ListValue {
  if (c.bytes[c.at] !== openBracketByte) throw wrongKind(c, "must be an array");
  return { $typeName: "google.protobuf.ListValue", values: readElements(c, readValue) };
}

/** Reads a Value, null included. */
export function readValue(c: Cursor): Value {
  return { $typeName: "google.protobuf.Value", kind: readKind(c) };
}

function readKind(c: Cursor): Value["kind"] {
  switch (c.bytes[c.at] ?? 0) {
    case quoteByte:
      return { case: "stringValue", value: readString(c) };
    case openBraceByte:
      return { case: "structValue", value: readStruct(c) };
    case openBracketByte:
      return { case: "listValue", value: readListValue(c) };
    case nullByte:
      expectWord(c, "null");
      return { case: "nullValue", value: NullValue.NULL_VALUE };
    case 0x74:
    case 0x66:
      return { case: "boolValue", value: readBool(c) };
    default:
      return { case: "numberValue", value: readDoubleLiteral(c) };
  }
}

function readElements<T>(c: Cursor, read: (c: Cursor) => T): T[] {
  const elements: T[] = [];
  try {
    if (enterArray(c)) {
      do elements.push(read(c));
      while (nextElement(c));
    }
  } catch (cause) {
    throw within(elementSegment(elements.length), cause);
  }
  return elements;
}

function readEntries<T>(c: Cursor, into: { [key: string]: T }, read: (c: Cursor) => T): void {
  if (c.bytes[c.at] !== openBraceByte) throw wrongKind(c, "must be an object");
  let key = "";
  try {
    for (let more = enterObject(c); more; more = nextMember(c)) {
      key = readString(c);
      if (Object.hasOwn(into, key)) throw duplicate(key);
      enterMember(c);
      setOwn(into, key, read(c));
    }
  } catch (cause) {
    throw within(entrySegment(key), cause);
  }
}

/** Sets a member under a name from the client. `__proto__` becomes an own member like any other. */
export function setOwn(object: { [key: string]: unknown }, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
