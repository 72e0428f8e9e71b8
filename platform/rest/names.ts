import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { fieldStyle } from "../codec/json-style.js";

const tables = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/**
 * A declared field by a name that a client may write: json_name first, then the name of the .proto, then an alias.
 * Case-sensitive. Nothing but declared fields is found.
 */
export function fieldByName(message: DescMessage, name: string): DescField | undefined {
  let table = tables.get(message);
  if (table === undefined) {
    table = namesOf(message);
    tables.set(message, table);
  }
  return table.get(name);
}

function namesOf(message: DescMessage): ReadonlyMap<string, DescField> {
  const names = new Map<string, DescField>();
  for (const field of message.fields)
    for (const alias of fieldStyle(field)?.alias ?? []) names.set(alias, field);
  for (const field of message.fields) names.set(field.name, field);
  for (const field of message.fields) names.set(field.jsonName, field);
  return names;
}
