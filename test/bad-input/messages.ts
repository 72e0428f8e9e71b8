// Messages that are none, and messages that look wrong and are right.
import { create, toBinary } from "@bufbuild/protobuf";
import { ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";

/** A message by the bytes of one format, with a name that says what is wrong. */
export interface BadMessage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const text = (json: string): Uint8Array => Buffer.from(json);

/** JSON that is no lab.v1.Req: INVALID_ARGUMENT everywhere. */
export const badJson: readonly BadMessage[] = [
  { name: "an open brace", bytes: text("{") },
  { name: "no JSON", bytes: text("name=x") },
  { name: "text after the end", bytes: text("{} {}") },
  { name: "an array", bytes: text("[]") },
  { name: "a string", bytes: text('"name"') },
  { name: "null", bytes: text("null") },
  { name: "a number for a string", bytes: text('{"otherName":1}') },
  { name: "an object for a number", bytes: text('{"i32":{}}') },
  { name: "a text for a number", bytes: text('{"i32":"one"}') },
  { name: "a fraction for an integer", bytes: text('{"i64":1.5}') },
  { name: "one more than int32 holds", bytes: text('{"i32":2147483648}') },
  { name: "one more than int64 holds", bytes: text('{"i64":9223372036854775808}') },
  { name: "one more than uint64 holds", bytes: text('{"u64":"18446744073709551616"}') },
  { name: "a negative uint64", bytes: text('{"u64":-1}') },
  { name: "a double beyond its range", bytes: text('{"dbl":1e400}') },
  { name: "an enum value that does not exist", bytes: text('{"color":"PURPLE"}') },
  { name: "two members of a oneof", bytes: text('{"choiceS":"a","choiceI":1}') },
  { name: "base64 that is none", bytes: text('{"data":"*"}') },
  { name: "a timestamp that is none", bytes: text('{"ts":"yesterday"}') },
  { name: "a type that nobody knows", bytes: text('{"any":{"@type":"type.googleapis.com/no.Such"}}') },
  {
    name: "invalid UTF-8",
    bytes: Buffer.concat([text('{"otherName":"'), Buffer.of(0xff, 0xfe), text('"}')]),
  },
  {
    name: "an overlong zero",
    bytes: Buffer.concat([text('{"otherName":"'), Buffer.of(0xc0, 0x80), text('"}')]),
  },
  { name: "half a surrogate pair", bytes: text('{"otherName":"\\ud800"}') },
  { name: "a raw control character", bytes: text('{"otherName":"\u0001"}') },
  { name: "100,000 messages deep", bytes: text('{"sub":'.repeat(100_000) + "{}" + "}".repeat(100_000)) },
  {
    name: "100,000 lists deep in a Struct",
    bytes: text(`{"val":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
  },
  { name: "100,000 messages deep and cut", bytes: text('{"sub":'.repeat(100_000)) },
];

/** Bytes that are no lab.v1.Req: INVALID_ARGUMENT everywhere. */
export const badBinary: readonly BadMessage[] = [
  { name: "a tag without value", bytes: Buffer.of(0x18) },
  { name: "the field number 0", bytes: Buffer.of(0x02, 0x01, 0x00) },
  { name: "a varint of eleven bytes", bytes: Buffer.of(0x18, ...Array<number>(10).fill(0xff), 0x01) },
  { name: "a text longer than the message", bytes: Buffer.of(0x12, 0x05, 0x61) },
  { name: "a length of 4 GiB", bytes: Buffer.of(0x12, 0xff, 0xff, 0xff, 0xff, 0x0f) },
  { name: "invalid UTF-8", bytes: Buffer.of(0x12, 0x02, 0xff, 0xfe) },
  { name: "half a surrogate pair", bytes: Buffer.of(0x12, 0x03, 0xed, 0xa0, 0x80) },
  { name: "a group that nobody ends", bytes: Buffer.of(0x1b, 0x08, 0x01) },
  { name: "the end of no group", bytes: Buffer.of(0x1c) },
  { name: "the wire type 7", bytes: Buffer.of(0x1f, 0x00) },
  { name: "half a double", bytes: Buffer.of(0x39, 0x00, 0x00) },
  { name: "1,000 messages deep", bytes: nested(1000) },
  { name: "100,000 messages deep", bytes: nested(100_000) },
  { name: "1,000 unknown groups deep", bytes: Buffer.alloc(2000, Buffer.of(0xfb, 0x07)) },
];

/** JSON that looks wrong: what has to be made of it, in the JSON of protobuf. */
export const oddJson: readonly (BadMessage & { readonly answer: Readonly<Record<string, unknown>> })[] = [
  {
    name: "2^53 + 1, unquoted",
    bytes: text('{"i64":9007199254740993}'),
    answer: { i64: "9007199254740993" },
  },
  {
    name: "-2^63, unquoted",
    bytes: text('{"i64":-9223372036854775808}'),
    answer: { i64: "-9223372036854775808" },
  },
  {
    name: "2^64 - 1, unquoted",
    bytes: text('{"u64":18446744073709551615}'),
    answer: { u64: "18446744073709551615" },
  },
  {
    name: "2^53 + 1 in an exponent",
    bytes: text('{"i64":9007199254740993e0}'),
    answer: { i64: "9007199254740993" },
  },
  {
    name: "2^53 + 1 in a wrapper",
    bytes: text('{"iw":9007199254740993}'),
    answer: { iw: "9007199254740993" },
  },
  { name: "unknown members", bytes: text('{"nope":{"a":[1]},"i32":1}'), answer: { i32: 1 } },
  { name: "an unknown __proto__", bytes: text('{"__proto__":{"i32":2},"i32":1}'), answer: { i32: 1 } },
];

/** A message whose map and Struct have the keys that lead to JavaScript's prototypes. */
export const prototypeKeys = text(
  '{"labels":{"__proto__":"a","constructor":"b"},"st":{"__proto__":{"polluted":true},"toString":1}}',
);

/** A message that every door takes. */
export const goodMessages = {
  json: text('{"otherName":"good"}'),
  binary: toBinary(ReqSchema, create(ReqSchema, { otherName: "good" })),
};

/** The field `sub` in itself. */
function nested(levels: number): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let i = 0; i < levels; i++) {
    // Field 28 of Req, field 3 of Sub, length-delimited.
    const outermost = i === levels - 1;
    const head = Buffer.concat([outermost ? Buffer.of(0xe2, 0x01) : Buffer.of(0x1a), varint(length)]);
    parts.push(head);
    length += head.length;
  }
  return Buffer.concat(parts.toReversed());
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
