// For *.test.ts only: message types with every kind of field, in every syntax, that no contract of ours has together.

import { create, createFileRegistry, ScalarType, type DescMessage } from "@bufbuild/protobuf";
import {
  Edition,
  FeatureSet_MessageEncoding,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptions_JSType,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  DescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

export type Syntax = "proto2" | "proto3" | "editions";

const scalars = Object.values(ScalarType).filter((value) => typeof value === "number");

// The two enums have the same names.
const typeOf = (scalar: ScalarType): Type => Type[ScalarType[scalar] as keyof typeof Type];
const isLong = (scalar: ScalarType) => /64$/.test(ScalarType[scalar]);
const isPackable = (scalar: ScalarType) => scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES;
const isKey = (scalar: ScalarType) =>
  ![ScalarType.FLOAT, ScalarType.DOUBLE, ScalarType.BYTES].includes(scalar);

/** `lab.All`: all scalar types, an enum, messages and well-known types as singular, repeated, oneof and map fields. */
export function allFields(syntax: Syntax): DescMessage {
  const fields: FieldInit[] = [];
  const entries: MessageInitShape<typeof DescriptorProtoSchema>[] = [];
  const add = (name: string, field: Omit<FieldInit, "$typeName">) => {
    const number = fields.length + 1;
    fields.push({ label: Label.OPTIONAL, ...field, name, number: number < 30 ? number : number * 601 });
  };
  const addMap = (name: string, key: ScalarType, value: Omit<FieldInit, "$typeName">) => {
    const entry = name.replaceAll("_", "").replace(/^./, (c) => c.toUpperCase()) + "Entry";
    add(name, { type: Type.MESSAGE, typeName: `.lab.All.${entry}`, label: Label.REPEATED });
    entries.push({
      name: entry,
      field: [
        { name: "key", number: 1, label: Label.OPTIONAL, type: typeOf(key) },
        { label: Label.OPTIONAL, ...value, name: "value", number: 2 },
      ],
      options: { mapEntry: true },
    });
  };
  const kinds: [string, Omit<FieldInit, "$typeName">][] = [
    ["enum", { type: Type.ENUM, typeName: ".lab.Color" }],
    ["message", { type: Type.MESSAGE, typeName: ".lab.All" }],
    ["struct", { type: Type.MESSAGE, typeName: ".google.protobuf.Struct" }],
    ["value", { type: Type.MESSAGE, typeName: ".google.protobuf.Value" }],
    ["wrapper", { type: Type.MESSAGE, typeName: ".google.protobuf.Int64Value" }],
    ["bytes_wrapper", { type: Type.MESSAGE, typeName: ".google.protobuf.BytesValue" }],
    ...scalars.map((scalar): [string, FieldInit] => [
      ScalarType[scalar].toLowerCase(),
      { type: typeOf(scalar) },
    ]),
  ];
  for (const [name, kind] of kinds) {
    add(`one_${name}`, kind);
    add(`list_${name}`, { ...kind, label: Label.REPEATED });
    add(`choice_${name}`, { ...kind, oneofIndex: 0 });
    addMap(`map_${name}`, ScalarType.STRING, kind);
  }
  for (const scalar of scalars) {
    const name = ScalarType[scalar].toLowerCase();
    const type = typeOf(scalar);
    if (isPackable(scalar)) {
      add(`packed_${name}`, { type, label: Label.REPEATED, options: { packed: true } });
      add(`loose_${name}`, { type, label: Label.REPEATED, options: { packed: false } });
    }
    if (isKey(scalar)) addMap(`by_${name}`, scalar, { type: Type.STRING });
    if (!isLong(scalar)) continue;
    add(`text_${name}`, { type, options: { jstype: FieldOptions_JSType.JS_STRING } });
    add(`texts_${name}`, { type, label: Label.REPEATED, options: { jstype: FieldOptions_JSType.JS_STRING } });
  }
  if (syntax === "proto2") add("defaulted", { type: Type.INT32, defaultValue: "42" });
  return build(syntax, { name: "All", field: fields, nestedType: entries, oneofDecl: [{ name: "choice" }] });
}

/** `lab.Strict`: a required field. */
export function requiredField(): DescMessage {
  return build("proto2", {
    name: "Strict",
    field: [{ name: "id", number: 1, type: Type.STRING, label: Label.REQUIRED }],
  });
}

/** `lab.Delimited`: a message field in the encoding of groups, which the compiler leaves to protobuf-es. */
export function delimitedField(): DescMessage {
  return build("editions", {
    name: "Delimited",
    field: [
      {
        name: "child",
        number: 1,
        type: Type.MESSAGE,
        typeName: ".lab.Delimited",
        label: Label.OPTIONAL,
        options: { features: { messageEncoding: FeatureSet_MessageEncoding.DELIMITED } },
      },
      { name: "text", number: 2, type: Type.BYTES, label: Label.OPTIONAL },
    ],
  });
}

function build(
  syntax: Syntax,
  message: Omit<MessageInitShape<typeof DescriptorProtoSchema>, "$typeName">,
): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: "lab.proto",
    package: "lab",
    syntax,
    ...(syntax === "editions" ? { edition: Edition.EDITION_2023 } : {}),
    dependency: ["google/protobuf/struct.proto", "google/protobuf/wrappers.proto"],
    messageType: [message],
    enumType: [
      { name: "Color", value: ["RED", "GREEN"].map((name, i) => ({ name: `COLOR_${name}`, number: i })) },
    ],
  });
  const imports = [file_google_protobuf_struct, file_google_protobuf_wrappers].map(({ proto }) => proto);
  const registry = createFileRegistry(file, (name) => imports.find((proto) => proto.name === name));
  const desc = registry.getMessage(`lab.${message.name}`);
  if (desc === undefined) throw new Error(`lab.${message.name} was not built`);
  return desc;
}
