// What the contract says about the JSON of enveloped services: the `trunkline.v1` options of fields, oneofs and enum
// values. Read once per type, when readers and writers are made.
import { getOption, hasOption, type DescEnum, type DescField, type DescOneof } from "@bufbuild/protobuf";

import { FieldBehavior, field_behavior } from "../../gen/ts/google/api/field_behavior_pb.js";
import {
  field as fieldOption,
  oneof as oneofOption,
  wire,
  type FieldRest,
  type OneofRest,
} from "../../gen/ts/trunkline/v1/rest_pb.js";

/** The `trunkline.v1.field` option, if the field has one. */
export function fieldStyle(field: DescField): FieldRest | undefined {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
}

/** The `trunkline.v1.oneof` option, if it makes the oneof one JSON key. */
export function oneofStyle(oneof: DescOneof): OneofRest | undefined {
  if (!hasOption(oneof, oneofOption)) return undefined;
  const style = getOption(oneof, oneofOption);
  return style.wire === "" ? undefined : style;
}

/** Whether clients can't set the field: `google.api.field_behavior` OUTPUT_ONLY. */
export function isOutputOnly(field: DescField): boolean {
  return getOption(field, field_behavior).includes(FieldBehavior.OUTPUT_ONLY);
}

/** How the values of an enum are spelt in enveloped services: the `trunkline.v1.wire` option, by number. */
export function wireSpellings(desc: DescEnum): ReadonlyMap<number, string> {
  return new Map(
    desc.values
      .filter((value) => hasOption(value, wire))
      .map((value) => [value.number, getOption(value, wire)]),
  );
}
