// A oneof that is one JSON key in enveloped services, for example `data`, whose member follows from a sibling field, for
// example `type`: the `trunkline.v1.oneof` option.
import type { DescField, DescOneof } from "@bufbuild/protobuf";

import { readMasked } from "./json-mask.js";
import { expectUnset, type FieldPlan } from "./json-read-message.js";
import { refusal } from "./json-refusal.js";
import { wireSpellings } from "./json-style.js";
import type { Cursor } from "./json-text.js";
import type { OpenMessage } from "./message-factory.js";

/** How such a oneof is read, once the discriminator is known. */
export interface UnionPlan {
  readonly oneof: string;
  /** The name of the member that the message's discriminator asks for; undefined while it is not set. */
  readonly memberName: (message: OpenMessage) => string | undefined;
  readonly members: ReadonlyMap<string, FieldPlan>;
}

/** Makes the plan. Throws Error if the contract names a discriminator that can't be one. */
export function unionPlan(
  oneof: DescOneof,
  discriminator: string,
  fields: ReadonlyMap<string, FieldPlan>,
): UnionPlan {
  const sibling = oneof.parent.fields.find(({ name }) => name === discriminator);
  if (sibling === undefined) throw new Error(`${oneof.toString()}: no field ${discriminator} beside it`);
  const members = new Map<string, FieldPlan>();
  for (const { name } of oneof.fields) {
    const plan = fields.get(name);
    if (plan !== undefined) members.set(name, plan);
  }
  return { oneof: oneof.localName, memberName: memberNameOf(sibling), members };
}

function memberNameOf(sibling: DescField): (message: OpenMessage) => string | undefined {
  const { localName } = sibling;
  if (sibling.fieldKind === "enum") {
    const spellings = wireSpellings(sibling.enum);
    const names = new Map(
      sibling.enum.values.map(({ number, name }) => [number, (spellings.get(number) ?? name).toLowerCase()]),
    );
    return (message) => {
      const value = message[localName];
      if (typeof value !== "number" || value === 0) return undefined;
      return names.get(value) ?? String(value);
    };
  }
  if (sibling.fieldKind === "scalar") {
    return (message) => {
      const value = message[localName];
      return typeof value === "string" && value !== "" ? value.toLowerCase() : undefined;
    };
  }
  throw new Error(`${sibling.toString()} can't be a discriminator`);
}

/**
 * Goes back to the value at `at`, which was passed over, and reads it into the member that the discriminator names. Its
 * path comes last in an update mask, whatever its place in the document.
 */
export function readUnion(
  c: Cursor,
  union: UnionPlan,
  at: number,
  message: OpenMessage,
  rejectUnknown: boolean,
): void {
  const name = union.memberName(message);
  if (name === undefined) throw refusal("INVALID_VALUE", "the field that tells its kind is not given");
  const member = union.members.get(name);
  if (member === undefined) {
    if (rejectUnknown) throw refusal("UNKNOWN_FIELD", "no such field for this kind");
    return;
  }
  expectUnset(message, union.oneof);
  const end = c.at;
  c.at = at;
  // The object around the value was left already.
  c.depth++;
  readMasked(c, member, message);
  c.depth--;
  c.at = end;
}
