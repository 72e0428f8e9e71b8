import type { Message } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import { refusal } from "../codec/json-refusal.js";
import { durationInRange, timestampInRange } from "../codec/json-time.js";
import { Violation } from "../codec/json.js";
import type { Place } from "./place.js";
import type { Slot } from "./slot.js";

/** What was set so far, to find the second source of a field. */
export interface Seen {
  /** Singular fields and map entries. */
  readonly values: Set<string>;
  /** Messages of which a part was set. */
  readonly parents: Set<string>;
  /** Members of oneofs, by the path of the oneof. */
  readonly groups: Map<string, string>;
  /** The last slot that was set inside each Timestamp and Duration, by the path of these. */
  parts: Map<string, Slot> | undefined;
}

/** Nothing but the places that the path fills. */
export function newSeen(path: readonly Place[]): Seen {
  const seen: Seen = { values: new Set(), parents: new Set(), groups: new Map(), parts: undefined };
  for (const place of path) joinGroups(place, seen);
  return seen;
}

/**
 * Takes a slot for a value. Lists and masks may be taken again.
 *
 * @throws Violation without a path: DUPLICATE_FIELD, ONEOF_CONFLICT.
 */
export function take(slot: Slot, seen: Seen): void {
  if (!joinGroups(slot, seen)) throw refusal("ONEOF_CONFLICT", "another member of the oneof is given");
  if (slot.kind === "list" || slot.kind === "mask" || slot.kind === "none") return;
  const { path } = slot;
  const value = slot.kind === "map" ? `${path}[${slot.entry}]` : path;
  let duplicate = seen.values.has(value) || seen.parents.has(path);
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const parent = path.slice(0, dot);
    duplicate ||= seen.values.has(parent);
    seen.parents.add(parent);
  }
  if (duplicate) throw refusal("DUPLICATE_FIELD", "given more than once");
  seen.values.add(value);
  const { typeName } = slot.field.parent;
  if (typeName === TimestampSchema.typeName || typeName === DurationSchema.typeName) {
    (seen.parts ??= new Map()).set(path.slice(0, path.lastIndexOf(".")), slot);
  }
}

/** Notes the members of oneofs that lead to a place. False if one of them has another member already. */
function joinGroups(place: Place, seen: Seen): boolean {
  let prefix = "";
  for (const field of place.chain) {
    if (field.oneof !== undefined) {
      const group = `${prefix}${field.oneof.name}`;
      const member = seen.groups.get(group);
      if (member !== undefined && member !== field.name) return false;
      seen.groups.set(group, field.name);
    }
    prefix += `${field.name}.`;
  }
  return true;
}

/** Timestamps and Durations that were given in parts have to be in range as a whole. */
export function checkParts(message: Message, seen: Seen, violations: Violation[]): void {
  for (const slot of seen.parts?.values() ?? []) {
    // `parts` holds fields of these two types only.
    const whole = slot.parentOf(message) as unknown as Timestamp | Duration;
    const fits =
      whole.$typeName === TimestampSchema.typeName ? timestampInRange(whole) : durationInRange(whole);
    if (!fits)
      violations.push(
        new Violation(slot.path, "OUT_OF_RANGE", "seconds and nanos do not make a valid value"),
      );
  }
}
