import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { anyUnpack, isWrapperDesc, hasCustomJsonRepresentation, type Any } from "@bufbuild/protobuf/wkt";

import type { JsonWriteOptions, JsonWriter } from "./json.js";
import { formatFieldMask } from "./json-field-mask.js";
import { formatDuration, formatTimestamp } from "./json-time.js";
import { fieldWriter, type FieldWriter, type WriteTypes } from "./json-write-field.js";
import { scalarWriter, writeString, type WriteValue } from "./json-write-scalar.js";
import { writeListValue, writeStruct, writeValue } from "./json-write-struct.js";
import type { OpenMessage } from "./message-factory.js";

/**
 * The writer of a message type. Compiled on first use and kept for as long as the options object lives, so options are
 * made once, at start-up. It throws Error for a message that JSON can't say, for example a Timestamp out of range or an
 * Any of an unknown type: that is a fault of the server.
 */
export function jsonWriter(desc: DescMessage, options: JsonWriteOptions): JsonWriter {
  let types = typesOf.get(options);
  if (types === undefined) {
    types = jsonWriters(options);
    typesOf.set(options, types);
  }
  return types(desc);
}

const typesOf = new WeakMap<JsonWriteOptions, (desc: DescMessage) => JsonWriter>();

/** Everything that is compiled for one options object. */
function jsonWriters(options: JsonWriteOptions): (desc: DescMessage) => JsonWriter {
  const plans = new WeakMap<DescMessage, FieldWriter[]>();
  const writers = new WeakMap<DescMessage, WriteValue>();
  const jsonWriterOf = new WeakMap<DescMessage, JsonWriter>();
  const types: WriteTypes = { options, writerOf, emptyOf };

  function planOf(desc: DescMessage): readonly FieldWriter[] {
    let plan = plans.get(desc);
    if (plan === undefined) {
      plan = [];
      // Kept before its fields are compiled, as they may lead back to it.
      plans.set(desc, plan);
      for (const field of desc.fields.toSorted((a, b) => a.number - b.number))
        plan.push(fieldWriter(field, types));
    }
    return plan;
  }

  function writerOf(desc: DescMessage): WriteValue {
    let writer = writers.get(desc);
    if (writer === undefined) {
      writer = wellKnownWriter(desc, writeAny) ?? objectWriter(planOf(desc));
      writers.set(desc, writer);
    }
    return writer;
  }

  function emptyOf(desc: DescMessage): string {
    const isObject = !hasCustomJsonRepresentation(desc) || /\.(?:Any|Struct)$/.test(desc.typeName);
    return isObject ? writeMessage(desc, create(desc)) : "null";
  }

  function writeMessage(desc: DescMessage, message: Message): string {
    // A cast: the writer was made for this very type.
    return writerOf(desc)(message as never);
  }

  function writeAny(any: Any): string {
    if (any.typeUrl === "") return "{}";
    const message = anyUnpack(any, options.registry);
    const desc = message && options.registry.getMessage(message.$typeName);
    if (message === undefined || desc === undefined)
      throw new Error(`an Any holds an unknown type: ${any.typeUrl}`);
    const type = `"@type":${writeString(any.typeUrl)}`;
    const text = writeMessage(desc, message);
    if (hasCustomJsonRepresentation(desc)) return `{${type},"value":${text}}`;
    return text === "{}" ? `{${type}}` : `{${type},${text.slice(1)}`;
  }

  return (desc) => {
    let writer = jsonWriterOf.get(desc);
    if (writer === undefined) {
      const write = writerOf(desc);
      const fields = new Map(planOf(desc).map((field) => [field.protoName, field]));
      writer = {
        // A cast: callers give messages of the type that they asked the writer for.
        write: (message) => write(message as never),
        writeField(message, { name }) {
          const field = fields.get(name);
          if (field === undefined) throw new Error(`${desc.typeName} has no field ${name}`);
          return field.value(message);
        },
      };
      jsonWriterOf.set(desc, writer);
    }
    return writer;
  };
}

function objectWriter(plan: readonly FieldWriter[]): WriteValue {
  return (message: OpenMessage) => {
    let members = "";
    for (const field of plan) members = field.append(members, message);
    return `{${members}}`;
  };
}

/** The types whose JSON is not an object of their fields. Empty is an ordinary message. */
function wellKnownWriter(desc: DescMessage, writeAny: (any: Any) => string): WriteValue | undefined {
  switch (desc.typeName) {
    case "google.protobuf.Any":
      return writeAny;
    case "google.protobuf.Timestamp":
      return quoted(formatTimestamp);
    case "google.protobuf.Duration":
      return quoted(formatDuration);
    case "google.protobuf.FieldMask":
      return (mask: never) => writeString(formatFieldMask(mask));
    case "google.protobuf.Struct":
      return writeStruct;
    case "google.protobuf.Value":
      return writeValue;
    case "google.protobuf.ListValue":
      return writeListValue;
    default:
      return isWrapperDesc(desc) ? wrapperWriter(scalarWriter(desc.fields[0].scalar, false)) : undefined;
  }
}

/** Times need no escapes. */
function quoted(format: (message: never) => string): WriteValue {
  return (message: never) => `"${format(message)}"`;
}

/** A wrapper in a list, a map or a oneof is a message. */
function wrapperWriter(write: WriteValue): WriteValue {
  return ({ value }: { value: never }) => write(value);
}
