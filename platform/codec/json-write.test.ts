import { create, createRegistry, toJson, type DescField } from "@bufbuild/protobuf";
import {
  AnySchema,
  anyPack,
  DurationSchema,
  StringValueSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";

import { file_lab_v1_lab, ReqSchema, SubSchema } from "../../gen/ts/lab/v1/lab_pb.js";

import { jsonWriter } from "./json-write.js";

const registry = createRegistry(file_lab_v1_lab, ...file_lab_v1_lab.dependencies);
const options = { registry, names: "json", emitImplicit: false, styled: false } as const;
const writer = jsonWriter(ReqSchema, options);

function field(name: string): DescField {
  const found = ReqSchema.fields.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
}

describe("9.1 values", () => {
  test.each([
    [{}, "{}"],
    [{ i64: 5n, u64: 2n ** 64n - 1n }, '{"i64":"5","u64":"18446744073709551615"}'],
    [{ dbl: NaN, flt: -Infinity }, '{"dbl":"NaN","flt":"-Infinity"}'],
    [{ dbl: -0 }, '{"dbl":-0}'],
    [{ dbl: 1e21 }, '{"dbl":1e+21}'],
    [{ data: Uint8Array.of(0xfb, 0xff) }, '{"data":"+/8="}'],
    [{ color: 2, colors: [0, 77, -1] }, '{"color":"GREEN","colors":["COLOR_UNSPECIFIED",77,"NEG"]}'],
    [{ name: 'a"\\\n\u0000é👍\u2028' }, '{"name":"a\\"\\\\\\n\\u0000é👍\u2028"}'],
    [{ optStr: "", optI32: 0 }, '{"optStr":"","optI32":0}'],
    [{ choice: { case: "choiceI", value: 0 } }, '{"choiceI":0}'],
    [{ custom: "x" }, '{"renamedField":"x"}'],
    [{ mask: { paths: ["other_name", "a.b_c"] } }, '{"mask":"otherName,a.bC"}'],
    [{ sw: "", iw: 5n, byw: new Uint8Array(0) }, '{"sw":"","iw":"5","byw":""}'],
    [{ sws: [{ value: "a" }, {}] }, '{"sws":["a",""]}'],
    [{ st: { toJSON: "x", a: [1, null, { b: true }] } }, '{"st":{"toJSON":"x","a":[1,null,{"b":true}]}}'],
    [{ labels: { a: "1", 'b"': "2" } }, '{"labels":{"a":"1","b\\"":"2"}}'],
    [{ sub: {}, empty: {} }, '{"sub":{},"empty":{}}'],
    [{ any: {} }, '{"any":{}}'],
    [{ any: anyPack(SubSchema, create(SubSchema, { num: 1 })) }, '{"any":{"@type":"type.googleapis.com/lab.v1.Sub","num":1}}'],
    [{ any: anyPack(SubSchema, create(SubSchema)) }, '{"any":{"@type":"type.googleapis.com/lab.v1.Sub"}}'],
    [{ any: anyPack(DurationSchema, create(DurationSchema, { seconds: 1n })) }, '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}'],
  ] as const)("%j", (init, text) => {
    // A cast: the table is of many shapes, each of which is one of Req.
    expect(writer.write(create(ReqSchema, init as Parameters<typeof create>[1]))).toBe(text);
  }); // prettier-ignore

  test("own entries called __proto__ are written", () => {
    const labels = JSON.parse('{"__proto__":"x"}') as { [key: string]: string };
    expect(writer.write(create(ReqSchema, { labels }))).toBe('{"labels":{"__proto__":"x"}}');
  });
});

describe("9.1 what JSON can't say is a fault of the server", () => {
  test.each([
    [{ ts: { seconds: 253402300800n } }],
    [{ dur: { seconds: 1n, nanos: -1 } }],
    [{ mask: { paths: ["otherName"] } }],
    [{ any: { typeUrl: "type.googleapis.com/no.Such" } }],
    [{ val: {} }],
    [{ val: create(ValueSchema, { kind: { case: "numberValue", value: NaN } }) }],
    [{ st: { a: Infinity } }],
  ])("%p", (init) => {
    const write = () => writer.write(create(ReqSchema, init));
    expect(write).toThrow(Error);
    expect(write).not.toThrow(expect.objectContaining({ name: "Violation" }));
  });
});

describe("9.2 one field", () => {
  test.each([
    ["sub", "{}"],
    ["tags", "[]"],
    ["labels", "{}"],
    ["name", '""'],
    ["i64", '"0"'],
    ["flag", "false"],
    ["data", '""'],
    ["color", '"COLOR_UNSPECIFIED"'],
    ["opt_i32", "0"],
    ["choice_s", '""'],
    ["choice_m", "{}"],
    ["empty", "{}"],
    ["any", "{}"],
    ["st", "{}"],
    ["ts", "null"],
    ["dur", "null"],
    ["mask", "null"],
    ["sw", "null"],
    ["val", "null"],
    ["nul", "null"],
  ])("%s, unset, is %s", (name, text) => {
    expect(writer.writeField(create(ReqSchema), field(name))).toBe(text);
  });

  test("an empty message is written as the options want it", () => {
    const full = jsonWriter(ReqSchema, { ...options, emitImplicit: true });
    expect(full.writeField(create(ReqSchema), field("sub"))).toBe('{"name":"","num":0,"tags":[],"subs":[]}');
  });

  test.each([
    ["sub", '{"name":"x"}'],
    ["tags", '["a"]'],
    ["choice_i", "7"],
    ["opt_str", '""'],
    ["sw", '"w"'],
  ])("%s, set, is %s", (name, text) => {
    const message = create(ReqSchema, {
      sub: { name: "x" },
      tags: ["a"],
      choice: { case: "choiceI", value: 7 },
      optStr: "",
      sw: "w",
    });
    expect(writer.writeField(message, field(name))).toBe(text);
  });

  test("a field of another type is a mistake of the program", () => {
    expect(() => writer.writeField(create(ReqSchema), SubSchema.field.wrap)).toThrow("no field wrap");
  });
});

test("types whose JSON is no object are written at the top", () => {
  expect(jsonWriter(TimestampSchema, options).write(create(TimestampSchema))).toBe('"1970-01-01T00:00:00Z"');
  expect(jsonWriter(StringValueSchema, options).write(create(StringValueSchema, { value: "a" }))).toBe('"a"');
  const any = anyPack(AnySchema, create(AnySchema));
  expect(JSON.parse(jsonWriter(AnySchema, options).write(any))).toStrictEqual(
    toJson(AnySchema, any, { registry }),
  );
});

test("a writer is made once for each options object", () => {
  expect(jsonWriter(ReqSchema, options)).toBe(writer);
  expect(jsonWriter(ReqSchema, { ...options })).not.toBe(writer);
});
