// Hot path: runs for every request with a query.
import { create, ScalarType, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  DurationSchema,
  FieldMaskSchema,
  TimestampSchema,
  type Duration,
  type FieldMask,
  type Timestamp,
} from "@bufbuild/protobuf/wkt";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import { printable, refusal, within } from "../codec/json-refusal.js";
import { durationInRange, timestampInRange } from "../codec/json-time.js";
import { Violation, type JsonReader } from "../codec/json.js";
import type { Pager } from "./page.js";
import type { Place } from "./place.js";
import { findSlot, type Slot, type TextStyle } from "./slot.js";
import { percentDecode } from "./target.js";

/** What a query may set, compiled for one binding. */
export interface QueryRules {
  readonly message: DescMessage;
  readonly style: TextStyle;
  /** Places that the path fills. */
  readonly path: readonly Place[];
  /** What the body fills: everything, the field with this json_name, or nothing. */
  readonly body: "*" | { readonly field: string } | undefined;
  readonly pager: Pager | undefined;
  /** Whether a parameter that names no field is passed over. */
  readonly ignored: (key: string) => boolean;
  readonly parametersMax: number;
  /** Reads Struct, Value and ListValue. */
  readonly reader: (message: DescMessage) => JsonReader;
}

/** Reads a query into a message: each field from one source, each singular field once (TRANSCODING section 5). */
export interface QueryBinder {
  /**
   * Appends to `violations` what the query breaks.
   *
   * @throws ConnectError PARAMETER_INVALID if the query as a whole cannot be read.
   */
  bind(message: Message, query: string, violations: Violation[]): void;
}

/** Violations in one answer. The first ones help; the rest would only make the answer long. */
const violationsMax = 20;
/** Keys whose slot is kept. More exist only where messages are nested in themselves. */
const slotsMax = 256;

/** Compiles the query half of a binding. */
export function queryBinder(rules: QueryRules): QueryBinder {
  const slots = new Map<string, Slot>();

  function slotFor(key: string): Slot | undefined {
    let slot = slots.get(key);
    if (slot !== undefined) return slot;
    slot = findSlot(rules.message, key, rules.style);
    const clamped = slot === undefined ? undefined : rules.pager?.readers.get(slot.field);
    if (slot !== undefined && clamped !== undefined) slot = { ...slot, kind: "single", read: clamped };
    if (slot !== undefined && slot.kind !== "map" && slots.size < slotsMax) slots.set(key, slot);
    return slot;
  }

  function parameter(message: Message, rawKey: string, rawValue: string, seen: Seen): void {
    const key = decode(rawKey, true);
    if (key === "") throw fail(Reason.PARAMETER_INVALID, "query has a parameter without a name");
    let slot: Slot | undefined;
    try {
      slot = slotFor(key);
    } catch (error) {
      throw within(printable(key), error);
    }
    if (slot === undefined) {
      if (rules.ignored(key)) return;
      throw new Violation(printable(key), "UNKNOWN_FIELD", "no such parameter");
    }
    const path = slot.kind === "map" ? `${slot.path}[${printable(slot.entry)}]` : slot.path;
    if (hasOtherSource(slot.path, rules)) {
      throw new Violation(path, "SOURCE_CONFLICT", "comes from the path or the body");
    }
    if (rules.pager?.readers.has(slot.field) !== true) claim(slot, path, seen);
    // A `+` in base64 that was not encoded has no other meaning (TRANSCODING 4.1).
    const value = decode(rawValue, !takesBytes(slot));
    try {
      put(message, slot, value);
    } catch (error) {
      throw within(path, error);
    }
  }

  /** Reads the value and sets it. Violations have no path yet. */
  function put(message: Message, slot: Slot, text: string): void {
    switch (slot.kind) {
      case "single":
        return slot.set(message, slot.read(text));
      case "list":
        if (!slot.commas) return slot.set(message, slot.read(text));
        for (const part of text.split(",")) slot.set(message, slot.read(part));
        return;
      case "map":
        return setEntry(message, slot, slot.entry, slot.read(text));
      case "mask":
        return addPaths(message, slot, slot.read(text).paths);
      case "json":
        return readJson(message, slot, text);
      case "none":
        throw refusal("INVALID_VALUE", "takes no text");
    }
  }

  function readJson(message: Message, slot: Slot, text: string): void {
    try {
      // The parent is a message; Fields is only another view of it.
      const parent = slot.parentOf(message) as unknown as Message;
      rules.reader(slot.field.parent).readField(parent, slot.field, Buffer.from(text));
    } catch (error) {
      if (error instanceof Violation) throw refusal(error.reason, error.message);
      throw error;
    }
  }

  return {
    bind(message, query, violations) {
      const seen = newSeen(rules.path);
      let count = 0;
      for (let from = 0; from < query.length;) {
        let to = query.indexOf("&", from);
        if (to < 0) to = query.length;
        if (to > from) {
          if (++count > rules.parametersMax) {
            throw fail(Reason.PARAMETER_INVALID, `query has more than ${rules.parametersMax} parameters`);
          }
          let equals = query.indexOf("=", from);
          if (equals < 0 || equals > to) equals = to;
          try {
            parameter(message, query.slice(from, equals), query.slice(equals + 1, to), seen);
          } catch (error) {
            if (!(error instanceof Violation)) throw error;
            if (violations.length < violationsMax) violations.push(error);
          }
        }
        from = to + 1;
      }
      checkParts(message, seen, violations);
    },
  };
}

/** What was set so far, to find the second source of a field. */
interface Seen {
  /** Singular fields and map entries. */
  readonly values: Set<string>;
  /** Messages of which a part was set. */
  readonly parents: Set<string>;
  /** Members of oneofs, by the path of the oneof. */
  readonly groups: Map<string, string>;
  /** Slots inside a Timestamp or Duration. */
  parts: Slot[] | undefined;
}

function newSeen(path: readonly Place[]): Seen {
  const seen: Seen = { values: new Set(), parents: new Set(), groups: new Map(), parts: undefined };
  for (const place of path) joinGroups(place, seen);
  return seen;
}

function claim(slot: Slot, path: string, seen: Seen): void {
  if (!joinGroups(slot, seen))
    throw new Violation(path, "ONEOF_CONFLICT", "another member of the oneof is given");
  if (slot.kind === "list" || slot.kind === "mask" || slot.kind === "none") return;
  let duplicate = seen.values.has(path) || seen.parents.has(path);
  for (let dot = path.indexOf("."); dot >= 0 && dot < slot.path.length; dot = path.indexOf(".", dot + 1)) {
    const parent = path.slice(0, dot);
    duplicate ||= seen.values.has(parent);
    seen.parents.add(parent);
  }
  if (duplicate) throw new Violation(path, "DUPLICATE_FIELD", "given more than once");
  seen.values.add(path);
  const within = slot.field.parent.typeName;
  if (within === TimestampSchema.typeName || within === DurationSchema.typeName)
    (seen.parts ??= []).push(slot);
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
function checkParts(message: Message, seen: Seen, violations: Violation[]): void {
  for (const slot of seen.parts ?? []) {
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

function hasOtherSource(path: string, { path: places, body }: QueryRules): boolean {
  if (body === "*") return true;
  if (body !== undefined && related(path, body.field)) return true;
  for (const place of places) if (related(path, place.path)) return true;
  return false;
}

/** Whether two paths are equal, or one leads through the other. */
function related(a: string, b: string): boolean {
  if (a.length === b.length) return a === b;
  return a.length > b.length
    ? a.startsWith(b) && a[b.length] === "."
    : b.startsWith(a) && b[a.length] === ".";
}

function setEntry(message: Message, place: Place, key: string, value: unknown): void {
  const { field } = place;
  // A map field is always there, as an object.
  const entries = place.parentOf(message)[field.localName] as Record<string, unknown>;
  const entry = field.message === undefined ? value : create(field.message, { value });
  // Defined, not assigned, since `__proto__` is a key like others.
  Object.defineProperty(entries, key, { value: entry, enumerable: true, configurable: true, writable: true });
}

function addPaths(message: Message, place: Place, paths: readonly string[]): void {
  // The field is a FieldMask.
  let mask = place.get(message) as FieldMask | undefined;
  if (mask === undefined) {
    mask = create(FieldMaskSchema);
    place.set(message, mask);
  }
  for (const path of paths) if (!mask.paths.includes(path)) mask.paths.push(path);
}

function takesBytes({ field }: Slot): boolean {
  const scalar = field.message?.fields[0]?.scalar ?? field.scalar;
  return (
    scalar === ScalarType.BYTES &&
    (field.message === undefined || field.message.typeName === "google.protobuf.BytesValue")
  );
}

function decode(text: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace && text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  const decoded = percentDecode(spaced);
  if (decoded === undefined)
    throw fail(Reason.PARAMETER_INVALID, "query has an escape that does not decode to UTF-8");
  return decoded;
}
