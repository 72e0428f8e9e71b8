// For *.test.ts only: message types with every kind of field, in every syntax, that no contract of ours has together.

import {
  create,
  createFileRegistry,
  ScalarType,
  type DescMessage,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  Edition,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptions_JSType,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

type FieldInit = Omit<MessageInitShape<typeof FieldDescriptorProtoSchema>, "$typeName">;
type MessageInit = Omit<MessageInitShape<typeof DescriptorProtoSchema>, "$typeName">;

export type Syntax = "proto2" | "proto3" | "editions";

const scalars = Object.values(ScalarType).filter((value) => typeof value === "number");

// The two enums have the same names.
const typeOf = (scalar: ScalarType): Type => Type[ScalarType[scalar] as keyof typeof Type];
const nameOf = (scalar: ScalarType) => ScalarType[scalar].toLowerCase();
const isLong = (scalar: ScalarType) => /64$/.test(ScalarType[scalar]);
const isPackable = (scalar: ScalarType) => scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES;
const isKey = (scalar: ScalarType) =>
  ![ScalarType.FLOAT, ScalarType.DOUBLE, ScalarType.BYTES].includes(scalar);

const scalarKinds: [string, FieldInit][] = [
  ...scalars.map((scalar): [string, FieldInit] => [nameOf(scalar), { type: typeOf(scalar) }]),
  ["enum", { type: Type.ENUM, typeName: ".lab.Color" }],
];
const messageKinds: [string, FieldInit][] = [
  ["message", { type: Type.MESSAGE, typeName: ".lab.All" }],
  ["struct", { type: Type.MESSAGE, typeName: ".google.protobuf.Struct" }],
  ["value", { type: Type.MESSAGE, typeName: ".google.protobuf.Value" }],
  ["wrapper", { type: Type.MESSAGE, typeName: ".google.protobuf.Int64Value" }],
  ["bytes_wrapper", { type: Type.MESSAGE, typeName: ".google.protobuf.BytesValue" }],
];

/** `lab.All`: scalar types, an enum, messages and well-known types as singular, repeated, oneof and map fields. */
export function allFields(syntax: Syntax): DescMessage {
  const field: FieldInit[] = [];
  const nestedType: MessageInit[] = [];
  const oneofDecl = [{ name: "choice" }];
  const add = (name: string, init: FieldInit) => {
    // Small numbers have tags of one byte, others of up to three.
    const number = field.length < 30 ? field.length + 1 : field.length * 601;
    field.push({ label: Label.OPTIONAL, ...init, name, number });
  };
  const addMap = (name: string, key: ScalarType, value: FieldInit) => {
    const entry = mapEntry(name, key, value);
    add(name, { type: Type.MESSAGE, typeName: `.lab.All.${entry.name}`, label: Label.REPEATED });
    nestedType.push(entry);
  };
  for (const [name, kind] of [...messageKinds, ...scalarKinds]) {
    add(`one_${name}`, kind);
    add(`list_${name}`, { ...kind, label: Label.REPEATED });
    add(`choice_${name}`, { ...kind, oneofIndex: 0 });
    addMap(`map_${name}`, ScalarType.STRING, kind);
  }
  for (const [name, kind] of scalarKinds) {
    if (syntax === "proto3") {
      const oneofIndex = oneofDecl.push({ name: `_maybe_${name}` }) - 1;
      add(`maybe_${name}`, { ...kind, proto3Optional: true, oneofIndex });
    } else if (syntax === "editions") {
      const features = { fieldPresence: FeatureSet_FieldPresence.IMPLICIT };
      add(`implicit_${name}`, { ...kind, options: { features } });
    }
  }
  for (const scalar of scalars) {
    const kind = { type: typeOf(scalar) };
    const list = { ...kind, label: Label.REPEATED };
    const name = nameOf(scalar);
    // Editions say it with a feature, and are packed unless they do.
    if (isPackable(scalar) && syntax !== "editions") {
      add(`packed_${name}`, { ...list, options: { packed: true } });
      add(`loose_${name}`, { ...list, options: { packed: false } });
    }
    if (isKey(scalar)) addMap(`by_${name}`, scalar, { type: Type.STRING });
    if (isLong(scalar)) {
      add(`text_${name}`, { ...kind, options: { jstype: FieldOptions_JSType.JS_STRING } });
      add(`texts_${name}`, { ...list, options: { jstype: FieldOptions_JSType.JS_STRING } });
    }
  }
  if (syntax === "proto2") add("defaulted", { type: Type.INT32, defaultValue: "42" });
  return build(syntax, { name: "All", field, nestedType, oneofDecl });
}

/** The message type that stands for the entries of a map field. */
function mapEntry(name: string, key: ScalarType, value: FieldInit): MessageInit {
  return {
    name: name.replaceAll("_", "").replace(/^./, (c) => c.toUpperCase()) + "Entry",
    field: [
      { name: "key", number: 1, label: Label.OPTIONAL, type: typeOf(key) },
      { label: Label.OPTIONAL, ...value, name: "value", number: 2 },
    ],
    options: { mapEntry: true },
  };
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

function build(syntax: Syntax, message: MessageInit): DescMessage {
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
