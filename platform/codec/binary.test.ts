import { create, equals, fromBinary, isMessage, toBinary, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { AnySchema, FieldMaskSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, test } from "@jest/globals";

import { ListRecordsResponseSchema, RecordSchema } from "../../gen/ts/perf/v1/perf_pb.js";
import { binaryCodec } from "./binary.js";
import { allFields, delimitedField, requiredField } from "./binary-lab.js";

const proto2 = allFields("proto2");
const proto3 = allFields("proto3");

type Fields = Message & Record<string, unknown>;

/** A message of a type that is known at run time only: its fields are what the test says. */
function make(desc: typeof proto3, fields: Record<string, unknown>): Fields {
  return Object.assign(create(desc) as Fields, fields);
}

/** The number of a field, found by its name in the .proto. */
function numberOf(desc: typeof proto3, name: string): number {
  return desc.fields.find((field) => field.name === name)!.number;
}

/** A field with a length: its tag, its length, its bytes. */
function lengthDelimited(no: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(no * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

function nested(levels: number): Buffer {
  const no = numberOf(proto3, "one_message");
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 1; level < levels; level++) bytes = lengthDelimited(no, bytes);
  return bytes;
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("decode refuses", () => {
  const codec = binaryCodec(RecordSchema);

  test.each([
    ["a tag without a value", "0a"],
    ["a string that ends early", "0a0361"],
    ["a length beyond the buffer", "0affffff7f61"],
    ["a length of 4 GiB", "0affffffff0f61"],
    ["a varint that ends early", "2880"],
    ["a varint of eleven bytes", "28ffffffffffffffffffff01"],
    ["a nested message that ends early", "42030801"],
    ["a nested value that ends early", "420208"],
    ["field number 0", "0000"],
    ["wire type 6", "0e00"],
    ["wire type 7", "0f00"],
    ["the end of a group that did not begin", "a406"],
    ["a group without an end", "a3060801"],
    ["an unknown varint that ends early", "a00680"],
    ["an unknown fixed64 that ends early", "a10600000000000000"],
    ["an unknown fixed32 that ends early", "a506000000"],
    ["an unknown length beyond the buffer", "a20605"],
    ["a byte that UTF-8 does not have", "0a01ff"],
    ["UTF-8 that is cut", "0a02e697"],
    ["a surrogate in UTF-8", "0a03eda080"],
    ["an overlong form in UTF-8", "0a02c0af"],
    ["invalid UTF-8 in a long string", `0a20${"61".repeat(31)}ff`],
    ["invalid UTF-8 in a list", "5201ff"],
  ])("%s", (_, hex) => {
    const bytes = Buffer.from(hex, "hex");
    expect(() => codec.decode(bytes)).toThrow();
    expect(() => fromBinary(RecordSchema, bytes)).toThrow();
  });

  test("messages nested deeper than 100", () => {
    expect(() => binaryCodec(proto3).decode(nested(101))).toThrow("maximum recursion depth of 100");
    expect(() => binaryCodec(proto3).decode(nested(100))).not.toThrow();
  });

  test("nesting deeper than 100 that ends in a wrapper", () => {
    const value = lengthDelimited(numberOf(proto3, "one_wrapper"), Buffer.alloc(0));
    const deep = (levels: number) => {
      let bytes: Buffer = value;
      for (let i = 1; i < levels; i++) bytes = lengthDelimited(numberOf(proto3, "one_message"), bytes);
      return bytes;
    };
    expect(() => binaryCodec(proto3).decode(deep(100))).toThrow("maximum recursion depth of 100");
    expect(() => binaryCodec(proto3).decode(deep(99))).not.toThrow();
  });
});

describe("encode refuses what protobuf-es refuses, in its words", () => {
  test.each<[string, unknown]>([
    ["oneInt32", 2 ** 31],
    ["oneInt32", -(2 ** 31) - 1],
    ["oneInt32", 1.5],
    ["oneInt32", NaN],
    ["oneInt32", null],
    ["oneInt32", "x"],
    ["oneInt32", 1n],
    ["oneUint32", -1],
    ["oneUint32", 2 ** 32],
    ["oneSint32", 2 ** 31],
    ["oneFixed32", -1],
    ["oneSfixed32", 2 ** 31],
    ["oneEnum", 2 ** 31],
    ["oneEnum", "COLOR_RED"],
    ["oneFloat", 1e39],
    ["oneFloat", "x"],
    ["oneInt64", 1n << 63n],
    ["oneInt64", 1.5],
    ["oneUint64", -1n],
    ["oneUint64", 1n << 64n],
    ["oneSint64", -(1n << 63n) - 1n],
    ["oneFixed64", -1n],
    ["oneSfixed64", 1n << 63n],
    ["textInt64", "1.5"],
    ["textUint64", "-1"],
    ["oneBytes", "text"],
    ["oneBytes", null],
    ["oneMessage", {}],
    ["oneMessage", null],
    ["oneValue", create(TimestampSchema)],
    ["listInt32", [1, "x"]],
    ["listInt32", undefined],
    ["listMessage", [null]],
    ["mapInt32", { a: "x" }],
    ["byInt32", { x: "a" }],
    ["byUint64", { "-1": "a" }],
    ["choice", { case: "choiceInt32", value: 1.5 }],
    ["choice", undefined],
  ])("%s: %p", (name, value) => {
    const message = make(proto3, { [name]: value });
    const theirs = errorOf(() => toBinary(proto3, message));
    const ours = errorOf(() => binaryCodec(proto3).encode(message, 0));
    expect(ours).toEqual(theirs);
    expect(ours).toBeInstanceOf(Error);
  });

  test("a message of another type", () => {
    expect(() => binaryCodec(RecordSchema).encode(create(TimestampSchema), 0)).toThrow("perf.v1.Record");
  });

  test("a required field that is not set", () => {
    const codec = binaryCodec(requiredField());
    expect(() => codec.encode(create(requiredField()), 0)).toThrow("required field not set");
  });
});

test.each<[string, unknown]>([
  ["oneInt32", "5"],
  ["oneInt32", ""],
  ["oneInt64", 5],
  ["oneInt64", "-5"],
  ["oneInt64", "0"],
  ["textInt64", 0n],
  ["textInt64", 7n],
  ["textInt64", ""],
  ["textInt64", "00"],
  ["oneBool", 1],
  ["oneString", 5],
  ["oneString", "\ud800"],
  ["oneDouble", "1.5"],
  ["oneDouble", -0],
  ["oneFloat", -0],
  ["oneFloat", NaN],
  ["oneInt32", -0],
  ["oneStruct", new Map()],
  ["oneStruct", { a: undefined, b: [null, { c: 1 }], ["__proto__"]: "d" }],
  ["byInt32", { "12x": "a" }],
  ["byInt64", { "0x10": "a" }],
])("encode converts as protobuf-es does: %s: %p", (name, value) => {
  const message = make(proto3, { [name]: value });
  expect(binaryCodec(proto3).encode(message, 0)).toEqual(Buffer.from(toBinary(proto3, message)));
});

describe("decode", () => {
  test("keeps unknown fields, and encode writes them back", () => {
    const bytes = Buffer.from("0a0161a00605a10601020304050607080a0162a2060178a50601020304", "hex");
    const codec = binaryCodec(RecordSchema);
    const message = codec.decode(bytes);
    expect(message.$unknown?.map(({ no, wireType }) => [no, wireType])).toEqual([
      [100, 0],
      [100, 1],
      [100, 2],
      [100, 5],
    ]);
    expect(message).toEqual(fromBinary(RecordSchema, new Uint8Array(bytes)));
    expect(codec.encode(message, 0).toString("hex")).toBe(
      "0a0162a00605a1060102030405060708a2060178a50601020304",
    );
  });

  test.each([
    ["a nested value that goes beyond its message", "420108012801"],
    ["a tag longer than it need be", "8a000161"],
    ["the wire type of another field type", "0d0161"],
    ["a varint longer than it need be", "2881808000"],
    ["a varint of more than 32 bits", "28ffffffffffffffffff01"],
    ["a bool of two bytes", "388000"],
    ["a nested message in two parts", "4202080142021002"],
    ["a scalar twice", "28012802"],
  ])("takes %s as protobuf-es does", (_, hex) => {
    const bytes = Buffer.from(hex, "hex");
    expect(binaryCodec(RecordSchema).decode(bytes)).toEqual(fromBinary(RecordSchema, bytes));
  });

  test("keeps unknown groups", () => {
    const bytes = Buffer.from("a3060801a406", "hex");
    const codec = binaryCodec(RecordSchema);
    expect(codec.encode(codec.decode(bytes), 0)).toEqual(bytes);
  });

  test.each([
    ["compiled", proto3, "one_bytes"],
    ["left to protobuf-es", delimitedField(), "text"],
  ])("shares no memory with its input: %s", (_, desc, name) => {
    const known = lengthDelimited(numberOf(desc, name), Buffer.from("known"));
    const bytes = Buffer.concat([known, lengthDelimited(100_000, Buffer.from("unknown"))]);
    const expected = fromBinary(desc, new Uint8Array(bytes));
    const message = binaryCodec(desc).decode(bytes);
    bytes.fill(0xff);
    expect(message).toEqual(expected);
  });

  test("reads a part of a larger buffer", () => {
    const bytes = Buffer.from("ff0a01610000", "hex");
    const part = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, 3);
    expect(binaryCodec(RecordSchema).decode(part)).toMatchObject({ id: "a" });
  });

  test("replaces invalid UTF-8 in a proto2 string", () => {
    const bytes = lengthDelimited(numberOf(proto2, "one_string"), Buffer.from([0x61, 0xff]));
    expect(binaryCodec(proto2).decode(bytes)).toMatchObject({ oneString: "a\ufffd" });
  });

  test("keeps a value that a closed enum does not have as an unknown field", () => {
    const bytes = Buffer.concat([varint(numberOf(proto2, "one_enum") * 8), varint(9)]);
    const message = binaryCodec(proto2).decode(bytes) as Fields;
    expect(message).toEqual(fromBinary(proto2, bytes));
    expect(message.$unknown).toHaveLength(1);
    expect(Object.hasOwn(message, "oneEnum")).toBe(false);
  });

  test("leaves the defaults of fields with presence on the prototype", () => {
    const message = binaryCodec(proto2).decode(Buffer.alloc(0)) as Fields;
    const defaulted = proto2.fields.find((field) => field.name === "defaulted")!;
    expect(message["defaulted"]).toBe(42);
    expect(reflect(proto2, message).isSet(defaulted)).toBe(false);
    expect(Object.getPrototypeOf(message)).toBe(Object.getPrototypeOf(create(proto2)));
    expect(Object.keys(message).toSorted()).toEqual(Object.keys(create(proto2)).toSorted());
  });

  test("makes plain objects that protobuf-es knows as messages", () => {
    const message = binaryCodec(AnySchema).decode(Buffer.from("0a0161120162", "hex"));
    const expected = create(AnySchema, { typeUrl: "a", value: Buffer.from("b") });
    expect(isMessage(message, AnySchema)).toBe(true);
    // Compared by the type's descriptor, whose messages the codec's are.
    expect(equals<typeof AnySchema>(AnySchema, message as typeof expected, expected)).toBe(true);
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
  });

  test("gives every message lists, maps and oneofs of its own", () => {
    const codec = binaryCodec(proto3);
    const [a, b] = [codec.decode(Buffer.alloc(0)) as Fields, codec.decode(Buffer.alloc(0)) as Fields];
    for (const name of ["listInt32", "mapInt32", "choice"]) expect(a[name]).not.toBe(b[name]);
  });

  test("takes __proto__ as a key like any other", () => {
    const bytes = binaryCodec(proto3).encode(make(proto3, { mapInt32: { ["__proto__"]: 5 } }), 0);
    const { mapInt32 } = binaryCodec(proto3).decode(bytes) as Fields & { mapInt32: object };
    expect(Object.entries(mapInt32)).toEqual([["__proto__", 5]]);
    expect(Object.getPrototypeOf(mapInt32)).toBe(Object.prototype);
  });
});

describe("encode", () => {
  test("leaves the bytes that it is asked to", () => {
    const message = create(FieldMaskSchema, { paths: ["a"] });
    const out = binaryCodec(FieldMaskSchema).encode(message, 5);
    expect(out.subarray(5).toString("hex")).toBe("0a0161");
    expect(binaryCodec(FieldMaskSchema).encode(message, 100_000)).toHaveLength(100_003);
  });

  test("returns memory that the next call does not touch", () => {
    const codec = binaryCodec(RecordSchema);
    const first = codec.encode(create(RecordSchema, { id: "first" }), 0);
    codec.encode(create(RecordSchema, { id: "other" }), 0);
    expect(first.toString()).toContain("first");
  });

  test("grows with its message", () => {
    const records = Array.from({ length: 3000 }, (_, i) =>
      create(RecordSchema, { description: "ü".repeat(i) }),
    );
    const message = create(ListRecordsResponseSchema, { records });
    const expected = Buffer.from(toBinary(ListRecordsResponseSchema, message));
    expect(binaryCodec(ListRecordsResponseSchema).encode(message, 0).equals(expected)).toBe(true);
  });

  test("writes the lengths of messages within messages of the same type", () => {
    const leaf = (length: number) => make(proto3, { oneString: "x".repeat(length) });
    const message = make(proto3, {
      oneMessage: make(proto3, { oneMessage: leaf(1), listMessage: [leaf(300)] }),
    });
    const codec = binaryCodec(proto3);
    const expected = Buffer.from(toBinary(proto3, message));
    for (let i = 0; i < 3; i++) expect(codec.encode(message, 0)).toEqual(expected);
  });

  test("may be called while it runs", () => {
    const codec = binaryCodec(RecordSchema);
    const inner = create(RecordSchema, { id: "inner" });
    const outer = Object.defineProperty(create(RecordSchema, { id: "outer" }), "name", {
      get: () => codec.encode(inner, 0).toString("latin1"),
    });
    expect(codec.encode(outer, 0)).toEqual(Buffer.from(toBinary(RecordSchema, outer)));
  });
});

describe("where source may not be evaluated", () => {
  const { Function: evaluating } = globalThis;

  afterEach(() => {
    globalThis.Function = evaluating;
  });

  test("protobuf-es does the work", () => {
    // As with `node --disallow-code-generation-from-strings`.
    globalThis.Function = function () {
      throw new EvalError("Code generation from strings disallowed for this context");
    } as unknown as FunctionConstructor;
    const codec = binaryCodec(TimestampSchema);
    const bytes = Buffer.from("08051006", "hex");
    expect(codec.decode(bytes)).toMatchObject({ seconds: 5n, nanos: 6 });
    expect(codec.encode(codec.decode(bytes), 0)).toEqual(bytes);
  });
});
