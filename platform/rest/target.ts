// Hot path: runs for every request.
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";

/** A request target in two parts, as received. */
export interface Target {
  /** Begins with "/"; "*" for the asterisk form. */
  readonly path: string;
  /** What follows the first "?"; "" without one. */
  readonly query: string;
  /** Whether the path has a percent escape. */
  readonly escaped: boolean;
}

const hash = 0x23;
const percent = 0x25;
const slash = 0x2f;
const questionMark = 0x3f;

/**
 * Takes a request target apart without changing a byte of it: no dot segments, no merged slashes, no URL object.
 * TRANSCODING 1.1 and 1.2: the form, the characters, and that each segment of the path decodes to UTF-8.
 *
 * @throws ConnectError: TARGET_TOO_LONG, REQUEST_MALFORMED, PARAMETER_INVALID.
 */
export function readTarget(target: string, bytesMax: number): Target {
  if (target.length > bytesMax)
    throw fail(Reason.TARGET_TOO_LONG, `request target is longer than ${bytesMax} bytes`);
  if (target.charCodeAt(0) !== slash) return readOtherForm(target, bytesMax);
  let pathEnd = -1;
  let escaped = false;
  for (let i = 1; i < target.length; i++) {
    const c = target.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === hash)
      throw malformed("request target has a character that is not allowed");
    if (pathEnd < 0) {
      if (c === questionMark) pathEnd = i;
      else if (c === percent) escaped = true;
    }
  }
  const path = pathEnd < 0 ? target : target.slice(0, pathEnd);
  if (escaped) checkEscapes(path);
  return { path, query: pathEnd < 0 ? "" : target.slice(pathEnd + 1), escaped };
}

/** Decodes the escapes of a text once. Undefined if one is malformed or the bytes are not UTF-8. */
export function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function readOtherForm(target: string, bytesMax: number): Target {
  if (target === "*") return { path: "*", query: "", escaped: false };
  // RFC 9112 section 3.2.2: a server accepts the absolute form; the authority was checked by the parser as Host.
  const origin = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(target);
  if (origin === null) throw malformed("request target has none of the known forms");
  const rest = target.slice(origin[0].length);
  return readTarget(rest.startsWith("/") ? rest : `/${rest}`, bytesMax);
}

// Segment by segment, so that no character is made of bytes on both sides of a slash.
function checkEscapes(path: string): void {
  for (const segment of path.split("/")) {
    if (segment.includes("%") && percentDecode(segment) === undefined) {
      throw fail(Reason.PARAMETER_INVALID, "path has an escape that does not decode to UTF-8");
    }
  }
}

function malformed(message: string): Error {
  return fail(Reason.REQUEST_MALFORMED, message);
}
