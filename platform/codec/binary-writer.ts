// Hot path: runs for every field of every message sent.
//
// Writes the wire format (https://protobuf.dev/programming-guides/encoding/) forwards, into a buffer that is used again
// and again. Values come as `unknown`: only those of the type that the generated TypeScript names are written, anything
// else is refused (binary-refusal.ts).

import type { Message } from "@bufbuild/protobuf";

import { refuse } from "./binary-refusal.js";

/** A buffer that grows, and how much of it is written. */
export interface Writer {
  buf: Buffer;
  view: DataView;
  pos: number;
}

/** A writer with room for most messages. */
export function newWriter(): Writer {
  const buf = Buffer.allocUnsafeSlow(16 * 1024);
  return { buf, view: new DataView(buf.buffer), pos: 0 };
}

/** What was written, in a buffer of its own. */
export function written(w: Writer): Buffer {
  const out = Buffer.allocUnsafe(w.pos);
  w.buf.copy(out, 0, 0, w.pos);
  return out;
}

/** Makes room for `size` more bytes. */
export function ensure(w: Writer, size: number): void {
  if (w.pos + size > w.buf.length) grow(w, size);
}

function grow(w: Writer, size: number): void {
  const buf = Buffer.allocUnsafeSlow(Math.max(w.buf.length * 2, w.pos + size));
  w.buf.copy(buf, 0, 0, w.pos);
  w.buf = buf;
  w.view = new DataView(buf.buffer);
}

/** The largest scalar that is no string and no bytes: a varint of 64 bits. */
export const SCALAR_BYTES_MAX = 10;

/** Writes a tag and makes room for a scalar after it. The scalars below up to `double` rely on that. */
export function tag(w: Writer, tag: number): void {
  ensure(w, 5 + SCALAR_BYTES_MAX);
  varint(w, tag);
}

function varint(w: Writer, value: number): void {
  const { buf } = w;
  let pos = w.pos;
  while (value > 0x7f) {
    buf[pos++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  buf[pos++] = value;
  w.pos = pos;
}

export function int32(w: Writer, value: unknown): void {
  if (typeof value !== "number" || (value | 0) !== value) refuse("not an int32");
  if (value >= 0) varint(w, value);
  // Negative values are sign-extended to 64 bits: ten bytes.
  else varint64(w, value, -1);
}

export function uint32(w: Writer, value: unknown): void {
  if (typeof value !== "number" || value >>> 0 !== value) refuse("not a uint32");
  varint(w, value);
}

export function sint32(w: Writer, value: unknown): void {
  if (typeof value !== "number" || (value | 0) !== value) refuse("not an int32");
  varint(w, ((value << 1) ^ (value >> 31)) >>> 0);
}

export function bool(w: Writer, value: unknown): void {
  if (typeof value !== "boolean") refuse("not a bool");
  w.buf[w.pos++] = value ? 1 : 0;
}

// A 64-bit integer seen as two halves: a bigint is stored modulo 2^64, and does not read back equal if that lost bits.
const signed = new BigInt64Array(1);
const unsigned = new BigUint64Array(signed.buffer);
const halves = new Int32Array(signed.buffer);
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

function splitSigned(value: unknown): void {
  if (typeof value !== "bigint") refuse("not a bigint");
  signed[0] = value;
  if (signed[0] !== value) refuse("not an int64");
}

function splitUnsigned(value: unknown): void {
  if (typeof value !== "bigint") refuse("not a bigint");
  unsigned[0] = value;
  if (unsigned[0] !== value) refuse("not a uint64");
}

function varint64(w: Writer, low: number, high: number): void {
  const { buf } = w;
  let pos = w.pos;
  while (high !== 0) {
    buf[pos++] = (low & 0x7f) | 0x80;
    low = (low >>> 7) | (high << 25);
    high >>>= 7;
  }
  w.pos = pos;
  varint(w, low >>> 0);
}

export function int64(w: Writer, value: unknown): void {
  splitSigned(value);
  varint64(w, halves[LOW]!, halves[HIGH]!);
}

export function uint64(w: Writer, value: unknown): void {
  splitUnsigned(value);
  varint64(w, halves[LOW]!, halves[HIGH]!);
}

export function sint64(w: Writer, value: unknown): void {
  splitSigned(value);
  const low = halves[LOW]!;
  const high = halves[HIGH]!;
  const sign = high >> 31;
  varint64(w, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

export function fixed32(w: Writer, value: unknown): void {
  if (typeof value !== "number" || value >>> 0 !== value) refuse("not a uint32");
  w.view.setUint32(w.pos, value, true);
  w.pos += 4;
}

export function sfixed32(w: Writer, value: unknown): void {
  if (typeof value !== "number" || (value | 0) !== value) refuse("not an int32");
  w.view.setInt32(w.pos, value, true);
  w.pos += 4;
}

export function float(w: Writer, value: unknown): void {
  if (typeof value !== "number") refuse("not a number");
  // Infinity and NaN are values of a float; a number that only rounding makes infinite is out of range.
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) refuse("not a float");
  w.view.setFloat32(w.pos, value, true);
  w.pos += 4;
}

export function fixed64(w: Writer, value: unknown): void {
  splitUnsigned(value);
  fixedHalves(w);
}

export function sfixed64(w: Writer, value: unknown): void {
  splitSigned(value);
  fixedHalves(w);
}

function fixedHalves(w: Writer): void {
  w.view.setInt32(w.pos, halves[LOW]!, true);
  w.view.setInt32(w.pos + 4, halves[HIGH]!, true);
  w.pos += 8;
}

export function double(w: Writer, value: unknown): void {
  if (typeof value !== "number") refuse("not a number");
  w.view.setFloat64(w.pos, value, true);
  w.pos += 8;
}

/** Writes length and bytes, after making room for them. */
export function bytes(w: Writer, value: unknown): void {
  if (!(value instanceof Uint8Array)) refuse("not a Uint8Array");
  ensure(w, 5 + value.length);
  varint(w, value.length);
  w.buf.set(value, w.pos);
  w.pos += value.length;
}

// A call into the native encoder costs as much as writing 24 characters here (Node 20, 100 ns).
const NATIVE_FROM = 25;

/** Writes length and UTF-8, after making room for them. Lone surrogates become U+FFFD. */
export function string(w: Writer, value: unknown): void {
  if (typeof value !== "string") refuse("not a string");
  const { length } = value;
  // One UTF-16 code unit takes at most 3 bytes of UTF-8.
  ensure(w, 5 + length * 3);
  if (length >= NATIVE_FROM || !asciiString(w, value)) utf8String(w, value);
}

function asciiString(w: Writer, value: string): boolean {
  const { buf } = w;
  let pos = w.pos;
  buf[pos++] = value.length;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) return false;
    buf[pos++] = code;
  }
  w.pos = pos;
  return true;
}

function utf8String(w: Writer, value: string): void {
  // The length is known after the text is written; that of pure ASCII is the guess.
  const start = w.pos;
  const guess = varintSize(value.length);
  w.pos += guess + w.buf.write(value, start + guess);
  close(w, start, guess);
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Writes the tag of a nested value and leaves `guess` bytes for its length. Returns the position of the length. */
export function open(w: Writer, fieldTag: number, guess: number): number {
  tag(w, fieldTag);
  const start = w.pos;
  w.pos += guess;
  return start;
}

/**
 * Writes the length of what came after `open`, moving it if its length needs more or fewer bytes than were left.
 * Returns how many it needs: the best guess for the next value of the same field.
 */
export function close(w: Writer, start: number, guess: number): number {
  const from = start + guess;
  const length = w.pos - from;
  const size = varintSize(length);
  if (size !== guess) {
    ensure(w, 5);
    w.buf.copyWithin(start + size, from, w.pos);
  }
  w.pos = start;
  varint(w, length);
  w.pos += length;
  return size;
}

/** Writes fields that the message type does not know as they came. */
export function unknown(w: Writer, fields: NonNullable<Message["$unknown"]>): void {
  for (const { no, wireType, data } of fields) {
    tag(w, ((no << 3) | wireType) >>> 0);
    ensure(w, data.length);
    w.buf.set(data, w.pos);
    w.pos += data.length;
  }
}
