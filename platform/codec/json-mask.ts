import type { FieldPlan } from "./json-read-message.js";
import { openBraceByte, quoteByte, skipSpace, type Cursor } from "./json-text.js";
import type { OpenMessage } from "./message-factory.js";

/**
 * Reads a member and tells who asked for it: the paths of its own members if it is a non-empty object of an ordinary
 * message, else its own path (TRANSCODING.md 6.8).
 */
export function readMasked(c: Cursor, field: FieldPlan, message: OpenMessage): void {
  const mask = c.mask;
  if (mask === undefined) return field.read(c, message);
  if (field.deep && hasMembers(c)) {
    const prefix = mask.prefix;
    mask.prefix = `${prefix}${field.protoName}.`;
    field.read(c, message);
    mask.prefix = prefix;
    return;
  }
  mask.onPath(mask.prefix + field.protoName);
  c.mask = undefined;
  field.read(c, message);
  c.mask = mask;
}

/** Whether the value is an object that is not empty. The cursor stays. */
function hasMembers(c: Cursor): boolean {
  const from = c.at;
  if (c.bytes[from] !== openBraceByte) return false;
  c.at++;
  const first = skipSpace(c);
  c.at = from;
  return first === quoteByte;
}
