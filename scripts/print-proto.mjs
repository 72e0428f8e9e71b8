// Prints the text of a FileDescriptorProto: names, numbers, types, labels, defaults, ranges. Comments and options other
// than `deprecated`, `default` and `allow_alias` are not printed.
import { isFieldSet } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

const maxFieldNumber = 536870911;

/** The .proto text of a file descriptor. */
export function printProto(file) {
  const lines = [];
  const write = (depth, text) => lines.push("  ".repeat(depth) + text);
  const proto3 = file.syntax === "proto3";
  write(0, `syntax = "${file.syntax || "proto2"}";`);
  write(0, `package ${file.package};`);
  for (const name of file.dependency) write(0, `import "${name}";`);
  if (file.options?.goPackage) write(0, `option go_package = "${file.options.goPackage}";`);
  extensions(0, file.extension);
  for (const e of file.enumType) enumeration(0, e);
  for (const m of file.messageType) message(0, m);
  return lines.join("\n") + "\n";

  function message(depth, m) {
    write(depth, `message ${m.name} {`);
    for (const nested of m.nestedType.filter((n) => !n.options?.mapEntry)) message(depth + 1, nested);
    for (const e of m.enumType) enumeration(depth + 1, e);
    for (const f of m.field.filter((f) => !inOneof(f))) field(depth + 1, f, m, false);
    m.oneofDecl.forEach((oneof, index) => {
      const members = m.field.filter((f) => inOneof(f) && f.oneofIndex === index);
      if (members.length === 0) return;
      write(depth + 1, `oneof ${oneof.name} {`);
      for (const f of members) field(depth + 2, f, m, true);
      write(depth + 1, "}");
    });
    for (const r of m.reservedRange) write(depth + 1, `reserved ${range(r.start, r.end - 1)};`);
    if (m.reservedName.length > 0) write(depth + 1, `reserved ${quoted(m.reservedName)};`);
    for (const r of m.extensionRange) write(depth + 1, `extensions ${range(r.start, r.end - 1)};`);
    extensions(depth + 1, m.extension);
    write(depth, "}");
  }

  function enumeration(depth, e) {
    write(depth, `enum ${e.name} {`);
    if (e.options?.allowAlias) write(depth + 1, "option allow_alias = true;");
    for (const v of e.value) write(depth + 1, `${v.name} = ${v.number};`);
    for (const r of e.reservedRange) write(depth + 1, `reserved ${range(r.start, r.end)};`);
    if (e.reservedName.length > 0) write(depth + 1, `reserved ${quoted(e.reservedName)};`);
    write(depth, "}");
  }

  function extensions(depth, fields) {
    for (const extendee of new Set(fields.map((f) => f.extendee))) {
      write(depth, `extend ${extendee} {`);
      for (const f of fields.filter((f) => f.extendee === extendee)) field(depth + 1, f, undefined, false);
      write(depth, "}");
    }
  }

  function field(depth, f, parent, isMember) {
    const options = [];
    if (f.defaultValue) {
      options.push(`default = ${f.type === Type.STRING ? JSON.stringify(f.defaultValue) : f.defaultValue}`);
    }
    if (f.options?.deprecated) options.push("deprecated = true");
    const entry = parent?.nestedType.find((n) => n.options?.mapEntry && f.typeName.endsWith(`.${n.name}`));
    const type = entry ? `map<${typeOf(entry.field[0])}, ${typeOf(entry.field[1])}>` : typeOf(f);
    const label = entry || isMember ? "" : labelOf(f);
    write(
      depth,
      `${label}${type} ${f.name} = ${f.number}${options.length > 0 ? ` [${options.join(", ")}]` : ""};`,
    );
  }

  function labelOf(f) {
    if (f.label === Label.REPEATED) return "repeated ";
    if (f.label === Label.REQUIRED) return "required ";
    return proto3 && !f.proto3Optional ? "" : "optional ";
  }
}

function typeOf(f) {
  return f.typeName ? f.typeName : Type[f.type].toLowerCase();
}

function inOneof(f) {
  return isFieldSet(f, FieldDescriptorProtoSchema.field.oneofIndex) && !f.proto3Optional;
}

function range(start, end) {
  if (start === end) return `${start}`;
  return `${start} to ${end >= maxFieldNumber ? "max" : end}`;
}

function quoted(names) {
  return names.map((n) => JSON.stringify(n)).join(", ");
}
