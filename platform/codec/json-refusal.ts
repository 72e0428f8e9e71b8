import { Violation, type ViolationReason } from "./json.js";

/** Text that is not JSON at all: no field can be blamed, so no path is put in front of it. */
export class Malformed extends Violation {
  constructor(sentence: string, offending?: string) {
    super("", "INVALID_VALUE", offending === undefined ? sentence : `${sentence}: ${quote(offending)}`);
  }
}

/** A value that its field cannot hold. The path is added on the way up by `within`. */
export function refusal(reason: ViolationReason, sentence: string, offending?: string): Violation {
  return new Violation("", reason, offending === undefined ? sentence : `${sentence}: ${quote(offending)}`);
}

/**
 * Puts `segment` (a json_name, `[3]`, or `[key]`) in front of the path of a refusal. Everything else that was thrown
 * comes back as it is.
 */
export function within(segment: string, cause: unknown): unknown {
  if (!(cause instanceof Violation) || cause instanceof Malformed || segment === "") return cause;
  const dot = cause.field === "" || cause.field.startsWith("[") ? "" : ".";
  return new Violation(segment + dot + cause.field, cause.reason, cause.message);
}

/** Most characters of input that a message or a segment of a path repeats: TRANSCODING.md 10.6. */
const quotedCharactersMax = 64;

/** A short, printable, quoted piece of what the client sent. */
export function quote(text: string): string {
  return `"${printable(text)}"`;
}

/** A name from the client as a segment of a path: bounded and printable. */
export function printable(text: string): string {
  const cut = text.length > quotedCharactersMax ? text.slice(0, quotedCharactersMax - 1) + "…" : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** The segment of an element of a list. */
export function elementSegment(index: number): string {
  return `[${index}]`;
}

/** The segment of an entry of a map. */
export function entrySegment(key: string): string {
  return `[${printable(key)}]`;
}
