// Hot path: the source made here builds every message that a handler returns as a plain object.
import { ScalarType, type DescField, type DescMessage, type DescOneof } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

import { member, type Scope } from "./binary-compiled.js";
import { put } from "./binary-reader.js";
import { isJsonObjectField } from "./binary-struct.js";

/**
 * Source of the function `from` of a message type: what `create(desc, init)` makes of an object that is no message of
 * that type. Values are assigned in the order in which the binary form has them, so that messages that were built and
 * messages that were read share a hidden class.
 */
export function initializerSource(desc: DescMessage, scope: Scope): string {
  return `function from(init) {
    const m = new Message();
    let v;
    ${membersInWireOrder(desc).map((of) => assign(scope, of)).join("\n")}
    return m;
  }`;
}

function membersInWireOrder(desc: DescMessage): Set<DescField | DescOneof> {
  const fields = desc.fields.toSorted((a, b) => a.number - b.number);
  return new Set(fields.map((field) => field.oneof ?? field));
}

/** Null is as good as undefined: protobuf-es skips both. */
function assign(scope: Scope, of: DescField | DescOneof): string {
  const value = of.kind === "oneof" ? oneofValue(scope, of) : fieldValue(scope, of);
  return `v = ${member("init", of.localName)};
    if (v != null) ${value}`;
}
