import { ScalarType } from "@bufbuild/protobuf";

import * as reader from "./binary-reader.js";
import type { Reader } from "./binary-reader.js";
import * as writer from "./binary-writer.js";
import type { Writer } from "./binary-writer.js";

/** How one scalar type travels, and its place in generated source. */
export interface ScalarForm {
  readonly wireType: 0 | 1 | 2 | 5;
  readonly read: (r: Reader) => unknown;
  readonly write: (w: Writer, value: unknown) => void;
  /** Source of the zero value. */
  readonly zero: string;
}

/** The form of every scalar type. Enums travel as INT32. */
export const scalarForm: Readonly<Record<ScalarType, ScalarForm>> = {
  [ScalarType.DOUBLE]: { wireType: 1, read: reader.double, write: writer.double, zero: "0" },
  [ScalarType.FLOAT]: { wireType: 5, read: reader.float, write: writer.float, zero: "0" },
  [ScalarType.INT64]: { wireType: 0, read: reader.int64, write: writer.int64, zero: "0n" },
  [ScalarType.UINT64]: { wireType: 0, read: reader.uint64, write: writer.uint64, zero: "0n" },
  [ScalarType.INT32]: { wireType: 0, read: reader.int32, write: writer.int32, zero: "0" },
  [ScalarType.FIXED64]: { wireType: 1, read: reader.fixed64, write: writer.fixed64, zero: "0n" },
  [ScalarType.FIXED32]: { wireType: 5, read: reader.fixed32, write: writer.fixed32, zero: "0" },
  [ScalarType.BOOL]: { wireType: 0, read: reader.bool, write: writer.bool, zero: "false" },
  [ScalarType.STRING]: { wireType: 2, read: reader.string, write: writer.string, zero: '""' },
  [ScalarType.BYTES]: { wireType: 2, read: reader.bytes, write: writer.bytes, zero: "new Uint8Array(0)" },
  [ScalarType.UINT32]: { wireType: 0, read: reader.uint32, write: writer.uint32, zero: "0" },
  [ScalarType.SFIXED32]: { wireType: 5, read: reader.sfixed32, write: writer.sfixed32, zero: "0" },
  [ScalarType.SFIXED64]: { wireType: 1, read: reader.sfixed64, write: writer.sfixed64, zero: "0n" },
  [ScalarType.SINT32]: { wireType: 0, read: reader.sint32, write: writer.sint32, zero: "0" },
  [ScalarType.SINT64]: { wireType: 0, read: reader.sint64, write: writer.sint64, zero: "0n" },
};

/** The tag of a field as a number below 2^32. */
export function tagOf(fieldNo: number, wireType: number): number {
  return ((fieldNo << 3) | wireType) >>> 0;
}
