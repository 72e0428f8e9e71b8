// Hot path: runs for every field of every message received.
//
// Reads the wire format (https://protobuf.dev/programming-guides/encoding/) as well-behaved peers write it. What is
// unusual (overlong tags, groups, values past the end of their message) is refused, not handled: binary.ts then lets
// protobuf-es decide. So a function here may refuse too much, but must never accept what protobuf-es would not.
//
// Reading past the end of the buffer gives undefined, which every comparison below treats as "not the fast case"; the
// `!` after an index only tells the compiler that this was thought of.

import { isUtf8 } from "node:buffer";
import type { Message } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

import { refuse } from "./binary-refusal.js";

/** A position in the bytes of one top-level message. */
export interface Reader {
  readonly buf: Buffer;
  pos: number;
  /** Made when the first fixed-width value is read; many messages have none. */
  view: DataView | undefined;
}

/** A reader at the start of `bytes`; nothing is copied. */
export function newReader(bytes: Uint8Array): Reader {
  const buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { buf, pos: 0, view: undefined };
}

/** Reads an unsigned varint of up to 32 bits; the upper half of a sign-extended 64-bit value is dropped, as everywhere. */
export function uint32(r: Reader): number {
  const { buf } = r;
  const first = buf[r.pos]!;
  if (first < 0x80) {
    r.pos++;
    return first;
  }
  const second = buf[r.pos + 1]!;
  if (second < 0x80) {
    r.pos += 2;
    return (first & 0x7f) | (second << 7);
  }
  return longUint32(r);
}

function longUint32(r: Reader): number {
  const { buf } = r;
  let pos = r.pos;
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = buf[pos++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return advance(r, pos, value);
  }
  let byte = buf[pos++]!;
  value |= (byte & 0x0f) << 28;
  for (let length = 5; byte >= 0x80 && length < 10; length++) byte = buf[pos++]!;
  if (!(byte < 0x80)) refuse("varint without an end");
  return advance(r, pos, value >>> 0);
}

function advance(r: Reader, pos: number, value: number): number {
  if (pos > r.buf.length) refuse("varint past the end");
  r.pos = pos;
  return value;
}

/** Reads a tag: field number << 3 | wire type. Its meaning is checked by the switch that it is for, or by `unknown`. */
export function tag(r: Reader): number {
  const start = r.pos;
  const value = uint32(r);
  if (r.pos - start > 4) refuse("long tag");
  return value;
}

/** Reads a length and returns the position where the nested value ends: not beyond `end`. */
export function limit(r: Reader, end: number): number {
  const length = uint32(r);
  const nested = r.pos + length;
  if (nested > end) refuse("length beyond the enclosing message");
  return nested;
}

export function int32(r: Reader): number {
  return uint32(r) | 0;
}

export function sint32(r: Reader): number {
  const value = uint32(r);
  return (value >>> 1) ^ -(value & 1);
}

export function bool(r: Reader): boolean {
  const byte = r.buf[r.pos++]!;
  if (!(byte < 0x80)) refuse("long bool");
  return byte !== 0;
}

// Two 32-bit halves seen as one 64-bit integer: the cheapest way to a bigint that needs more than 53 bits.
const halves = new Int32Array(2);
const signed = new BigInt64Array(halves.buffer);
const unsigned = new BigUint64Array(halves.buffer);
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Reads a 64-bit varint. Returns it if it has less than 50 bits; otherwise leaves it in `halves` and returns -1. */
function varint64(r: Reader): number {
  const { buf } = r;
  let pos = r.pos;
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = buf[pos++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return advance(r, pos, low);
  }
  let high = 0;
  for (let shift = 0; shift < 21; shift += 7) {
    const byte = buf[pos++]!;
    high |= (byte & 0x7f) << shift;
    if (byte < 0x80) return advance(r, pos, low + high * 0x10000000);
  }
  const eighth = buf[pos++]!;
  high |= (eighth & 0x7f) << 21;
  let top = 0;
  if (!(eighth < 0x80)) {
    const ninth = buf[pos++]!;
    top = ninth & 0x7f;
    if (!(ninth < 0x80)) {
      const tenth = buf[pos++]!;
      if (!(tenth < 0x80)) refuse("varint without an end");
      top |= tenth << 7;
    }
  }
  halves[LOW] = low | (high << 28);
  halves[HIGH] = (high >>> 4) | (top << 24);
  return advance(r, pos, -1);
}

export function int64(r: Reader): bigint {
  const value = varint64(r);
  return value < 0 ? signed[0]! : BigInt(value);
}

export function uint64(r: Reader): bigint {
  const value = varint64(r);
  return value < 0 ? unsigned[0]! : BigInt(value);
}

export function sint64(r: Reader): bigint {
  const value = uint64(r);
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
}

/** The position of the next `size` bytes, and a view to read them with. Beyond the end the view itself throws. */
function view(r: Reader): DataView {
  return (r.view ??= new DataView(r.buf.buffer, r.buf.byteOffset, r.buf.length));
}

export function fixed32(r: Reader): number {
  return view(r).getUint32((r.pos += 4) - 4, true);
}

export function sfixed32(r: Reader): number {
  return view(r).getInt32((r.pos += 4) - 4, true);
}

export function float(r: Reader): number {
  return view(r).getFloat32((r.pos += 4) - 4, true);
}

export function fixed64(r: Reader): bigint {
  return view(r).getBigUint64((r.pos += 8) - 8, true);
}

export function sfixed64(r: Reader): bigint {
  return view(r).getBigInt64((r.pos += 8) - 8, true);
}

export function double(r: Reader): number {
  return view(r).getFloat64((r.pos += 8) - 8, true);
}

/** Reads bytes into an array of their own: the buffer they came in may be pooled and is not kept alive. */
export function bytes(r: Reader): Uint8Array {
  const end = limit(r, r.buf.length);
  const out = copy(r.buf, r.pos, end);
  r.pos = end;
  return out;
}

function copy(buf: Buffer, start: number, end: number): Uint8Array {
  const out = new Uint8Array(end - start);
  // Up to here a loop costs less than the view object that set() needs.
  if (out.length <= 32) for (let i = 0; i < out.length; i++) out[i] = buf[start + i]!;
  else out.set(buf.subarray(start, end));
  return out;
}

/** Reads a string whose field asks for UTF-8 validation. */
export function string(r: Reader): string {
  const end = limit(r, r.buf.length);
  const start = r.pos;
  r.pos = end;
  return asciiString(r.buf, start, end) ?? validString(r.buf, start, end);
}

/** Reads a string whose field does not ask for UTF-8 validation (proto2): U+FFFD stands for what is invalid. */
export function lossyString(r: Reader): string {
  const end = limit(r, r.buf.length);
  const start = r.pos;
  r.pos = end;
  return asciiString(r.buf, start, end) ?? r.buf.toString(undefined, start, end);
}

function validString(buf: Buffer, start: number, end: number): string {
  const text = buf.toString(undefined, start, end);
  // Invalid sequences became U+FFFD; so did a U+FFFD that the sender meant.
  if (text.includes("\ufffd") && !isUtf8(buf.subarray(start, end))) refuse("invalid UTF-8");
  return text;
}

// A call into the native decoder costs as much as building 28 characters here (Node 20, 70 ns); what is built here is
// in pieces that someone has to join.
const NATIVE_FROM = 24;
const { fromCharCode } = String;

/** Builds a short string of ASCII. Undefined if it is anything else. */
function asciiString(buf: Buffer, start: number, end: number): string | undefined {
  if (end - start >= NATIVE_FROM) return undefined;
  let text = "";
  let pos = start;
  for (; pos + 8 <= end; pos += 8) {
    const [a, b, c, d] = [buf[pos]!, buf[pos + 1]!, buf[pos + 2]!, buf[pos + 3]!];
    const [e, f, g, h] = [buf[pos + 4]!, buf[pos + 5]!, buf[pos + 6]!, buf[pos + 7]!];
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
    text += fromCharCode(a, b, c, d, e, f, g, h);
  }
  if (pos + 4 <= end) {
    const [a, b, c, d] = [buf[pos]!, buf[pos + 1]!, buf[pos + 2]!, buf[pos + 3]!];
    if ((a | b | c | d) > 0x7f) return undefined;
    text += fromCharCode(a, b, c, d);
    pos += 4;
  }
  for (; pos < end; pos++) {
    const byte = buf[pos]!;
    if (byte > 0x7f) return undefined;
    text += fromCharCode(byte);
  }
  return text;
}

/**
 * Keeps a field that the message type does not know, as a copy. Refuses groups, and known fields in another wire type
 * than their own.
 */
export function unknown(r: Reader, message: Message, tag: number, known: ReadonlySet<number>): void {
  const no = tag >>> 3;
  const wireType = WIRE_TYPES[tag & 7];
  if (no === 0 || wireType === undefined) refuse("illegal tag, or a group");
  if (known.has(no)) refuse("wire type of another field type");
  const start = r.pos;
  const end = skip(r, wireType);
  if (end > r.buf.length) refuse("unknown field past the end");
  (message.$unknown ??= []).push({ no, wireType, data: copy(r.buf, start, end) });
  r.pos = end;
}

const { Varint, Bit64, LengthDelimited, Bit32 } = WireType;
const WIRE_TYPES = [Varint, Bit64, LengthDelimited, undefined, undefined, Bit32] as const;

function skip(r: Reader, wireType: Exclude<(typeof WIRE_TYPES)[number], undefined>): number {
  switch (wireType) {
    case Varint: {
      let { pos } = r;
      // Ends with the buffer: what is beyond it is not >= 0x80.
      while (r.buf[pos++]! >= 0x80);
      return pos;
    }
    case Bit64:
      return r.pos + 8;
    case LengthDelimited:
      return limit(r, r.buf.length);
    case Bit32:
      return r.pos + 4;
  }
}

/** Sets an entry of a map. Keys become strings, as those of objects are; `__proto__` is a key like any other. */
export function put(
  map: Record<string, unknown>,
  key: string | number | bigint | boolean,
  value: unknown,
): void {
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    map[String(key)] = value;
  }
}
