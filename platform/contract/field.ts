import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** The field at a path such as "zone.account_id" of proto names; undefined if there is none. */
export function fieldAt(message: DescMessage, path: string): readonly DescField[] | undefined {
  const fields: DescField[] = [];
  let desc: DescMessage | undefined = message;
  for (const name of path.split(".")) {
    const field: DescField | undefined = desc?.fields.find((f) => f.name === name);
    if (field === undefined) return undefined;
    fields.push(field);
    desc = field.fieldKind === "message" ? field.message : undefined;
  }
  return fields;
}
