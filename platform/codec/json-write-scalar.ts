// Hot path: one of these functions runs for every scalar and enum of a JSON answer. Text is put together from strings: on
// Node 20 that is a quarter faster than an object for JSON.stringify, on Node 24 the same, and envelopes can embed it.
import { ScalarType, type DescEnum } from "@bufbuild/protobuf";

/** Writes a value as JSON text. Throws Error if JSON can't say it: a fault of the server. */
export type WriteValue = (value: never) => string;

/** How the values of a scalar type are written: TRANSCODING.md 9.1. */
export function scalarWriter(type: ScalarType, jsonNumber: boolean): WriteValue {
  switch (type) {
    case ScalarType.STRING:
      return writeString;
    case ScalarType.BYTES:
      return writeBytes;
    case ScalarType.BOOL:
      return writeBool;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return writeFloating;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return writeNarrowInteger;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return jsonNumber ? writeWideNumber : writeWideInteger;
  }
}

/** Writes a string. */
export function writeString(value: string): string {
  // Pairs of surrogates need no escape, but half ones do, and JSON.stringify can tell.
  // oxlint-disable-next-line no-control-regex -- control characters are what has to be escaped.
  return /["\\\u0000-\u001f\ud800-\udfff]/.test(value) ? JSON.stringify(value) : `"${value}"`;
}

function writeBytes(value: Uint8Array): string {
  return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"`;
}

function writeBool(value: boolean): string {
  return value ? "true" : "false";
}

function writeNarrowInteger(value: number): string {
  return String(value);
}

function writeFloating(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A string, as most readers of JSON would round the number. Fields with `jstype = JS_STRING` hold strings. */
function writeWideInteger(value: bigint | string): string {
  return `"${value}"`;
}

function writeWideNumber(value: bigint | string): string {
  const text = String(value);
  if (!Number.isSafeInteger(Number(text))) throw new Error("a field with json_number holds more than 2^53");
  return text;
}

/** How the values of an enum are written: by name, or as numbers if they are unknown. */
export function enumWriter(desc: DescEnum, spellings: ReadonlyMap<number, string> | undefined): WriteValue {
  if (desc.typeName === "google.protobuf.NullValue") return () => "null";
  const texts = new Map(
    desc.values.map(({ number, jsonName }) => [number, JSON.stringify(spellings?.get(number) ?? jsonName)]),
  );
  return (value: number) => texts.get(value) ?? String(value);
}
