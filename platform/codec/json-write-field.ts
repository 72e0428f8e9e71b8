import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";

import { Emit } from "../../gen/ts/trunkline/v1/rest_pb.js";

import type { JsonWriteOptions } from "./json.js";
import { fieldStyle, oneofStyle, wireSpellings } from "./json-style.js";
import { enumWriter, scalarWriter, writeString, type WriteValue } from "./json-write-scalar.js";
import { writeEntries, writeJsonValue } from "./json-write-struct.js";
import type { OpenMessage } from "./message-factory.js";

/** How one field is written. */
export interface FieldWriter {
  readonly protoName: string;
  /** Adds the member to the members so far, or not. */
  readonly append: (members: string, message: OpenMessage) => string;
  /** The value alone; that of an unset field is the default of its type (TRANSCODING.md 9.2). */
  readonly value: (message: OpenMessage) => string;
}

/** What compiling a field asks of the rest of the writer. */
export interface WriteTypes {
  readonly options: JsonWriteOptions;
  /** May be asked while the type itself is being compiled. */
  writerOf(desc: DescMessage): WriteValue;
  /** The JSON of an empty message. */
  emptyOf(desc: DescMessage): string;
}

/** Compiles how a field is written. */
export function fieldWriter(field: DescField, types: WriteTypes): FieldWriter {
  const write = valueWriter(field, types);
  const given = givenValue(field);
  const key = `${writeString(keyOf(field, types.options))}:`;
  const nextKey = `,${key}`;
  // Not before the first message is written: the default of a message type may lead back to this field.
  let defaulted: string | undefined;
  const byDefault = () => (defaulted ??= defaultText(field, write, types));
  const unset = unsetText(field, byDefault, types.options);
  return {
    protoName: field.name,
    append(members, message) {
      const value = given(message);
      const text = value === undefined ? unset() : write(value);
      if (text === undefined) return members;
      return members === "" ? key + text : members + nextKey + text;
    },
    value(message) {
      const value = given(message);
      return value === undefined ? byDefault() : write(value);
    },
  };
}

function keyOf(field: DescField, options: JsonWriteOptions): string {
  const wire = options.styled && field.oneof !== undefined ? oneofStyle(field.oneof)?.wire : undefined;
  return wire ?? (options.names === "proto" ? field.name : field.jsonName);
}

/** Gets the value of a field out of a message; undefined if it is not set, or at a default that says the same. */
function givenValue(field: DescField): (message: OpenMessage) => never | undefined {
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    const group = oneof.localName;
    return (message) => {
      // Casts here and below: what a property holds follows from the descriptor.
      const { case: set, value } = message[group] as { case?: string; value?: never };
      return set === localName ? value : undefined;
    };
  }
  if (field.fieldKind === "list") {
    return (message) => {
      const list = message[localName] as never[];
      return list.length === 0 ? undefined : (list as never);
    };
  }
  if (field.fieldKind === "map") {
    return (message) => {
      const map = message[localName] as { [key: string]: unknown };
      return Object.keys(map).length === 0 ? undefined : (map as never);
    };
  }
  if (field.fieldKind === "message") return (message) => message[localName] as never;
  // Own properties only: the prototype of proto2 messages has the defaults.
  if (field.presence !== FieldPresence.IMPLICIT) {
    return (message) => (Object.hasOwn(message, localName) ? (message[localName] as never) : undefined);
  }
  return implicitValue(field);
}

function implicitValue(
  field: DescField & { fieldKind: "scalar" | "enum" },
): (message: OpenMessage) => never | undefined {
  const { localName } = field;
  if (field.scalar === ScalarType.BYTES) {
    return (message) => {
      const bytes = message[localName] as Uint8Array;
      return bytes.length === 0 ? undefined : (bytes as never);
    };
  }
  const zero = zeroOf(field);
  // Object.is, as -0 is not the default.
  return (message) => {
    const value = message[localName];
    return Object.is(value, zero) ? undefined : (value as never);
  };
}

function zeroOf(field: DescField & { fieldKind: "scalar" | "enum" }): string | number | bigint | boolean {
  if (field.fieldKind === "enum") return field.enum.values[0]?.number ?? 0;
  return scalarZero(field.scalar, field.longAsString);
}

function scalarZero(type: ScalarType, longAsString: boolean): string | number | bigint | boolean {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longAsString ? "0" : 0n;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return 0;
  }
}

/** What is written for a field that is not set, or at its default: undefined for nothing. */
function unsetText(
  field: DescField,
  byDefault: () => string,
  options: JsonWriteOptions,
): () => string | undefined {
  const emit = options.styled ? fieldStyle(field)?.emit : undefined;
  if (emit === Emit.NULL) return () => "null";
  const implicit = field.presence === FieldPresence.IMPLICIT && field.oneof === undefined;
  if (emit === Emit.OMIT || (emit !== Emit.DEFAULT && !(implicit && options.emitImplicit)))
    return () => undefined;
  return byDefault;
}

/** The default of a type: `null` if it has none and its JSON is not an object. */
function defaultText(field: DescField, write: WriteValue, types: WriteTypes): string {
  switch (field.fieldKind) {
    case "list":
      return "[]";
    case "map":
      return "{}";
    case "message":
      return types.emptyOf(field.message);
    case "enum":
      return write(zeroOf(field) as never);
    case "scalar":
      if (field.scalar === ScalarType.BYTES) return '""';
      return write(zeroOf(field) as never);
  }
}

function valueWriter(field: DescField, types: WriteTypes): WriteValue {
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message)) {
    // protobuf-es keeps the bare value here, and here only.
    return scalarWriter(field.message.fields[0].scalar, false);
  }
  const write = elementWriter(field, types);
  if (field.fieldKind === "list") return listWriter(write);
  if (field.fieldKind === "map") return (map: { [key: string]: never }) => writeEntries(map, write);
  return write;
}

function elementWriter(field: DescField, types: WriteTypes): WriteValue {
  const { styled } = types.options;
  if (field.message !== undefined) {
    return field.message.typeName === "google.protobuf.Struct"
      ? writeJsonValue
      : types.writerOf(field.message);
  }
  if (field.enum !== undefined) return enumWriter(field.enum, styled ? wireSpellings(field.enum) : undefined);
  return scalarWriter(field.scalar, styled && fieldStyle(field)?.jsonNumber === true);
}

function listWriter(write: WriteValue): WriteValue {
  return (list: readonly never[]) => {
    let text = "[";
    for (let i = 0; i < list.length; i++)
      text += i === 0 ? write(list[i] as never) : `,${write(list[i] as never)}`;
    return `${text}]`;
  };
}
