import { ScalarType, type DescField, type DescMessage, type DescOneof } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

import { localForm, member, type Scope } from "./binary-compiled.js";
import { refuse } from "./binary-refusal.js";
import { scalarForm, tagOf } from "./binary-scalar.js";
import * as writer from "./binary-writer.js";

type SingularField = DescField & { fieldKind: "scalar" | "enum" | "message" };

/**
 * Source of the function `write` of a message type, after the variables that it needs. `prototype` is that of its
 * messages: where it has a field's name, only an own property means that the field is set.
 */
export function encoderSource(desc: DescMessage, prototype: object, scope: Scope): string {
  const guesses: string[] = [];
  const context = { scope, prototype, guesses };
  const body = runs(desc).map((run) => writeRun(context, run));
  return `${guesses.map((guess) => `let ${guess} = 1;`).join("\n")}
  function write(w, m) {
    if (m.$typeName !== ${JSON.stringify(desc.typeName)}) ${refusal(scope, "message of another type")};
    ${body.join("\n")}
    if (m.$unknown !== undefined) ${scope.bind("writeUnknown", writer.unknown)}(w, m.$unknown);
  }`;
}

interface Context {
  readonly scope: Scope;
  readonly prototype: object;
  /** Variables that remember how many bytes the length of a nested value took the last time. */
  readonly guesses: string[];
}

function refusal(scope: Scope, reason: string): string {
  return `${scope.bind("refuse", refuse)}(${JSON.stringify(reason)})`;
}

/** The fields in the order of their numbers, with neighbours of the same oneof together. */
function runs(desc: DescMessage): DescField[][] {
  const result: DescField[][] = [];
  for (const field of desc.fields.toSorted((a, b) => a.number - b.number)) {
    const last = result.at(-1);
    if (field.oneof !== undefined && last?.[0]?.oneof === field.oneof) last.push(field);
    else result.push([field]);
  }
  return result;
}

function writeRun(context: Context, run: DescField[]): string {
  const [field] = run;
  if (field === undefined) return "";
  if (field.fieldKind === "list") return `{ ${writeList(context, field)} }`;
  if (field.fieldKind === "map") return `{ ${writeMap(context, field)} }`;
  return field.oneof === undefined
    ? `{ ${writeSingular(context, field)} }`
    : `{ ${writeOneof(context, field.oneof, run)} }`;
}

function writeOneof(context: Context, oneof: DescOneof, run: DescField[]): string {
  const cases = run.map((field) => {
    // Members of a oneof are singular.
    const value = writeValue(context, field as SingularField, "v");
    return `case ${JSON.stringify(field.localName)}: { const v = o.value; ${value} break; }`;
  });
  return `const o = ${member("m", oneof.localName)}; switch (o.case) { ${cases.join("\n")} }`;
}

function writeSingular(context: Context, field: SingularField): string {
  const value = `const v = ${member("m", field.localName)};`;
  if (field.presence === FeatureSet_FieldPresence.IMPLICIT)
    return `${value} ${writeImplicit(context, field)}`;
  const isOwn =
    field.localName in context.prototype
      ? ` && ${context.scope.bind("hasOwn", Object.hasOwn)}(m, ${JSON.stringify(field.localName)})`
      : "";
  const otherwise =
    field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED
      ? `else ${refusal(context.scope, "required field not set")};`
      : "";
  return `${value} if (v !== undefined${isOwn}) { ${writeValue(context, field, "v")} } ${otherwise}`;
}

/** Without presence, a value is written unless it is zero. Values of a wrong type pass, to be refused when written. */
function writeImplicit(context: Context, field: SingularField): string {
  const write = writeValue(context, field, "v");
  // Never the case: message fields have presence.
  if (field.fieldKind === "message") return write;
  if (field.fieldKind === "enum") return `if (v !== ${field.enum.values[0]!.number}) { ${write} }`;
  if (field.longAsString) {
    const long = context.scope.bind("long", parseLong);
    return `const n = ${long}(v); if (n !== 0n) { ${writeScalarField(context, field, field.scalar, "n")} }`;
  }
  return `if (${isNotZero(field.scalar)}) { ${write} }`;
}

function isNotZero(scalar: ScalarType): string {
  if (scalar === ScalarType.BYTES) return "!(v instanceof Uint8Array) || v.length !== 0";
  // -0 has a sign to tell.
  if (scalar === ScalarType.FLOAT || scalar === ScalarType.DOUBLE) return "v !== 0 || 1 / v < 0";
  return `v !== ${scalarForm[scalar].zero}`;
}

function writeValue(context: Context, field: SingularField, value: string): string {
  switch (field.fieldKind) {
    case "message":
      return writeMessage(context, field, field.number, value);
    case "enum":
      return writeScalarField(context, field, ScalarType.INT32, value);
    case "scalar":
      return writeScalarField(context, field, field.scalar, longValue(context, field, value));
  }
}

function longValue(context: Context, field: { longAsString: boolean }, value: string): string {
  return field.longAsString ? `${context.scope.bind("long", parseLong)}(${value})` : value;
}

/** The value of a 64-bit field with `jstype = JS_STRING`. */
function parseLong(value: unknown): bigint {
  return typeof value === "string" ? BigInt(value) : refuse("not a string");
}

function writeScalarField(
  context: Context,
  field: { number: number },
  scalar: ScalarType,
  value: string,
): string {
  const tag = tagOf(field.number, scalarForm[scalar].wireType);
  return `${context.scope.bind("tag", writer.tag)}(w, ${tag}); ${writeScalar(context, scalar, value)}`;
}

function writeScalar({ scope }: Context, scalar: ScalarType, value: string): string {
  return `${scope.bind("write", scalarForm[scalar].write)}(w, ${value});`;
}

/** Source that writes a nested value, with its tag and its length. */
function writeNested({ scope, guesses }: Context, fieldNo: number, body: string): string {
  const guess = `guess${guesses.length}`;
  const left = `left${guesses.length}`;
  const start = `start${guesses.length}`;
  guesses.push(guess);
  // What is left for the length is remembered: a message within this one, of the same type, changes the guess.
  return `const ${left} = ${guess};
    const ${start} = ${scope.bind("open", writer.open)}(w, ${tagOf(fieldNo, 2)}, ${left});
    ${body}
    ${guess} = ${scope.bind("close", writer.close)}(w, ${start}, ${left});`;
}

function writeMessage(
  context: Context,
  field: DescField & { message: DescMessage },
  fieldNo: number,
  value: string,
): string {
  const { scope } = context;
  const { toMessage } = localForm(scope, field);
  return writeNested(context, fieldNo, `${scope.message(field.message)}.write(w, ${toMessage(value)});`);
}

function writeList(context: Context, field: DescField & { fieldKind: "list" }): string {
  const list = `const a = ${member("m", field.localName)};`;
  const each = "for (let i = 0; i < a.length; i++)";
  if (field.listKind === "message") {
    return `${list} ${each} { ${writeMessage(context, field, field.number, "a[i]")} }`;
  }
  const scalar = field.listKind === "enum" ? ScalarType.INT32 : field.scalar;
  const item = field.listKind === "enum" ? "a[i]" : longValue(context, field, "a[i]");
  if (!field.packed) return `${list} ${each} { ${writeScalarField(context, field, scalar, item)} }`;
  const body = `${context.scope.bind("ensure", writer.ensure)}(w, a.length * ${writer.SCALAR_BYTES_MAX});
    ${each} { ${writeScalar(context, scalar, item)} }`;
  return `${list} if (a.length !== 0) { ${writeNested(context, field.number, body)} }`;
}

/** Map entries are messages with the key in field 1 and the value in field 2; both are always written. */
function writeMap(context: Context, field: DescField & { fieldKind: "map" }): string {
  const key = writeScalarField(context, { number: 1 }, field.mapKey, mapKey(field.mapKey));
  const entry = writeNested(context, field.number, `${key} ${writeMapValue(context, field)}`);
  return `const o = ${member("m", field.localName)}; const ks = Object.keys(o);
    for (let i = 0; i < ks.length; i++) { const k = ks[i]; ${entry} }`;
}

function writeMapValue(context: Context, field: DescField & { fieldKind: "map" }): string {
  switch (field.mapKind) {
    case "message":
      return writeMessage(context, field, 2, "o[k]");
    case "enum":
      return writeScalarField(context, { number: 2 }, ScalarType.INT32, "o[k]");
    case "scalar":
      return writeScalarField(context, { number: 2 }, field.scalar, "o[k]");
  }
}

/** Source of a map's key `k`, which is a string as every key of an object, in the type that is written. */
function mapKey(scalar: ScalarType): string {
  if (scalar === ScalarType.STRING) return "k";
  if (scalar === ScalarType.BOOL) return `(k === "true" || (k === "false" ? false : k))`;
  return scalarForm[scalar].zero === "0n" ? "BigInt(k)" : "Number.parseInt(k)";
}
