// Hot path: runs between all tokens of every JSON request. It allocates nothing but the cursor.
import { isAscii, isUtf8 } from "node:buffer";

import { Malformed } from "./json-refusal.js";

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
  /** `@type` members by the offset of their object, for all objects before `typesUpTo`; see json-read-any.ts. */
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
const closeBraceByte = 0x7d;
const closeBracketByte = 0x5d;
const commaByte = 0x2c;
const colonByte = 0x3a;

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
