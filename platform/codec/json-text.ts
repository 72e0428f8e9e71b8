// Hot path: runs over every byte of every JSON request. It allocates the strings it returns and nothing else.
import { isAscii, isUtf8 } from "node:buffer";

import { Malformed, refusal } from "./json-refusal.js";

/** Deepest nesting of objects and arrays; the outermost is 1 (TRANSCODING.md 15.3). */
export const nestingMax = 100;

/**
 * A place in a JSON text (RFC 8259). The text is scanned as bytes: a typed array is twice as fast as `charCodeAt`, and
 * every byte that means something to JSON stands for itself in UTF-8.
 */
export interface Cursor {
  readonly bytes: Buffer;
  /** The whole text if it is ASCII. Its indices are those of the bytes then, and slices of it are cheap. */
  readonly ascii: string | undefined;
  at: number;
  depth: number;
  /** `@type` members by the offset of their object, for all objects before `typesUpTo`; see json-any-read.ts. */
  types: Map<number, string> | undefined;
  typesUpTo: number;
  /** Who wants to hear about the members that were given; see json-mask.ts. */
  mask: { prefix: string; readonly onPath: (path: string) => void } | undefined;
}

export const quoteByte = 0x22;
export const openBraceByte = 0x7b;
export const openBracketByte = 0x5b;
export const minusByte = 0x2d;
export const nullByte = 0x6e;
const backslashByte = 0x5c;
const closeBraceByte = 0x7d;
const closeBracketByte = 0x5d;
const commaByte = 0x2c;
const colonByte = 0x3a;
const zeroByte = 0x30;
const nineByte = 0x39;
const dotByte = 0x2e;

/** Starts reading. Refuses what is not UTF-8. A byte order mark is refused later, as no value starts with one. */
export function openText(text: Uint8Array): Cursor {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const ascii = isAscii(bytes) ? bytes.toString("latin1", 0, bytes.length) : undefined;
  if (ascii === undefined && !isUtf8(bytes)) throw new Malformed("not valid UTF-8");
  return { bytes, ascii, at: 0, depth: 0, types: undefined, typesUpTo: 0, mask: undefined };
}

/** The error for text that is not JSON, with a piece of the text at hand. */
export function malformed(c: Cursor): Malformed {
  if (c.at >= c.bytes.length) return new Malformed("not valid JSON: it ends too early");
  return new Malformed("not valid JSON", c.bytes.toString("utf8", c.at, c.at + 20));
}

/** The error for a value of the wrong kind. The value itself has to be well-formed, else that is the error. */
export function wrongKind(c: Cursor, sentence: string): Error {
  const from = c.at;
  skipValue(c);
  return refusal("INVALID_VALUE", sentence, c.bytes.toString("utf8", from, Math.min(c.at, from + 256)));
}

/** Moves over white space. Returns the byte there, 0 at the end: no token of JSON has a zero byte. */
export function skipSpace(c: Cursor): number {
  const bytes = c.bytes;
  let byte = bytes[c.at] ?? 0;
  while (byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
    byte = bytes[++c.at] ?? 0;
  }
  return byte;
}

/** Ends reading: nothing but white space may follow. */
export function expectEnd(c: Cursor): void {
  skipSpace(c);
  if (c.at < c.bytes.length) throw malformed(c);
}

/** At `{`: enters the object. Whether a member follows; the cursor is at its key then, else behind the object. */
export function enterObject(c: Cursor): boolean {
  if (++c.depth > nestingMax) throw new Malformed("nested too deep");
  c.at++;
  const byte = skipSpace(c);
  if (byte === quoteByte) return true;
  if (byte !== closeBraceByte) throw malformed(c);
  c.at++;
  c.depth--;
  return false;
}

/** Behind the value of a member: whether another member follows. */
export function nextMember(c: Cursor): boolean {
  const byte = skipSpace(c);
  c.at++;
  if (byte === commaByte) {
    if (skipSpace(c) !== quoteByte) throw malformed(c);
    return true;
  }
  if (byte !== closeBraceByte) {
    c.at--;
    throw malformed(c);
  }
  c.depth--;
  return false;
}

/** Behind a key: moves to the value. Returns its first byte. */
export function enterMember(c: Cursor): number {
  if (skipSpace(c) !== colonByte) throw malformed(c);
  c.at++;
  return skipSpace(c);
}

/** At `[`: enters the array. Whether an element follows; the cursor is at it then, else behind the array. */
export function enterArray(c: Cursor): boolean {
  if (++c.depth > nestingMax) throw new Malformed("nested too deep");
  c.at++;
  if (skipSpace(c) !== closeBracketByte) return true;
  c.at++;
  c.depth--;
  return false;
}

/** Behind an element: whether another element follows. */
export function nextElement(c: Cursor): boolean {
  const byte = skipSpace(c);
  c.at++;
  if (byte === commaByte) {
    skipSpace(c);
    return true;
  }
  if (byte !== closeBracketByte) {
    c.at--;
    throw malformed(c);
  }
  c.depth--;
  return false;
}

/** Whether the key that the cursor is at is `key` (its bytes and the closing quote), written plainly. If so, moves behind it. */
export function keyIs(c: Cursor, key: Uint8Array): boolean {
  const bytes = c.bytes;
  const from = c.at + 1;
  for (let i = 0; i < key.length; i++) {
    if (bytes[from + i] !== key[i]) return false;
  }
  c.at = from + key.length;
  return true;
}

/** At `"`: the string. Short ones of an ASCII text are slices, which keep the text in memory as long as they live. */
export function readString(c: Cursor): string {
  const bytes = c.bytes;
  const from = c.at + 1;
  let at = from;
  for (;;) {
    const byte = bytes[at] ?? 0;
    if (byte === quoteByte) break;
    if (byte === backslashByte || byte < 0x20) return readEscaped(c);
    at++;
  }
  c.at = at + 1;
  return c.ascii === undefined ? bytes.toString("utf8", from, at) : c.ascii.slice(from, at);
}

/** A string with escapes. Native code undoes them: it is exact and fast, and accepts one string only. */
function readEscaped(c: Cursor): string {
  const from = c.at;
  moveBehindString(c);
  const literal = c.bytes.toString("utf8", from, c.at);
  let text: string;
  try {
    // A cast, since a literal in quotes can be nothing but a string.
    text = JSON.parse(literal) as string;
  } catch {
    throw new Malformed("not valid JSON: bad escape", literal);
  }
  if (/\p{Surrogate}/u.test(text)) throw refusal("INVALID_VALUE", "has half of a surrogate pair");
  return text;
}

function moveBehindString(c: Cursor): void {
  const bytes = c.bytes;
  let at = c.at + 1;
  for (;;) {
    const byte = bytes[at] ?? 0;
    if (byte === quoteByte) break;
    if (byte < 0x20) {
      c.at = at;
      throw malformed(c);
    }
    at += byte === backslashByte ? 2 : 1;
  }
  c.at = at + 1;
}

/**
 * A plain integer literal of at most 15 digits, exact as a number (`-0` is negative zero). NaN if something else is
 * there; the cursor has not moved then.
 */
export function readSmallInteger(c: Cursor): number {
  const bytes = c.bytes;
  let at = c.at;
  const negative = bytes[at] === minusByte;
  if (negative) at++;
  const from = at;
  let value = 0;
  let byte = bytes[at] ?? 0;
  while (byte >= zeroByte && byte <= nineByte) {
    value = value * 10 + (byte - zeroByte);
    byte = bytes[++at] ?? 0;
  }
  const digits = at - from;
  if (digits === 0 || digits > 15 || (digits > 1 && bytes[from] === zeroByte)) return NaN;
  if (byte === dotByte || (byte | 0x20) === 0x65) return NaN;
  c.at = at;
  return negative ? -value : value;
}

/** At a number: its literal, checked against the grammar of RFC 8259 section 6. */
export function readNumberLiteral(c: Cursor): string {
  const from = c.at;
  skipNumber(c);
  return c.bytes.toString("latin1", from, c.at);
}

function skipNumber(c: Cursor): void {
  const bytes = c.bytes;
  if (bytes[c.at] === minusByte) c.at++;
  if (bytes[c.at] === zeroByte) c.at++;
  else skipDigits(c);
  if (bytes[c.at] === dotByte) {
    c.at++;
    skipDigits(c);
  }
  if (((bytes[c.at] ?? 0) | 0x20) === 0x65) {
    c.at++;
    if (bytes[c.at] === 0x2b || bytes[c.at] === minusByte) c.at++;
    skipDigits(c);
  }
}

function skipDigits(c: Cursor): void {
  const bytes = c.bytes;
  const from = c.at;
  let byte = bytes[c.at] ?? 0;
  while (byte >= zeroByte && byte <= nineByte) byte = bytes[++c.at] ?? 0;
  if (c.at === from) throw malformed(c);
}

const literals = { null: Buffer.from("null"), true: Buffer.from("true"), false: Buffer.from("false") };

/** At `n`, `t` or `f`: moves over the word, which must be `word`. */
export function expectWord(c: Cursor, word: "null" | "true" | "false"): void {
  const expected = literals[word];
  for (let i = 0; i < expected.length; i++) {
    if (c.bytes[c.at + i] !== expected[i]) throw malformed(c);
  }
  c.at += expected.length;
}

/**
 * Moves over a value of any kind, which must be well-formed: no key twice in an object, no half surrogate pair. If
 * `types` is given, notes the `@type` of each object.
 */
export function skipValue(c: Cursor, types?: Map<number, string>): void {
  switch (c.bytes[c.at]) {
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
