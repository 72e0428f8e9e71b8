// Hot path: runs for every member of every object of a JSON request.
import { printable, refusal, within } from "./json-refusal.js";
import { duplicate, skipValue, wrongKind } from "./json-skip.js";
import { enterMember, enterObject, nextMember, nullByte, openBraceByte, type Cursor } from "./json-text.js";
import { expectWord, keyIs, readString } from "./json-tokens.js";
import { readMasked } from "./json-mask.js";
import { readUnion, type UnionPlan } from "./json-union.js";
import type { OpenMessage } from "./message-factory.js";

/** How one message type is read. Made once; everything that depends on the descriptor is decided then. */
export interface MessagePlan {
  readonly make: () => OpenMessage;
  /** By json_name, proto name and alias. A Map, as the names looked up come from the client. */
  readonly fields: ReadonlyMap<string, FieldPlan>;
  /** In field-number order: the order that most writers use. */
  readonly order: readonly FieldPlan[];
  /** Whether members that are no fields are violations. */
  readonly rejectUnknown: boolean;
}

/** How one field is read. */
export interface FieldPlan {
  readonly jsonName: string;
  readonly protoName: string;
  /** The json_name as UTF-8, with the closing quote. */
  readonly key: Uint8Array;
  /** Its place in `order`. */
  readonly index: number;
  /** Whether `null` means that the field is not set; Value and NullValue have a null of their own. */
  readonly nullUnsets: boolean;
  /** The property of the oneof that the field is a member of. */
  readonly oneof: string | undefined;
  /** What to do in place of `read`: nothing, pass over the value, or come back when the discriminator is known. */
  readonly detour: "none" | "drop" | UnionPlan;
  /** Whether the value is an object of fields: one message, of no well-known type. */
  readonly ordinary: boolean;
  /** Whether an update mask names the members of the value in place of the field. */
  readonly deep: boolean;
  /** Reads the value that the cursor is at into the message. */
  readonly read: (c: Cursor, message: OpenMessage) => void;
}

/** Fields with a lower index are ticked off in the bits of a number. */
const bitsMax = 31;

/** Reads the members of an object into a message. In an Any, `@type` is not a member. */
export function readMembers(c: Cursor, plan: MessagePlan, message: OpenMessage, inAny: boolean): void {
  if (c.bytes[c.at] !== openBraceByte) throw wrongKind(c, "must be an object");
  let seenBits = 0;
  // The fields beyond the bits, and the names of unknown members.
  let seen: Set<FieldPlan | string> | undefined;
  let unions: [FieldPlan, UnionPlan, number][] | undefined;
  const order = plan.order;
  let expected = 0;
  let segment = "";
  try {
    for (let more = enterObject(c); more; more = nextMember(c)) {
      // A writer in field-number order lets us do without looking names up.
      let field = order[expected];
      if (field === undefined || !keyIs(c, field.key)) {
        segment = "";
        const key = readString(c);
        field = plan.fields.get(key);
        if (field === undefined) {
          segment = printable(key);
          seen ??= new Set();
          if (seen.has(key)) throw duplicate(key);
          seen.add(key);
          skipUnknown(c, plan.rejectUnknown && !(inAny && key === "@type"));
          continue;
        }
      }
      segment = field.jsonName;
      expected = field.index + 1;
      if (field.index < bitsMax) {
        const bit = 1 << field.index;
        if ((seenBits & bit) !== 0) throw duplicate(segment);
        seenBits |= bit;
      } else {
        seen ??= new Set();
        if (seen.has(field)) throw duplicate(segment);
        seen.add(field);
      }
      const first = enterMember(c);
      if (field.detour !== "none") {
        if (field.detour !== "drop" && first !== nullByte) (unions ??= []).push([field, field.detour, c.at]);
        skipValue(c);
      } else if (first === nullByte && field.nullUnsets) {
        expectWord(c, "null");
        c.mask?.onPath(c.mask.prefix + field.protoName);
      } else {
        if (field.oneof !== undefined) expectUnset(message, field.oneof);
        if (c.mask === undefined) field.read(c, message);
        else readMasked(c, field, message);
      }
    }
    if (unions !== undefined) {
      for (const [field, union, at] of unions) {
        segment = field.jsonName;
        readUnion(c, union, at, message, plan.rejectUnknown);
      }
    }
  } catch (cause) {
    throw within(segment, cause);
  }
}

function skipUnknown(c: Cursor, reject: boolean): void {
  enterMember(c);
  skipValue(c);
  // Only now, so that malformed text is reported as what it is.
  if (reject) throw refusal("UNKNOWN_FIELD", "no such field");
}

/** Refuses a second member of a oneof. */
export function expectUnset(message: OpenMessage, oneof: string): void {
  // A cast: the property of a oneof holds such an object in every message of protobuf-es.
  const { case: set } = message[oneof] as { case: string | undefined };
  if (set !== undefined) throw refusal("ONEOF_CONFLICT", "another member of the same oneof is given");
}
