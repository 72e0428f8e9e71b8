/** A media type or media range, lower case, with its parameters (RFC 9110 sections 8.3.1 and 12.5.1). */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  /** Names in lower case; values unquoted, as written. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const quoted = /"(?:[^"\\]|\\.)*"/y;
const space = /[ \t]*/y;

interface Reader {
  readonly text: string;
  at: number;
}

/** The media type of a Content-Type header; undefined if it cannot be read. */
export function parseMediaType(text: string): MediaType | undefined {
  const reader: Reader = { text, at: 0 };
  const media = readMediaType(reader);
  return reader.at === text.length ? media : undefined;
}

/** The ranges of an Accept header. What cannot be read is left out. */
export function parseMediaRanges(text: string): MediaType[] {
  const ranges: MediaType[] = [];
  const reader: Reader = { text, at: 0 };
  while (reader.at < text.length) {
    const range = readMediaType(reader);
    const ended = reader.at === text.length || text[reader.at] === ",";
    if (range !== undefined && ended) ranges.push(range);
    const comma = text.indexOf(",", reader.at);
    reader.at = comma < 0 ? text.length : comma + 1;
  }
  return ranges;
}

/** The weight of a range or coding, 0 to 1; 1 if it has none, 0 if it cannot be read. */
export function weightOf(q: string | undefined): number {
  if (q === undefined) return 1;
  return /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0;
}

function readMediaType(reader: Reader): MediaType | undefined {
  match(reader, space);
  const type = match(reader, token);
  if (type === undefined || reader.text[reader.at] !== "/") return undefined;
  reader.at++;
  const subtype = match(reader, token);
  if (subtype === undefined) return undefined;
  const parameters = readParameters(reader);
  return parameters && { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters };
}

function readParameters(reader: Reader): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (;;) {
    match(reader, space);
    if (reader.text[reader.at] !== ";") return parameters;
    reader.at++;
    match(reader, space);
    const name = match(reader, token);
    // RFC 9110 section 5.6.6 allows empty parameters.
    if (name === undefined) continue;
    if (reader.text[reader.at] !== "=") return undefined;
    reader.at++;
    const value = match(reader, token) ?? match(reader, quoted);
    if (value === undefined) return undefined;
    const plain = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value;
    parameters.set(name.toLowerCase(), plain);
  }
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}
