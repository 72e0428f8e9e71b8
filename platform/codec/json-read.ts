import type { DescMessage, Message } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

import type { JsonReadOptions, JsonReader } from "./json.js";
import { parseFieldMaskJson } from "./json-field-mask.js";
import { anyReader } from "./json-read-any.js";
import { readMembers, type FieldPlan, type MessagePlan } from "./json-read-message.js";
import { addFields } from "./json-read-plan.js";
import { readStringValue, scalarReader, type ReadValue } from "./json-read-scalar.js";
import { readListValue, readStruct, readValue } from "./json-read-struct.js";
import { within } from "./json-refusal.js";
import { expectEnd, nullByte, openText, skipSpace } from "./json-text.js";
import { expectWord } from "./json-tokens.js";
import { parseDurationText, parseTimestampText } from "./json-time.js";
import { messageFactory } from "./message-factory.js";

/**
 * The reader of a message type. Compiled on first use and kept for as long as the options object lives, so options are
 * made once, at start-up.
 *
 * What it accepts is proto3 JSON less what TRANSCODING.md 6.2 and 6.3 forbid; json-read.test.ts lists where that differs
 * from protobuf-es. Extensions (proto2) are unknown members. Strings may be slices of the whole text, and keep it in memory
 * for as long as they live.
 */
export function jsonReader(desc: DescMessage, options: JsonReadOptions): JsonReader {
  let types = typesOf.get(options);
  if (types === undefined) {
    types = readTypes(options);
    typesOf.set(options, types);
  }
  return types.jsonReaderOf(desc);
}

const typesOf = new WeakMap<JsonReadOptions, ReadTypes>();

/** Everything that was compiled for one options object. */
interface ReadTypes {
  jsonReaderOf(desc: DescMessage): JsonReader;
}

function readTypes(options: JsonReadOptions): ReadTypes {
  const { lenient, registry } = options;
  const rejectUnknown = options.unknownFields === "reject";
  const plans = new WeakMap<DescMessage, MessagePlan>();
  const readers = new WeakMap<DescMessage, ReadValue>();
  const jsonReaders = new WeakMap<DescMessage, JsonReader>();
  const types = { lenient, rejectUnknown, find: registry.getMessage.bind(registry), planOf, readerOf };
  const readAny = anyReader(types);

  function planOf(desc: DescMessage): MessagePlan {
    let plan = plans.get(desc);
    if (plan === undefined) {
      const fields = new Map<string, FieldPlan>();
      const order: FieldPlan[] = [];
      plan = { make: messageFactory(desc), fields, order, rejectUnknown };
      // Kept before its fields are compiled, as they may lead back to it.
      plans.set(desc, plan);
      addFields(desc, fields, order, types);
    }
    return plan;
  }

  function readerOf(desc: DescMessage): ReadValue {
    let reader = readers.get(desc);
    if (reader === undefined) {
      reader = wellKnownReader(desc, lenient, readAny) ?? objectReader(planOf(desc));
      readers.set(desc, reader);
    }
    return reader;
  }

  function jsonReaderOf(desc: DescMessage): JsonReader {
    let reader = jsonReaders.get(desc);
    if (reader === undefined) {
      reader = { read: textReader(readerOf(desc)), readField: fieldTextReader(planOf(desc)) };
      jsonReaders.set(desc, reader);
    }
    return reader;
  }

  return { jsonReaderOf };
}

function textReader(readMessage: ReadValue): JsonReader["read"] {
  return (text) => {
    const c = openText(text);
    skipSpace(c);
    // A cast: the reader of a message type returns messages.
    const message = readMessage(c) as Message;
    expectEnd(c);
    return message;
  };
}

function fieldTextReader({ fields }: MessagePlan): JsonReader["readField"] {
  return (target, { name }, text, onPath) => {
    const field = fields.get(name);
    if (field === undefined) throw new Error(`${target.$typeName} has no field ${name}`);
    const c = openText(text);
    try {
      if (skipSpace(c) === nullByte && field.nullUnsets) {
        expectWord(c, "null");
      } else {
        if (onPath !== undefined && field.ordinary) c.mask = { prefix: "", onPath };
        field.read(c, target);
      }
      expectEnd(c);
    } catch (cause) {
      throw within(field.jsonName, cause);
    }
  };
}

function objectReader(plan: MessagePlan): ReadValue {
  return (c) => {
    const message = plan.make();
    readMembers(c, plan, message, false);
    return message;
  };
}

/** The types whose JSON is not an object of their fields. Empty is an ordinary message. */
function wellKnownReader(desc: DescMessage, lenient: boolean, readAny: ReadValue): ReadValue | undefined {
  switch (desc.typeName) {
    case "google.protobuf.Any":
      return readAny;
    case "google.protobuf.Timestamp":
      return (c) => parseTimestampText(readStringValue(c));
    case "google.protobuf.Duration":
      return (c) => parseDurationText(readStringValue(c));
    case "google.protobuf.FieldMask":
      return (c) => parseFieldMaskJson(readStringValue(c));
    case "google.protobuf.Struct":
      return readStruct;
    case "google.protobuf.Value":
      return readValue;
    case "google.protobuf.ListValue":
      return readListValue;
    default:
      return isWrapperDesc(desc)
        ? wrapperReader(desc, scalarReader(desc.fields[0].scalar, lenient))
        : undefined;
  }
}

/** A wrapper in a list, a map or a oneof is a message. */
function wrapperReader({ typeName }: DescMessage, read: ReadValue): ReadValue {
  return (c) => ({ $typeName: typeName, value: read(c) });
}
