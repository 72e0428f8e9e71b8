// Struct, Value and ListValue. JSON.stringify is not used: it would turn NaN into null and call a `toJSON` member.
import type { JsonValue } from "@bufbuild/protobuf";
import type { ListValue, Struct, Value } from "@bufbuild/protobuf/wkt";

import { writeString } from "./json-write-scalar.js";

/** Writes a Struct as a field has it. Throws Error for what is no JSON. */
export function writeJsonValue(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return writeString(value);
  if (typeof value === "number") return writeFinite(value);
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(writeJsonValue).join(",")}]`;
  // Handlers fill Structs by hand, and an undefined is easily in.
  if (typeof value !== "object") throw new Error("a Struct holds a value that is not JSON");
  return writeEntries(value, writeJsonValue);
}

/** Writes a Struct message. */
export function writeStruct({ fields }: Struct): string {
  return writeEntries(fields, writeValue);
}

/** Writes a ListValue. */
export function writeListValue({ values }: ListValue): string {
  return `[${values.map(writeValue).join(",")}]`;
}

/** Writes a Value. Throws Error if no kind is set. */
export function writeValue({ kind }: Value): string {
  switch (kind.case) {
    case "nullValue":
      return "null";
    case "numberValue":
      return writeFinite(kind.value);
    case "boolValue":
      return String(kind.value);
    case "stringValue":
      return writeString(kind.value);
    case "structValue":
      return writeStruct(kind.value);
    case "listValue":
      return writeListValue(kind.value);
    case undefined:
      throw new Error("a Value has no kind");
  }
}

/** Writes an object of entries, whose names may be anything. */
export function writeEntries<T>(entries: { readonly [key: string]: T }, write: (value: T) => string): string {
  let text = "";
  for (const key of Object.keys(entries)) {
    // A cast: the key was just listed.
    const value = write(entries[key] as T);
    text += text === "" ? `${writeString(key)}:${value}` : `,${writeString(key)}:${value}`;
  }
  return `{${text}}`;
}

function writeFinite(value: number): string {
  if (!Number.isFinite(value)) throw new Error("a Value can't be NaN or infinite");
  return Object.is(value, -0) ? "-0" : String(value);
}
