import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import protobufjs, { type Type } from "protobufjs";
import {
  GetRecordRequestSchema,
  ListRecordsRequestSchema,
  ListRecordsResponseSchema,
  RecordSchema,
} from "../../gen/ts/perf/v1/perf_pb.js";

/** One message type of protobufjs, as grpc-js wants it. */
export interface PlainCodec {
  readonly encode: (message: object) => Buffer;
  readonly decode: (bytes: Uint8Array) => object;
}

/**
 * Codecs of protobufjs for the contract. protobufjs compiles encode() and decode() to the same JavaScript that its command
 * line writes into a static module, when a type is first used. The types are read from our descriptors, so that the
 * contract is not said twice.
 */
export function protobufjsCodecs(): Readonly<Record<"get" | "record" | "list" | "page", PlainCodec>> {
  const root = new protobufjs.Root();
  return {
    get: codec(define(root, GetRecordRequestSchema)),
    record: codec(define(root, RecordSchema)),
    list: codec(define(root, ListRecordsRequestSchema)),
    page: codec(define(root, ListRecordsResponseSchema)),
  };
}

function codec(type: Type): PlainCodec {
  return {
    // Writer.finish() returns a Buffer on Node; the type says Uint8Array for browsers.
    encode: (message) => type.encode(message).finish() as Buffer,
    decode: (bytes) => type.decode(bytes),
  };
}

/** Adds the type and what it refers to. The contract has no recursive type, so this ends. */
function define(root: protobufjs.Root, desc: DescMessage): Type {
  const known = root.lookup(desc.typeName, protobufjs.Type);
  if (known instanceof protobufjs.Type) return known;
  const type = new protobufjs.Type(desc.name);
  for (const field of desc.fields) {
    const rule = field.fieldKind === "list" ? "repeated" : undefined;
    type.add(new protobufjs.Field(field.localName, field.number, typeName(root, field), rule));
  }
  root.define(desc.file.proto.package).add(type);
  return type;
}

function typeName(root: protobufjs.Root, field: DescField): string {
  if (field.message !== undefined) {
    define(root, field.message);
    return field.message.typeName;
  }
  if (field.scalar === undefined)
    throw new Error(`${String(field)}: the bench knows messages and scalars only`);
  return ScalarType[field.scalar].toLowerCase();
}
