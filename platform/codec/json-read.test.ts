import {
  create,
  createRegistry,
  fromBinary,
  fromJsonString,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import {
  AnySchema,
  DurationSchema,
  StructSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";

import { file_lab_v1_lab, ReqSchema, SubSchema, type Req } from "../../gen/ts/lab/v1/lab_pb.js";

import type { ViolationReason } from "./json.js";
import { jsonReader } from "./json-read.js";

const registry = createRegistry(file_lab_v1_lab, ...file_lab_v1_lab.dependencies);
const options = { registry, unknownFields: "ignore", lenient: false } as const;
const reader = jsonReader(ReqSchema, options);

function read(text: string | Uint8Array): Req {
  // A cast: the reader is one of Req.
  return reader.read(typeof text === "string" ? Buffer.from(text) : text) as Req;
}

function violation(field: string, reason: ViolationReason): unknown {
  return expect.objectContaining({ name: "Violation", field, reason });
}

function fieldOf(desc: DescMessage, name: string): DescField {
  const field = desc.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
}

describe("6.2 what is not one JSON text is refused, without a field", () => {
  test.each([
    ["nothing", ""],
    ["white space alone", " \n"],
    ["a byte order mark", "\ufeff{}"],
    ["a second value", '{"i32":5}{"i32":6}'],
    ["something behind it", "{} x"],
    ["a zero byte behind it", "{}\u0000"],
    ["a comment", '{/*c*/"i32":5}'],
    ["a trailing comma", '{"i32":5,}'],
    ["a trailing comma in a list", '{"tags":["a",]}'],
    ["a missing comma", '{"i32":5 "i64":6}'],
    ["a missing colon", '{"i32" 5}'],
    ["a bare key", "{i32:5}"],
    ["single quotes", "{'i32':5}"],
    ["a bare word", '{"name":x}'],
    ["a bare NaN", '{"dbl":NaN}'],
    ["a bare Infinity", '{"dbl":-Infinity}'],
    ["a word cut short", '{"flag":tru}'],
    ["a leading zero", '{"i32":01}'],
    ["a plus", '{"i32":+1}'],
    ["a bare minus", '{"i32":-}'],
    ["a fraction without digits", '{"dbl":1.}'],
    ["an exponent without digits", '{"dbl":1e+}'],
    ["no end", '{"sub":{"name":"a"'],
    ["a string without end", '{"name":"a'],
    ["a string that ends with a backslash", '{"name":"a\\'],
    ["a raw control character", '{"name":"a\tb"}'],
    ["an unknown escape", '{"name":"\\x41"}'],
    ["a short escape", '{"name":"\\u12"}'],
    ["form feed as white space", "\f{}"],
    ["no-break space as white space", "\u00a0{}"],
    ["the wrong bracket", '{"tags":["a"}'],
    ["bad syntax in an ignored member", '{"nosuch":{"a":[1,2}}'],
    ["bad syntax in a value of the wrong kind", '{"name":[1,2}'],
  ])("%s", (_, text) => {
    expect(() => read(text)).toThrow(violation("", "INVALID_VALUE"));
  });

  test.each([
    ["a lone byte", [0x22, 0xff, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0x80, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["half a character", [0x22, 0xe2, 0x82, 0x22]],
  ])("UTF-8: %s", (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"name":'), Buffer.from(bytes), Buffer.from("}")]);
    expect(() => read(text)).toThrow(violation("", "INVALID_VALUE"));
  });

  test.each(["[]", "null", '"a"', "1", "true"])("%s is no message", (text) => {
    expect(() => read(text)).toThrow(violation("", "INVALID_VALUE"));
  });

  test("white space around values is fine", () => {
    expect(read(' \n{ "i32" :\t5 , "tags" : [ "a" , "b" ] }\r\n ')).toStrictEqual(
      create(ReqSchema, { i32: 5, tags: ["a", "b"] }),
    );
  });
});

describe("15.3 nesting", () => {
  const nested = (levels: number) => '{"sub":'.repeat(levels - 1) + "{}" + "}".repeat(levels - 1);
  const lists = (levels: number) => `{"val":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  const ignored = (levels: number) => `{"nosuch":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;

  test.each([nested, lists, ignored])("100 levels are read, 101 are not", (text) => {
    expect(read(text(100))).toBeDefined();
    expect(() => read(text(101))).toThrow(violation("", "INVALID_VALUE"));
  });

  test("a million levels are refused at once", () => {
    expect(() => read("[".repeat(1_000_000))).toThrow(violation("", "INVALID_VALUE"));
    expect(() => read(`{"val":${'{"a":'.repeat(1_000_000)}`)).toThrow(violation("", "INVALID_VALUE"));
  });
});

describe("6.2 duplicates", () => {
  test.each([
    ["i32", '{"i32":5,"i32":5}'],
    ["i32", '{"i32":null,"i32":5}'],
    ["i32", '{"i32":5,"\\u006932":5}'],
    ["otherName", '{"otherName":"a","other_name":"b"}'],
    ["otherName", '{"other_name":"a","other_name":"b"}'],
    ["sub.name", '{"sub":{"name":"a","name":"b"}}'],
    ["labels[a]", '{"labels":{"a":"1","a":"2"}}'],
    ["labels[__proto__]", '{"labels":{"__proto__":"1","__proto__":"2"}}'],
    ["st[a]", '{"st":{"a":1,"a":2}}'],
    ["val[0][a]", '{"val":[{"a":1,"a":2}]}'],
    ["nosuch", '{"nosuch":1,"nosuch":2}'],
    ["nosuch", '{"nosuch":[{"a":1,"a":2}]}'],
    // Beyond the fields that fit the bits of a number.
    ["datas", '{"datas":[],"datas":[]}'],
    ["any.@type", '{"any":{"@type":"type.googleapis.com/lab.v1.Sub","@type":"x"}}'],
  ])("%s in %s", (field, text) => {
    // The key of a pre-read Any is not known to be a field's.
    const at = field.startsWith("any") ? expect.stringMatching(/^any/) : field;
    expect(() => read(text)).toThrow(
      expect.objectContaining({ name: "Violation", field: at, reason: "DUPLICATE_FIELD" }),
    );
  });
});

test.each(['{"choiceS":"a","choiceI":1}', '{"choiceM":{},"choice_i":0}'])(
  "6.3 two members of a oneof: %s",
  (text) => {
    expect(() => read(text)).toThrow(violation("choiceI", "ONEOF_CONFLICT"));
  },
);

test("6.3 a oneof may have one member that is not null", () => {
  expect(read('{"choiceS":null,"choiceI":0,"choiceM":null}')).toStrictEqual(
    create(ReqSchema, { choice: { case: "choiceI", value: 0 } }),
  );
});

describe("6.3 values that are refused", () => {
  test.each([
    ["i32", "1.5"],
    ["i32", '"1e2"'],
    ["i32", '"01"'],
    ["i32", '""'],
    ["i32", "true"],
    ["i32", "[1]"],
    ["i32", "{}"],
    ["i64", "0.1"],
    ["i64", '" 1"'],
    ["u64", "1e-1"],
    ["dbl", '"0x10"'],
    ["dbl", '""'],
    ["dbl", '"nan"'],
    ["flag", '"true"'],
    ["flag", "1"],
    ["flag", '""'],
    ["name", "5"],
    ["name", "true"],
    ["name", '["a"]'],
    ["name", '"\\ud800"'],
    ["name", '"\\udc00\\ud800"'],
    ["name", '"\\ud800x"'],
    ["data", '"a"'],
    ["data", '"aGk=\\n"'],
    ["data", "[1]"],
    ["color", '"red"'],
    ["color", '"1"'],
    ["color", "1.5"],
    ["color", "true"],
    ["tags", '"a"'],
    ["tags", '{"0":"a"}'],
    ["tags[1]", '["a",null]'],
    ["nums[0]", '["x"]'],
    ["colors[2]", '["RED",2,"NOPE"]'],
    ["subs[0]", "[null]"],
    ["subs[1].num", '[{},{"num":"x"}]'],
    ["sws[0]", "[null]"],
    ["sub", "[]"],
    ["sub", '"a"'],
    ["sub.sub.num", '{"sub":{"num":{}}}'],
    ["labels", "[]"],
    ["labels[a]", '{"a":1}'],
    ["labels[a]", '{"a":null}'],
    ["ts", "1704164645"],
    ["ts", '"2024-01-02t03:04:05z"'],
    ["dur", "3"],
    ["dur", '"1.5"'],
    ["dur", '"1sx"'],
    ["mask", '"other_name"'],
    ["mask", '["a"]'],
    ["sw", "1"],
    ["iw", '"x"'],
    ["byw", '"!"'],
    ["st", "[]"],
    ["st", "1"],
    ["empty", "1"],
    ["any", '{"name":"z"}'],
    ["any", '{"@type":1}'],
    ["any", '{"@type":""}'],
    ["any", '{"@type":"type.googleapis.com/no.Such"}'],
    ["any", '"x"'],
    ["any.num", '{"@type":"type.googleapis.com/lab.v1.Sub","num":"x"}'],
    ["any.value", '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"x"}'],
    ["any.value", '{"@type":"type.googleapis.com/google.protobuf.Duration"}'],
    ["any.value", '{"@type":"type.googleapis.com/google.protobuf.Duration","value":null}'],
  ])("%s: %s", (field, value) => {
    const key = field.split(/[.[]/)[0] ?? "";
    expect(() => read(`{"${key}":${value}}`)).toThrow(violation(field, "INVALID_VALUE"));
  });

  test.each([
    ["i32", "2147483648"],
    ["i32", '"-2147483649"'],
    ["i32", "1e10"],
    ["i64", "9223372036854775808"],
    ["i64", "1e999999999"],
    ["u32", "-1"],
    ["u64", "18446744073709551616"],
    ["dbl", "1e999"],
    ["dbl", '"-1e999"'],
    ["flt", "3.5e38"],
    ["color", "2147483648"],
    ["val", "1e999"],
    ["dur", '"315576000001s"'],
    ["ts", '"9999-12-31T23:59:59-01:00"'],
  ])("%s: %s is out of range", (field, value) => {
    expect(() => read(`{"${field}":${value}}`)).toThrow(violation(field, "OUT_OF_RANGE"));
  });
});

describe("6.3 values that are read", () => {
  test.each([
    ["i64", "9007199254740993", { i64: 9007199254740993n }],
    ["i64", '"-9223372036854775808"', { i64: -(2n ** 63n) }],
    ["u64", "1e19", { u64: 10n ** 19n }],
    ["u64", "18446744073709551615.0", { u64: 2n ** 64n - 1n }],
    ["i32", "1e2", { i32: 100 }],
    ["i32", "-0", { i32: 0 }],
    ["nums", '[1,"2",3.0]', { nums: [1, 2, 3] }],
    ["dbl", '"NaN"', { dbl: NaN }],
    ["dbl", '"-Infinity"', { dbl: -Infinity }],
    ["dbl", "-0", { dbl: -0 }],
    ["dbl", '"1.5e3"', { dbl: 1500 }],
    ["name", '"\\u0000\\ud83d\\udc4d\\/é"', { name: "\u0000👍/é" }],
    ["data", '"-_8"', { data: Uint8Array.of(0xfb, 0xff) }],
    ["color", "77", { color: 77 }],
    ["renamedField", '"a"', { custom: "a" }],
    ["custom", '"a"', { custom: "a" }],
    ["optStr", '""', { optStr: "" }],
    ["sw", '""', { sw: "" }],
    ["iw", '"5"', { iw: 5n }],
    ["sub", "{}", { sub: {} }],
    ["mask", '""', { mask: {} }],
    ["any", "{}", { any: {} }],
    ["empty", '{"x":1}', { empty: {} }],
    ["nul", "null", { nul: 0 }],
    ["nul", '"NULL_VALUE"', { nul: 0 }],
    ["val", "null", { val: { kind: { case: "nullValue", value: 0 } } }],
    ["val", "1e2", { val: { kind: { case: "numberValue", value: 100 } } }],
    ["st", '{"a":[1,null,{"b":true}]}', { st: { a: [1, null, { b: true }] } }],
  ] as const)("%s: %s", (field, value, init) => {
    // A cast: the table is of many shapes, each of which is one of Req.
    expect(read(`{"${field}":${value}}`)).toStrictEqual(
      create(ReqSchema, init as Parameters<typeof create>[1]),
    );
  });

  test("null unsets", () => {
    const nulls = [
      "i32",
      "tags",
      "labels",
      "sub",
      "sw",
      "ts",
      "optStr",
      "color",
      "st",
      "any",
      "data",
      "choiceM",
    ];
    expect(read(`{${nulls.map((name) => `"${name}":null`).join()}}`)).toStrictEqual(create(ReqSchema));
  });

  test("an Any may have its type last, and be nested", () => {
    const url = "type.googleapis.com/";
    const inner = `{"value":"1s","@type":"${url}google.protobuf.Duration"}`;
    const { any } = read(`{"any":{"value":${inner},"@type":"${url}google.protobuf.Any"}}`);
    expect(any?.typeUrl).toBe(`${url}google.protobuf.Any`);
    const nested = fromBinary(AnySchema, any?.value ?? new Uint8Array(0));
    expect(fromBinary(DurationSchema, nested.value)).toStrictEqual(create(DurationSchema, { seconds: 1n }));
  });

  test("6.3 map keys are data, and end up as own entries", () => {
    const { labels, st } = read(
      '{"labels":{"__proto__":"x","constructor":"y","toString":"z"},"st":{"__proto__":{"x":1}}}',
    );
    expect(Object.entries(labels)).toStrictEqual([["__proto__", "x"], ["constructor", "y"], ["toString", "z"]]); // prettier-ignore
    expect(Object.keys(st ?? {})).toStrictEqual(["__proto__"]);
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
  });
});

describe("6.4 unknown members", () => {
  const strict = jsonReader(ReqSchema, { ...options, unknownFields: "reject" });

  test.each([
    '{"nosuch":{"a":[1,"x",null,true,-1.5e3]}}',
    '{"__proto__":{"i32":5}}',
    '{"constructor":1,"hasOwnProperty":2}',
    '{"$typeName":"x"}',
  ])("%s is ignored, or refused", (text) => {
    expect(read(text)).toStrictEqual(create(ReqSchema));
    expect(() => strict.read(Buffer.from(text))).toThrow(
      expect.objectContaining({ reason: "UNKNOWN_FIELD" }),
    );
  });

  test("the path of a refused member has its name", () => {
    expect(() => strict.read(Buffer.from('{"sub":{"a b":1}}'))).toThrow(
      violation("sub.a b", "UNKNOWN_FIELD"),
    );
    expect(() => strict.read(Buffer.from(`{"${"x".repeat(1000)}":1}`))).toThrow(
      violation(`${"x".repeat(63)}…`, "UNKNOWN_FIELD"),
    );
  });

  test("the @type of an Any is not unknown", () => {
    const text = '{"any":{"@type":"type.googleapis.com/lab.v1.Sub","num":1}}';
    expect(strict.read(Buffer.from(text))).toStrictEqual(fromJsonString(ReqSchema, text, { registry }));
  });
});

describe("types whose JSON is no object", () => {
  test.each([
    [TimestampSchema, '"1970-01-01T00:00:01Z"'],
    [DurationSchema, '"1s"'],
    [StructSchema, '{"a":[1]}'],
    [ValueSchema, "null"],
    [AnySchema, '{"@type":"type.googleapis.com/lab.v1.Sub","num":1}'],
  ] as [DescMessage, string][])("%s is read at the top", (desc, text) => {
    expect(jsonReader(desc, options).read(Buffer.from(text))).toStrictEqual(
      fromJsonString(desc, text, { registry }),
    );
  });
});

describe("differences to protobuf-es, which reads these", () => {
  test.each([
    ["an unknown enum name, where unknown members are ignored", '{"color":"NOPE"}'],
    ["half a surrogate pair", '{"val":"\\ud800"}'],
    ["integers in other spellings within strings", '{"i32":"0x10"}'],
    ["wrong padding", '{"data":"aGkh="}'],
    ["a date that does not exist", '{"ts":"2023-02-29T00:00:00Z"}'],
    ["hour 24", '{"ts":"2023-02-28T24:00:00Z"}'],
    ["text behind a duration", '{"dur":"1s x"}'],
    ["a list of paths that are none", '{"mask":"a,,b c"}'],
    ["infinite numbers in a Value", '{"val":1e999}'],
  ])("%s", (_, text) => {
    expect(fromJsonString(ReqSchema, text, { registry, ignoreUnknownFields: true })).toBeDefined();
    expect(() => read(text)).toThrow(expect.objectContaining({ name: "Violation" }));
  });

  test("the type URL of an Any stays as it was written", () => {
    const text = '{"any":{"@type":"example.com/x/lab.v1.Sub"}}';
    expect(read(text).any?.typeUrl).toBe("example.com/x/lab.v1.Sub");
    expect(fromJsonString(ReqSchema, text, { registry }).any?.typeUrl).toBe("type.googleapis.com/lab.v1.Sub");
  });
});

describe("6.1 the value of one field", () => {
  function readField(name: string, text: string): { message: Message; paths: string[] } {
    const message = create(ReqSchema);
    const paths: string[] = [];
    reader.readField(message, fieldOf(ReqSchema, name), Buffer.from(text), (path) => paths.push(path));
    return { message, paths };
  }

  test.each([
    ["sub", '{"name":"s"}', { sub: { name: "s" } }],
    ["sub", "{}", { sub: {} }],
    ["sub", "null", {}],
    ["subs", '[{"name":"a"},{}]', { subs: [{ name: "a" }, {}] }],
    ["tags", ' ["a"] ', { tags: ["a"] }],
    ["other_name", '"x"', { otherName: "x" }],
    ["labels", '{"a":"b"}', { labels: { a: "b" } }],
    ["color", '"RED"', { color: 1 }],
    ["choice_i", "0", { choice: { case: "choiceI", value: 0 } }],
    ["sw", '""', { sw: "" }],
    ["val", "null", { val: { kind: { case: "nullValue", value: 0 } } }],
  ] as const)("%s from %s", (name, text, init) => {
    expect(readField(name, text).message).toStrictEqual(
      create(ReqSchema, init as Parameters<typeof create>[1]),
    );
  });

  test.each([
    ["subs", '{"name":"a"}', "subs", "INVALID_VALUE"],
    ["subs", '[{"num":1},{"num":"x"}]', "subs[1].num", "INVALID_VALUE"],
    ["sub", '{"sub":{"num":1e10}}', "sub.sub.num", "OUT_OF_RANGE"],
    ["other_name", "5", "otherName", "INVALID_VALUE"],
    ["other_name", "hello", "", "INVALID_VALUE"],
    ["sub", "{} {}", "", "INVALID_VALUE"],
    ["sub", "", "", "INVALID_VALUE"],
  ] as const)("%s refuses %s", (name, text, field, reason) => {
    expect(() => readField(name, text)).toThrow(violation(field, reason));
  });

  test.each([
    ['{"name":"s","num":null}', ["name", "num"]],
    [
      '{"num":1,"sub":{"tags":[],"sub":{"name":"x","subs":[{"name":"y"}]}},"name":""}',
      ["num", "sub.tags", "sub.sub.name", "sub.sub.subs", "name"],
    ],
    ['{"sub":{},"wrap":"x","nosuch":{"name":"x"}}', ["sub", "wrap"]],
    ['{"sub":{"nosuch":1}}', []],
    ["{}", []],
    ["null", []],
  ])("6.8 the mask of %s", (text, paths) => {
    expect(readField("sub", text).paths).toStrictEqual(paths);
  });

  test("6.8 only objects of ordinary messages have paths", () => {
    expect(readField("subs", '[{"name":"a"}]').paths).toStrictEqual([]);
    expect(readField("st", '{"name":"a"}').paths).toStrictEqual([]);
  });

  test("a field of another type is a mistake of the program", () => {
    expect(() => reader.readField(create(SubSchema), fieldOf(SubSchema, "wrap"), Buffer.from("1"))).toThrow(
      /has no field wrap/,
    );
  });
});

test("a reader is made once for each options object", () => {
  expect(jsonReader(ReqSchema, options)).toBe(reader);
  expect(jsonReader(ReqSchema, { ...options })).not.toBe(reader);
});
