import { equals, type DescField, type Message } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { Violation } from "../codec/json.js";
import { read, type Fields, type Place } from "./place.js";

/**
 * Sets a path value in a message that came from a body. The body may repeat it, but say nothing else (TRANSCODING 6.5).
 *
 * @throws Violation SOURCE_CONFLICT or ONEOF_CONFLICT, at the field of the body.
 */
export function overlay(message: Message, place: Place, value: unknown): void {
  const other = otherMember(message, place.chain);
  if (other !== undefined)
    throw new Violation(other, "ONEOF_CONFLICT", "the path sets another member of the oneof");
  const given = place.get(message);
  if (given !== undefined && !isUnset(place.field, given) && !isSame(place.field, given, value)) {
    throw new Violation(place.path, "SOURCE_CONFLICT", "differs from the value in the path");
  }
  place.set(message, value);
}

/** The path of a oneof's member that is set where the chain leads through another one. */
export function otherMember(message: Message, chain: readonly DescField[]): string | undefined {
  let fields: Fields | undefined = message;
  const path: string[] = [];
  for (const field of chain) {
    if (field.oneof !== undefined) {
      // A oneof is stored as its case and the value of that case.
      const member = (fields[field.oneof.localName] as { case: string | undefined }).case;
      const other = field.oneof.fields.find((f) => f.localName === member);
      if (other !== undefined && other !== field) return [...path, other.jsonName].join(".");
    }
    path.push(field.jsonName);
    // All fields of a chain but the last are messages, and the last one's value is not looked into.
    fields = read(fields, field) as Fields | undefined;
    if (fields === undefined) return undefined;
  }
  return undefined;
}

/** Whether a field without presence has its default, which is the same as not being given. */
function isUnset(field: DescField, value: unknown): boolean {
  if (field.presence !== Presence.IMPLICIT) return false;
  return (
    value === "" ||
    value === 0 ||
    value === 0n ||
    value === false ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

function isSame(field: DescField, a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (typeof a === "object" && field.message !== undefined) {
    // Path values that are objects are messages of the field's type: Timestamp, Duration, FieldMask.
    return equals(field.message, a as Message, b as Message);
  }
  return Object.is(a, b);
}
