import {
  create,
  createFileRegistry,
  createRegistry,
  setExtension,
  type DescMessage,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import {
  EnumValueOptionsSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  OneofOptionsSchema,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";

import {
  UpdateZoneRequestSchema,
  ZoneSchema,
  ZoneStatus,
  ZoneType,
} from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Emit, field as fieldOption, FieldRestSchema, oneof, OneofRestSchema, wire } from "../../gen/ts/trunkline/v1/rest_pb.js"; // prettier-ignore

import { jsonReader } from "./json-read.js";
import { jsonWriter } from "./json-write.js";

/** A field option, in the options of a field. */
function styled(rest: MessageInitShape<typeof FieldRestSchema>) {
  const options = create(FieldOptionsSchema);
  setExtension(options, fieldOption, create(FieldRestSchema, rest));
  return options;
}

/** An enum value with a wire spelling. */
function spelt(name: string, number: number, spelling: string) {
  const options = create(EnumValueOptionsSchema);
  setExtension(options, wire, spelling);
  return { name, number, options };
}

/** The options of a oneof that is one key. */
function union(key: string, discriminator: string) {
  const options = create(OneofOptionsSchema);
  setExtension(options, oneof, create(OneofRestSchema, { wire: key, discriminator }));
  return options;
}

const file = create(FileDescriptorProtoSchema, {
  name: "styled.proto",
  package: "styled",
  syntax: "proto3",
  enumType: [
    { name: "Kind", value: [{ name: "KIND_UNSPECIFIED", number: 0 }, spelt("KIND_CAA", 1, "CAA"), spelt("KIND_A", 2, "A")] },
  ],
  messageType: [
    {
      name: "Caa",
      field: [{ name: "flags", jsonName: "flags", number: 1, type: Type.UINT32, label: Label.OPTIONAL }],
    },
    {
      name: "Record",
      oneofDecl: [{ name: "data", options: union("data", "kind") }, { name: "_note" }],
      field: [
        { name: "kind", jsonName: "kind", number: 1, type: Type.ENUM, typeName: ".styled.Kind", label: Label.OPTIONAL },
        { name: "caa", jsonName: "caa", number: 2, type: Type.MESSAGE, typeName: ".styled.Caa", label: Label.OPTIONAL, oneofIndex: 0 },
        { name: "srv", jsonName: "srv", number: 3, type: Type.MESSAGE, typeName: ".styled.Caa", label: Label.OPTIONAL, oneofIndex: 0 },
        { name: "count", jsonName: "count", number: 4, type: Type.INT64, label: Label.OPTIONAL, options: styled({ jsonNumber: true }) },
        { name: "note", jsonName: "note", number: 5, type: Type.STRING, label: Label.OPTIONAL, proto3Optional: true, oneofIndex: 1, options: styled({ emit: Emit.NULL }) },
        { name: "tag_match", jsonName: "tagMatch", number: 6, type: Type.STRING, label: Label.OPTIONAL, options: styled({ alias: ["tag-match"], emit: Emit.OMIT }) },
        { name: "shallow", jsonName: "shallow", number: 7, type: Type.MESSAGE, typeName: ".styled.Caa", label: Label.OPTIONAL, options: styled({ emit: Emit.DEFAULT }) },
        { name: "deep", jsonName: "deep", number: 8, type: Type.MESSAGE, typeName: ".styled.Caa", label: Label.OPTIONAL, options: styled({ deepMerge: true }) },
      ],
    },
    {
      name: "Holder",
      field: [{ name: "record", jsonName: "record", number: 1, type: Type.MESSAGE, typeName: ".styled.Record", label: Label.OPTIONAL }],
    },
  ],
}); // prettier-ignore

const types = createFileRegistry(file, () => undefined);
const recordSchema = messageNamed("styled.Record");
const holderSchema = messageNamed("styled.Holder");
const lenient = { registry: createRegistry(), unknownFields: "ignore", lenient: true } as const;
const strict = { registry: createRegistry(), unknownFields: "reject", lenient: false } as const;
const style = { registry: createRegistry(), names: "proto", emitImplicit: true, styled: true } as const;

function messageNamed(name: string): DescMessage {
  const desc = types.getMessage(name);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

/** What a text becomes: read leniently, written in style. */
function roundTrip(desc: DescMessage, text: string): unknown {
  return JSON.parse(jsonWriter(desc, style).write(jsonReader(desc, lenient).read(Buffer.from(text))));
}

function pathsOf(text: string): string[] {
  const paths: string[] = [];
  const record = reflect(holderSchema);
  const [field] = holderSchema.fields;
  if (field === undefined) throw new Error("no field");
  jsonReader(holderSchema, lenient).readField(record.message, field, Buffer.from(text), (path) =>
    paths.push(path),
  );
  return paths;
}

const empty = { kind: "KIND_UNSPECIFIED", count: 0, note: null, shallow: { flags: 0 } };

describe("lenient reading", () => {
  test.each([
    ["wire spellings", '{"kind":"CAA"}', { kind: "CAA" }],
    ["names", '{"kind":"KIND_CAA"}', { kind: "CAA" }],
    ["enum numbers in a string", '{"kind":"2"}', { kind: "A" }],
    ["numbers for strings", '{"note":1.50}', { note: "1.50" }],
    ["strings for numbers", '{"count":"4","deep":{"flags":"7"}}', { count: 4, deep: { flags: 7 } }],
    ["aliases", '{"tag-match":"any"}', { tag_match: "any" }],
    ["null", '{"note":null,"data":null,"tag_match":null}', {}],
    ["a oneof under one key", '{"kind":"CAA","data":{"flags":5}}', { kind: "CAA", data: { flags: 5 } }],
    ["the key before the kind", '{"data":{"flags":5},"kind":"CAA"}', { kind: "CAA", data: { flags: 5 } }],
    ["the member's own name", '{"caa":{"flags":5}}', { data: { flags: 5 } }],
    ["data of a kind that has none", '{"kind":"A","data":{"x":1}}', { kind: "A" }],
  ])("%s", (_, text, expected) => {
    expect(roundTrip(recordSchema, text)).toStrictEqual({ ...empty, ...expected });
  });

  test.each([
    ["kind", '{"kind":"caa"}', "INVALID_VALUE"],
    ["tagMatch", '{"tag-match":"any","tag_match":"any"}', "DUPLICATE_FIELD"],
    ["data", '{"data":{}}', "INVALID_VALUE"],
    ["data", '{"kind":"CAA","data":{},"data":{}}', "DUPLICATE_FIELD"],
    ["data", '{"kind":"CAA","data":{},"srv":{}}', "ONEOF_CONFLICT"],
    ["data.flags", '{"kind":"CAA","data":{"flags":-1}}', "OUT_OF_RANGE"],
    ["data", '{"kind":"CAA","data":[]}', "INVALID_VALUE"],
    ["note", '{"note":true}', "INVALID_VALUE"],
  ])("%s is refused in %s", (field, text, reason) => {
    expect(() => jsonReader(recordSchema, lenient).read(Buffer.from(text))).toThrow(
      expect.objectContaining({ name: "Violation", field, reason }),
    );
  });

  test.each(['{"kind":"CAA"}', '{"note":1}', '{"tag-match":"any"}', '{"kind":1,"data":{}}'])(
    "%s is refused by a strict reader",
    (text) => {
      expect(() => jsonReader(recordSchema, strict).read(Buffer.from(text))).toThrow(
        expect.objectContaining({ name: "Violation" }),
      );
    },
  );

  test("members that are OUTPUT_ONLY are dropped, whatever they hold", () => {
    const text =
      '{"zone":{"id":5,"created_on":"0001","status":null,"paused":true,"type":"partial"},"zone_id":"a"}';
    const read = jsonReader(UpdateZoneRequestSchema, lenient).read(Buffer.from(text));
    expect(read).toStrictEqual(
      create(UpdateZoneRequestSchema, { zoneId: "a", zone: { paused: true, type: ZoneType.PARTIAL } }),
    );
  });
});

describe("update masks of enveloped services", () => {
  test.each([
    ['{"shallow":{"flags":1},"deep":{"flags":1}}', ["shallow", "deep.flags"]],
    ['{"data":{"flags":1},"kind":"CAA","note":null}', ["kind", "note", "caa"]],
    ['{"deep":{}}', ["deep"]],
  ])("%s", (text, paths) => {
    expect(pathsOf(text)).toStrictEqual(paths);
  });

  test("dropped members are not in the mask", () => {
    const field = UpdateZoneRequestSchema.field.zone;
    const paths: string[] = [];
    const reader = jsonReader(UpdateZoneRequestSchema, lenient);
    const text = Buffer.from('{"id":"x","paused":false,"account":{"id":"y"}}');
    reader.readField(create(UpdateZoneRequestSchema), field, text, (path) => paths.push(path));
    expect(paths).toStrictEqual(["paused"]);
  });
});

describe("styled writing", () => {
  test("a zone", () => {
    const zone = create(ZoneSchema, { id: "z", status: ZoneStatus.ACTIVE, createdOn: timestampFromMs(0) });
    expect(jsonWriter(ZoneSchema, style).write(zone)).toBe(
      '{"id":"z","name":"","status":"active","paused":false,"type":"ZONE_TYPE_UNSPECIFIED","name_servers":[],"created_on":"1970-01-01T00:00:00Z","activated_on":null}',
    );
    expect(jsonWriter(ZoneSchema, { ...style, names: "json", emitImplicit: false }).write(zone)).toBe(
      '{"id":"z","status":"active","createdOn":"1970-01-01T00:00:00Z","activatedOn":null}',
    );
  });

  test("without style the options don't count", () => {
    const record = reflect(recordSchema);
    const writer = jsonWriter(recordSchema, { ...style, styled: false });
    expect(JSON.parse(writer.write(record.message))).toStrictEqual({
      kind: "KIND_UNSPECIFIED",
      count: "0",
      tag_match: "",
    });
  });

  test("a number beyond 2^53 is not written as a number", () => {
    const record = jsonReader(recordSchema, lenient).read(Buffer.from('{"count":"9007199254740993"}'));
    expect(() => jsonWriter(recordSchema, style).write(record)).toThrow("2^53");
  });
});
