import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { parseFieldMaskText } from "../codec/json-field-mask.js";
import { refusal } from "../codec/json-refusal.js";
import { parseBytesText, parseEnumText, parseScalarText } from "../codec/json-scalars.js";
import { fieldStyle, wireSpellings } from "../codec/json-style.js";
import { parseDurationText, parseTimestampText } from "../codec/json-time.js";
import { fieldByName } from "./names.js";
import { placeOf, type Place } from "./place.js";

/** Reads a decoded text as a value, after TRANSCODING section 4. Throws Violation without a path. */
export type TextReader<T = unknown> = (text: string) => T;

/** How texts are read in one service. */
export interface TextStyle {
  /** Whether enum values may be spelt as their `trunkline.v1.wire`. */
  readonly wireNames: boolean;
  /** Whether repeated enums and ids may be comma lists. */
  readonly commaLists: boolean;
}

/**
 * Where a text goes, and how it is read there.
 *
 * - `single`: one value, at most once.
 * - `list`: one element an occurrence; `commas` says whether one text may hold several.
 * - `map`: the entry `entry`.
 * - `mask`: paths of a FieldMask, put together.
 * - `json`: JSON text for Struct, Value and ListValue, at most once; it has no `read`.
 * - `none`: a field that takes no text at all.
 */
export type Slot = Place &
  (
    | { readonly kind: "single"; readonly read: TextReader }
    | { readonly kind: "list"; readonly read: TextReader; readonly commas: boolean }
    | { readonly kind: "map"; readonly read: TextReader; readonly entry: string }
    | { readonly kind: "mask"; readonly read: typeof parseFieldMaskText }
    | { readonly kind: "json" }
    | { readonly kind: "none" }
  );

/** Deepest nesting of names in a key (TRANSCODING 15.3). */
const namesMax = 100;

/**
 * Finds the slot that a key of a query or a path variable names: names joined by dots, each a json_name, proto name or
 * alias, `[key]` at the end for a map entry (TRANSCODING 5.2, 5.6). Undefined if the key leads nowhere.
 *
 * @throws Violation if the key of a map entry does not fit its type.
 */
export function findSlot(message: DescMessage, key: string, style: TextStyle): Slot | undefined {
  const bracket = key.endsWith("]") ? key.indexOf("[") : -1;
  const names = (bracket < 0 ? key : key.slice(0, bracket)).split(".");
  if (names.length > namesMax) return undefined;
  const chain: DescField[] = [];
  let parent: DescMessage | undefined = message;
  for (const name of names) {
    const field: DescField | undefined = parent === undefined ? undefined : fieldByName(parent, name);
    if (field === undefined) return undefined;
    // A wrapper's `value` is another name of the wrapper itself, and a mask's `paths` of the mask.
    if (
      parent === undefined ||
      !(isWrapperDesc(parent) || parent.typeName === fieldMask) ||
      chain.length === 0
    )
      chain.push(field);
    parent = field.fieldKind === "message" && !closed.has(field.message.typeName) ? field.message : undefined;
  }
  if (bracket >= 0) return mapSlot(chain, key.slice(bracket + 1, -1), style);
  return slotOf(throughFilter(chain), style);
}

const fieldMask = "google.protobuf.FieldMask";
/** Messages whose fields are no parameters (TRANSCODING 4.9). */
const closed = new Set([
  "google.protobuf.Any",
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
  "google.protobuf.Empty",
]);

/** The bare name of a filter message stands for its member with `query_self`. */
function throughFilter(chain: readonly DescField[]): readonly DescField[] {
  const last = chain.at(-1);
  const self =
    last?.fieldKind === "message"
      ? last.message.fields.find((f) => fieldStyle(f)?.querySelf === true)
      : undefined;
  return self === undefined ? chain : [...chain, self];
}

function slotOf(chain: readonly DescField[], style: TextStyle): Slot {
  const place = placeOf(chain);
  const { field } = place;
  if (chain.some((f) => f.parent.typeName === "google.api.HttpBody")) return { ...place, kind: "none" };
  switch (field.fieldKind) {
    case "scalar":
      if (fieldStyle(field)?.queryPresence === true) return { ...place, kind: "single", read: () => true };
      return { ...place, kind: "single", read: scalarText(field.scalar, field.longAsString) };
    case "enum":
      return { ...place, kind: "single", read: enumText(field.enum, style) };
    case "message":
      return messageSlot(place, field.message);
    case "list": {
      const read = elementText(field, style);
      if (read === undefined) return { ...place, kind: "none" };
      return { ...place, kind: "list", read, commas: style.commaLists && takesCommas(field) };
    }
    case "map":
      return { ...place, kind: "none" };
  }
}

function messageSlot(place: Place, message: DescMessage): Slot {
  if (isWrapperDesc(message)) {
    const [value] = message.fields;
    return { ...place, kind: "single", read: scalarText(value.scalar, value.longAsString) };
  }
  switch (message.typeName) {
    case "google.protobuf.Timestamp":
      return { ...place, kind: "single", read: parseTimestampText };
    case "google.protobuf.Duration":
      return { ...place, kind: "single", read: parseDurationText };
    case fieldMask:
      return { ...place, kind: "mask", read: parseFieldMaskText };
    case "google.protobuf.Struct":
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
      return { ...place, kind: "json" };
    default:
      return { ...place, kind: "none" };
  }
}

function mapSlot(chain: readonly DescField[], entry: string, style: TextStyle): Slot | undefined {
  const place = placeOf(chain);
  const { field } = place;
  if (field.fieldKind !== "map") return undefined;
  const read = elementText(field, style);
  if (read === undefined) return { ...place, kind: "none" };
  if (entry === "") throw refusal("INVALID_VALUE", "a map key is not empty");
  // Bigints, numbers and booleans are object keys in their only spelling, so the text is the key once it was read.
  const key = field.mapKey === ScalarType.STRING ? entry : String(scalarText(field.mapKey, false)(entry));
  return { ...place, kind: "map", read, entry: key };
}

/** Reads an element of a list or a value of a map; undefined if it is a message that takes no text. */
function elementText(
  field: DescField & { fieldKind: "list" | "map" },
  style: TextStyle,
): TextReader | undefined {
  if (field.enum !== undefined) return enumText(field.enum, style);
  if (field.scalar !== undefined)
    return scalarText(field.scalar, field.fieldKind === "list" && field.longAsString);
  if (!isWrapperDesc(field.message)) return undefined;
  return scalarText(field.message.fields[0].scalar, false);
}

function scalarText(scalar: ScalarType, longAsString: boolean): TextReader {
  if (scalar === ScalarType.STRING) return identity;
  if (scalar === ScalarType.BYTES) return parseBytesText;
  // Only 64-bit integers can be longAsString.
  return longAsString
    ? (text) => String(parseScalarText(scalar, text))
    : (text) => parseScalarText(scalar, text);
}

function identity(text: string): string {
  return text;
}

function enumText(desc: DescEnum, style: TextStyle): TextReader<number> {
  const spellings = style.wireNames ? [...wireSpellings(desc)] : [];
  if (spellings.length === 0) return (text) => parseEnumText(desc, text);
  const numbers = new Map(spellings.map(([number, spelling]) => [spelling, number]));
  return (text) => numbers.get(text) ?? parseEnumText(desc, text);
}

/** Enums and ids never hold a comma; free text may. */
function takesCommas(field: DescField): boolean {
  return field.enum !== undefined || (field.scalar === ScalarType.STRING && /(?:^|_)ids?$/.test(field.name));
}
