/** One step of a template: a text, `*` (one segment) or `**` (the rest, possibly nothing). */
export type Step =
  { readonly kind: "literal"; readonly text: string } | { readonly kind: "one" } | { readonly kind: "rest" };

/** A variable and the segments it covers. */
export interface Variable {
  /** Field path as written, for example "zone.id". */
  readonly field: string;
  /** First covered segment. */
  readonly start: number;
  /** Segment after the last covered one; undefined: to the end of the path. */
  readonly end: number | undefined;
  /** Whether the value may have several segments: then `%2F` in it stays as it is (TRANSCODING 3.2). */
  readonly multiple: boolean;
}

/** A parsed template of google.api.http. */
export interface Template {
  readonly text: string;
  readonly steps: readonly Step[];
  readonly verb: string | undefined;
  readonly variables: readonly Variable[];
}

/**
 * Parses a path template, after the grammar in google/api/http.proto:
 *
 *     Template = "/" Segments [ Verb ]        Segments = Segment { "/" Segment }
 *     Segment  = "*" | "**" | LITERAL | Variable
 *     Variable = "{" FieldPath [ "=" Segments ] "}"      Verb = ":" LITERAL
 *
 * Literals and verbs are made of RFC 3986 path characters without `*` and `:`; escapes in them are decoded.
 *
 * @throws Error that says what is wrong and where; the contract is at fault.
 */
export function parseTemplate(text: string): Template {
  const reader: Reader = { text, at: 0, steps: [], variables: [] };
  expect(reader, "/");
  readSegments(reader, undefined);
  const verb = take(reader, ":") ? readLiteral(reader, "a verb") : undefined;
  if (reader.at < text.length) throw syntax(reader, `unexpected "${text[reader.at]}"`);
  const rest = reader.steps.findIndex((step) => step.kind === "rest");
  if (rest >= 0 && rest < reader.steps.length - 1) throw syntax(reader, "`**` is not the last segment");
  return { text, steps: reader.steps, verb, variables: reader.variables };
}

/** What two templates have in common if they match the same paths: variables are replaced by what they cover. */
export function shapeOf(template: Template): string {
  const steps = template.steps.map((step) =>
    step.kind === "literal" ? encodeURIComponent(step.text) : step.kind === "one" ? "{*}" : "{**}",
  );
  return `/${steps.join("/")}${template.verb === undefined ? "" : `:${encodeURIComponent(template.verb)}`}`;
}

interface Reader {
  readonly text: string;
  at: number;
  readonly steps: Step[];
  readonly variables: Variable[];
}

const literalCharacter = /[A-Za-z0-9\-._~!$&'()+,;=@%]/;
const fieldPath = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;

function readSegments(reader: Reader, variable: string | undefined): void {
  do readSegment(reader, variable);
  while (take(reader, "/"));
}

function readSegment(reader: Reader, variable: string | undefined): void {
  if (take(reader, "**")) reader.steps.push({ kind: "rest" });
  else if (take(reader, "*")) reader.steps.push({ kind: "one" });
  else if (reader.text[reader.at] !== "{")
    reader.steps.push({ kind: "literal", text: readLiteral(reader, "a segment") });
  else if (variable === undefined) readVariable(reader);
  else throw syntax(reader, `variable inside the variable ${variable}`);
}

function readVariable(reader: Reader): void {
  expect(reader, "{");
  fieldPath.lastIndex = reader.at;
  const field = fieldPath.exec(reader.text)?.[0];
  if (field === undefined) throw syntax(reader, "expected a field path");
  if (reader.variables.some((v) => v.field === field)) throw syntax(reader, `field ${field} is bound twice`);
  reader.at += field.length;
  const start = reader.steps.length;
  if (take(reader, "=")) readSegments(reader, field);
  else reader.steps.push({ kind: "one" });
  expect(reader, "}");
  const open = reader.steps.at(-1)?.kind === "rest";
  const multiple = open || reader.steps.length - start > 1;
  reader.variables.push({ field, start, end: open ? undefined : reader.steps.length, multiple });
}

function readLiteral(reader: Reader, what: string): string {
  const start = reader.at;
  while (reader.at < reader.text.length && literalCharacter.test(reader.text.charAt(reader.at))) reader.at++;
  if (reader.at === start) throw syntax(reader, `expected ${what}`);
  try {
    return decodeURIComponent(reader.text.slice(start, reader.at));
  } catch {
    throw syntax(reader, "escape that does not decode to UTF-8");
  }
}

function take(reader: Reader, token: string): boolean {
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}

function expect(reader: Reader, token: string): void {
  if (!take(reader, token)) throw syntax(reader, `expected "${token}"`);
}

function syntax(reader: Reader, problem: string): Error {
  return new Error(`template ${reader.text}: ${problem} at character ${reader.at + 1}`);
}
