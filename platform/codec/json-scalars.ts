// The grammars of TRANSCODING.md section 4, as pure functions. Paths, queries, strings in JSON and map keys all use
// these. Each throws Violation without a path, with INVALID_VALUE for text outside the grammar and OUT_OF_RANGE for a
// value that the type cannot hold. Nothing is trimmed, rounded or guessed.
import { ScalarType, type DescEnum } from "@bufbuild/protobuf";

import { int32Range, int64Range, parseInteger, uint32Range, uint64Range } from "./json-integer.js";
import { refusal } from "./json-refusal.js";

/** What a scalar field holds, as protobuf-es has it. */
export type ScalarValue = string | number | bigint | boolean | Uint8Array;

/** 4.2, for int32, sint32, sfixed32. */
export function parseInt32Text(text: string): number {
  return Number(parseInteger(text, int32Range));
}

/** 4.2, for uint32, fixed32. */
export function parseUint32Text(text: string): number {
  return Number(parseInteger(text, uint32Range));
}

/** 4.2, for int64, sint64, sfixed64. Exact. */
export function parseInt64Text(text: string): bigint {
  return parseInteger(text, int64Range);
}

/** 4.2, for uint64, fixed64. Exact. */
export function parseUint64Text(text: string): bigint {
  return parseInteger(text, uint64Range);
}

/** 4.3: a JSON number, or NaN, Infinity, -Infinity. */
export function parseDoubleText(text: string): number {
  return parseFloating(text, finiteDouble);
}

/** 4.3, in the range of a float. The digits are kept as given: they are rounded when the value becomes binary. */
export function parseFloatText(text: string): number {
  return parseFloating(text, finiteFloat);
}

function parseFloating(text: string, finite: (value: number, text: string) => number): number {
  if (text === "NaN") return NaN;
  if (text === "Infinity") return Infinity;
  if (text === "-Infinity") return -Infinity;
  if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)) {
    throw refusal("INVALID_VALUE", "must be a number", text);
  }
  return finite(Number(text), text);
}

/** `value`, which `text` says, unless it overflowed. */
export function finiteDouble(value: number, text: string): number {
  if (!Number.isFinite(value)) throw refusal("OUT_OF_RANGE", "must be in the range of a double", text);
  return value;
}

const floatMax = 2 ** 128 - 2 ** 104;

/** `value`, which `text` says, unless it is above the largest float after rounding to a float. */
export function finiteFloat(value: number, text: string): number {
  if (Math.abs(value) <= floatMax) return value;
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw refusal("OUT_OF_RANGE", "must be in the range of a float", text);
  return rounded;
}

/** 4.4. */
export function parseBoolText(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw refusal("INVALID_VALUE", "must be true or false", text);
}

/** 4.1: base64 in the standard or the URL alphabet; padding may be left out, but not be wrong. */
export function parseBytesText(text: string): Uint8Array {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const letters = text.length - padding;
  const fits = padding === 0 ? letters % 4 !== 1 : text.length % 4 === 0;
  if (!fits || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw refusal("INVALID_VALUE", "must be base64", text);
  // A copy: small Buffers share memory with each other.
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** 4.5: the name of a value, or a number. Unknown numbers are kept if the enum is open. */
export function parseEnumText(desc: DescEnum, text: string): number {
  const named = enumNumbers(desc).get(text);
  if (named !== undefined) return named;
  if (!/^-?[0-9]/.test(text)) throw refusal("INVALID_VALUE", "must be a value of the enum", text);
  return enumNumber(desc, parseInt32Text(text));
}

/** `value`, unless the enum is closed and doesn't know it. */
export function enumNumber(desc: DescEnum, value: number): number {
  if (!desc.open && !Object.hasOwn(desc.value, value)) {
    throw refusal("INVALID_VALUE", "must be a value of the enum", String(value));
  }
  return value;
}

/** The numbers of an enum by name, custom JSON names included. */
export function enumNumbers(desc: DescEnum): ReadonlyMap<string, number> {
  let numbers = enumNumbersOf.get(desc);
  if (numbers === undefined) {
    // Names of the .proto come last and win, in case somebody's JSON name is somebody else's name.
    numbers = new Map([
      ...desc.values.map(({ jsonName, number }) => [jsonName, number] as const),
      ...desc.values.map(({ name, number }) => [name, number] as const),
    ]);
    enumNumbersOf.set(desc, numbers);
  }
  return numbers;
}

const enumNumbersOf = new WeakMap<DescEnum, ReadonlyMap<string, number>>();

/** Reads the text of any scalar type. */
export function parseScalarText(type: ScalarType, text: string): ScalarValue {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return parseBytesText(text);
    case ScalarType.BOOL:
      return parseBoolText(text);
    case ScalarType.DOUBLE:
      return parseDoubleText(text);
    case ScalarType.FLOAT:
      return parseFloatText(text);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return parseInt32Text(text);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return parseUint32Text(text);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return parseInt64Text(text);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return parseUint64Text(text);
  }
}
