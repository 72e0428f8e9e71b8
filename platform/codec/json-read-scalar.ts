// Hot path: one of these functions runs for every scalar and enum of a JSON request.
import { ScalarType, type DescEnum } from "@bufbuild/protobuf";

import {
  int32Range,
  int64Range,
  parseInteger,
  parseIntegerLiteral,
  uint32Range,
  uint64Range,
  type IntegerRange,
} from "./json-integer.js";
import { refusal } from "./json-refusal.js";
import {
  enumNumber,
  enumNumbers,
  finiteDouble,
  finiteFloat,
  parseBytesText,
  parseDoubleText,
  parseFloatText,
} from "./json-scalars.js";
import { wrongKind } from "./json-skip.js";
import { minusByte, nullByte, quoteByte, type Cursor } from "./json-text.js";
import { expectWord, readNumberLiteral, readSmallInteger, readString } from "./json-tokens.js";

/** Reads the value that the cursor is at, or throws Violation with the path below that value. */
export type ReadValue = (c: Cursor) => unknown;

/** How the values of a scalar type are read: TRANSCODING.md 6.3. */
export function scalarReader(type: ScalarType, lenient: boolean): ReadValue {
  switch (type) {
    case ScalarType.STRING:
      return lenient ? readStringOrNumber : readStringValue;
    case ScalarType.BYTES:
      return readBytes;
    case ScalarType.BOOL:
      return readBool;
    case ScalarType.DOUBLE:
      return (c) => readFloating(c, finiteDouble, parseDoubleText);
    case ScalarType.FLOAT:
      return (c) => readFloating(c, finiteFloat, parseFloatText);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return (c) => readNarrowInteger(c, -0x80000000, 0x7fffffff, int32Range);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return (c) => readNarrowInteger(c, 0, 0xffffffff, uint32Range);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return (c) => readWideInteger(c, int64Range);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return (c) => readWideInteger(c, uint64Range);
  }
}

/** How the values of an enum are read. `wire` has further spellings, for lenient reading; numbers may be strings then. */
export function enumReader(desc: DescEnum, wire: ReadonlyMap<string, number> | undefined): ReadValue {
  const isNullValue = desc.typeName === "google.protobuf.NullValue";
  const numbers = wire === undefined ? enumNumbers(desc) : new Map([...wire, ...enumNumbers(desc)]);
  return (c) => {
    const first = c.bytes[c.at] ?? 0;
    if (first === quoteByte) {
      const text = readString(c);
      const named = numbers.get(text);
      if (named !== undefined) return named;
      if (wire === undefined || !/^-?[0-9]/.test(text)) {
        throw refusal("INVALID_VALUE", "must be a value of the enum", text);
      }
      return enumNumber(desc, Number(parseInteger(text, int32Range)));
    }
    if (isNullValue && first === nullByte) {
      expectWord(c, "null");
      return 0;
    }
    if (!startsNumber(first)) throw wrongKind(c, "must be a value of the enum");
    return enumNumber(desc, readNarrowInteger(c, -0x80000000, 0x7fffffff, int32Range));
  };
}

/** Whether a value that begins with this byte is a number. */
export function startsNumber(first: number): boolean {
  return first === minusByte || (first >= 0x30 && first <= 0x39);
}

/** A string, and nothing else. */
export function readStringValue(c: Cursor): string {
  if (c.bytes[c.at] === quoteByte) return readString(c);
  throw wrongKind(c, "must be a string");
}

function readStringOrNumber(c: Cursor): string {
  return startsNumber(c.bytes[c.at] ?? 0) ? readNumberLiteral(c) : readStringValue(c);
}

function readBytes(c: Cursor): Uint8Array {
  if (c.bytes[c.at] === quoteByte) return parseBytesText(readString(c));
  throw wrongKind(c, "must be base64");
}

/** A bool, and nothing else. */
export function readBool(c: Cursor): boolean {
  switch (c.bytes[c.at] ?? 0) {
    case 0x74:
      expectWord(c, "true");
      return true;
    case 0x66:
      expectWord(c, "false");
      return false;
    default:
      throw wrongKind(c, "must be true or false");
  }
}

/** A number in the range of a double: the number of Value. */
export function readDoubleLiteral(c: Cursor): number {
  return readFloatingLiteral(c, finiteDouble);
}

function readFloatingLiteral(c: Cursor, finite: (value: number, text: string) => number): number {
  const small = readSmallInteger(c);
  if (!Number.isNaN(small)) return small;
  const literal = readNumberLiteral(c);
  return finite(Number(literal), literal);
}

function readFloating(
  c: Cursor,
  finite: (value: number, text: string) => number,
  parse: (text: string) => number,
): number {
  const first = c.bytes[c.at] ?? 0;
  if (startsNumber(first)) return readFloatingLiteral(c, finite);
  if (first === quoteByte) return parse(readString(c));
  throw wrongKind(c, "must be a number");
}

function readNarrowInteger(c: Cursor, min: number, max: number, range: IntegerRange): number {
  const small = readSmallInteger(c);
  // Adding 0 turns the -0 of the literal `-0` into 0.
  if (small >= min && small <= max) return small + 0;
  return Number(readAnyInteger(c, small, range));
}

function readWideInteger(c: Cursor, range: IntegerRange): bigint {
  const quoted = c.bytes[c.at] === quoteByte ? 1 : 0;
  const from = c.at;
  c.at += quoted;
  const small = readSmallInteger(c);
  if (small >= 0 && (quoted === 0 || c.bytes[c.at] === quoteByte)) {
    c.at += quoted;
    return BigInt(small);
  }
  c.at = from;
  return readAnyInteger(c, NaN, range);
}

/** The integers that are not plain, short and in range. `small` is what was read already, or NaN. */
function readAnyInteger(c: Cursor, small: number, range: IntegerRange): bigint {
  if (!Number.isNaN(small)) return parseIntegerLiteral(String(small), range);
  const first = c.bytes[c.at] ?? 0;
  if (first === quoteByte) return parseInteger(readString(c), range);
  if (startsNumber(first)) return parseIntegerLiteral(readNumberLiteral(c), range);
  throw wrongKind(c, range.sentence);
}
