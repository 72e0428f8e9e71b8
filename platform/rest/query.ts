// Hot path: runs for every request with a query.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { FieldMaskSchema, type FieldMask } from "@bufbuild/protobuf/wkt";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import { printable, refusal, within } from "../codec/json-refusal.js";
import { parseBytesText } from "../codec/json-scalars.js";
import { Violation, type JsonReader } from "../codec/json.js";
import type { Pager } from "./page.js";
import type { Place } from "./place.js";
import { checkParts, newSeen, take, type Seen } from "./seen.js";
import { findSlot, type Slot, type TextStyle } from "./slot.js";
import { percentDecode } from "./target.js";

/** What a query may set, compiled for one binding. */
export interface QueryRules {
  readonly message: DescMessage;
  readonly style: TextStyle;
  /** Places that the path fills. */
  readonly path: readonly Place[];
  /** What the body fills: "*" for everything, the json_name of a field, or nothing. */
  readonly body: string | undefined;
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
    // A `+` in base64 that was not encoded has no other meaning (TRANSCODING 4.1).
    const value = decode(rawValue, !takesBytes(slot));
    try {
      if (rules.pager?.readers.has(slot.field) !== true) take(slot, seen);
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

function hasOtherSource(path: string, { path: places, body }: QueryRules): boolean {
  if (body === "*") return true;
  if (body !== undefined && related(path, body)) return true;
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

/** Readers of bytes are the same function everywhere. */
function takesBytes(slot: Slot): boolean {
  return "read" in slot && slot.read === parseBytesText;
}

function decode(text: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace && text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  const decoded = percentDecode(spaced);
  if (decoded === undefined)
    throw fail(Reason.PARAMETER_INVALID, "query has an escape that does not decode to UTF-8");
  return decoded;
}
