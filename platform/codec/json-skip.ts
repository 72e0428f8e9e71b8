import { refusal } from "./json-refusal.js";
import {
  enterArray,
  enterMember,
  enterObject,
  nextElement,
  nextMember,
  nullByte,
  openBraceByte,
  openBracketByte,
  quoteByte,
  type Cursor,
} from "./json-text.js";
import { expectWord, readString, skipNumber } from "./json-tokens.js";

/**
 * Moves over a value of any kind, which must be well-formed: no key twice in an object, no half surrogate pair. If
 * `types` is given, notes the `@type` of each object.
 */
export function skipValue(c: Cursor, types?: Map<number, string>): void {
  switch (c.bytes[c.at] ?? 0) {
    case openBraceByte:
      return skipObject(c, types);
    case openBracketByte:
      if (enterArray(c)) {
        do skipValue(c, types);
        while (nextElement(c));
      }
      return;
    case quoteByte:
      readString(c);
      return;
    case 0x74:
      return expectWord(c, "true");
    case 0x66:
      return expectWord(c, "false");
    case nullByte:
      return expectWord(c, "null");
    default:
      return skipNumber(c);
  }
}

function skipObject(c: Cursor, types?: Map<number, string>): void {
  const from = c.at;
  if (!enterObject(c)) return;
  const keys = new Set<string>();
  do {
    const key = readString(c);
    if (keys.size === keys.add(key).size) throw duplicate(key);
    const first = enterMember(c);
    if (types !== undefined && key === "@type" && first === quoteByte) types.set(from, readString(c));
    else skipValue(c, types);
  } while (nextMember(c));
}

/** The error for a key that stands twice in an object, to be put under that key. */
export function duplicate(key: string): Error {
  return refusal("DUPLICATE_FIELD", "given twice", key);
}

/** The error for a value of the wrong kind. The value itself has to be well-formed, else that is the error. */
export function wrongKind(c: Cursor, sentence: string): Error {
  const from = c.at;
  skipValue(c);
  return refusal("INVALID_VALUE", sentence, c.bytes.toString("utf8", from, Math.min(c.at, from + 256)));
}
