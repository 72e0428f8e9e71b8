// Any: the only type whose JSON must be read twice, as `@type` may stand anywhere in the object.
import { toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, type Any } from "@bufbuild/protobuf/wkt";

import { readMembers, type MessagePlan } from "./json-read-message.js";
import type { ReadValue } from "./json-read-scalar.js";
import { printable, refusal, within } from "./json-refusal.js";
import { duplicate, skipValue, wrongKind } from "./json-skip.js";
import { enterMember, enterObject, nextMember, openBraceByte, type Cursor } from "./json-text.js";
import { readString } from "./json-tokens.js";

/** What reading an Any asks of the rest of the reader. */
export interface AnyTypes {
  readonly rejectUnknown: boolean;
  find(typeName: string): DescMessage | undefined;
  planOf(desc: DescMessage): MessagePlan;
  readerOf(desc: DescMessage): ReadValue;
}

/** How an Any is read: `{}`, or an object with a `@type` that can be resolved (TRANSCODING.md 6.3). */
export function anyReader(types: AnyTypes): ReadValue {
  return (c) => readAny(c, types);
}

function readAny(c: Cursor, types: AnyTypes): Any {
  if (c.bytes[c.at] !== openBraceByte) throw wrongKind(c, "must be an object");
  const typeUrl = typeUrlAt(c);
  if (typeUrl === undefined) return readEmpty(c);
  const desc = types.find(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (desc === undefined) throw refusal("INVALID_VALUE", "has an unknown @type", typeUrl);
  const message = hasCustomJsonRepresentation(desc)
    ? readWrapped(c, desc, types)
    : readInline(c, desc, types);
  return { $typeName: "google.protobuf.Any", typeUrl, value: binary(desc, message) };
}

function readEmpty(c: Cursor): Any {
  if (enterObject(c)) throw refusal("INVALID_VALUE", "has no @type");
  return { $typeName: "google.protobuf.Any", typeUrl: "", value: new Uint8Array(0) };
}

/** The fields stand beside `@type`. */
function readInline(c: Cursor, desc: DescMessage, types: AnyTypes): Message {
  const plan = types.planOf(desc);
  const message = plan.make();
  readMembers(c, plan, message, true);
  return message;
}

/** `{"@type": ..., "value": ...}`, for types whose JSON is not an object of fields. */
function readWrapped(c: Cursor, desc: DescMessage, types: AnyTypes): Message {
  const read = types.readerOf(desc);
  const seen = new Set<string>();
  let message: Message | undefined;
  let segment = "";
  try {
    for (let more = enterObject(c); more; more = nextMember(c)) {
      const key = readString(c);
      segment = printable(key);
      if (seen.has(key)) throw duplicate(key);
      seen.add(key);
      enterMember(c);
      if (key === "value") {
        // A cast: the reader of a message type returns messages.
        message = read(c) as Message;
      } else {
        skipValue(c);
        if (types.rejectUnknown && key !== "@type") throw refusal("UNKNOWN_FIELD", "no such field");
      }
    }
    segment = "value";
    if (message === undefined) throw refusal("INVALID_VALUE", "is required for this @type");
    return message;
  } catch (cause) {
    throw within(segment, cause);
  }
}

function binary(desc: DescMessage, message: Message): Uint8Array {
  try {
    return toBinary(desc, message);
  } catch {
    throw refusal("INVALID_VALUE", "is not a complete message");
  }
}

/**
 * The `@type` of the object that the cursor is at; the cursor stays. One pass notes the types of all objects inside as
 * well: a pass for each level would let a hundred nested Any read a large body a hundred times.
 */
function typeUrlAt(c: Cursor): string | undefined {
  if (c.types === undefined || c.at >= c.typesUpTo) {
    const { at, depth } = c;
    c.types = new Map();
    skipValue(c, c.types);
    c.typesUpTo = c.at;
    c.at = at;
    c.depth = depth;
  }
  return c.types.get(c.at);
}
