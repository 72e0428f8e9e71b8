// Hot path: reads every key, string and number of a JSON request.
import { Malformed, refusal } from "./json-refusal.js";
import { malformed, minusByte, quoteByte, type Cursor } from "./json-text.js";

const backslashByte = 0x5c;
const zeroByte = 0x30;
const nineByte = 0x39;
const dotByte = 0x2e;

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

/** At `"`: the string. If the text is ASCII it may be a slice, which keeps the text in memory for as long as it lives. */
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

/** Moves over a number. */
export function skipNumber(c: Cursor): void {
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
