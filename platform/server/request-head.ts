// Hot path: looks at the head of every request.
import type { ClientErrorStatus } from "./connection-events.js";
import type { Limits } from "./limits.js";

// ": " and CRLF.
const lineOverheadBytes = 4;

/**
 * Checks the head of an HTTP/1.1 request that Node's parser lets pass. The parser's own limit counts names and values only,
 * which lets through several times the bytes in tiny fields. Two Host fields have to be refused (RFC 9112, section 3.2):
 * what stands in front of us may route by one of them and we by the other.
 */
export function checkH1Head(
  target: string,
  rawHeaders: readonly string[],
  limits: Limits,
): ClientErrorStatus | undefined {
  if (target.length > limits.targetBytesMax) return 414;
  let bytes = target.length;
  let hosts = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    // Both are within the bounds of the loop.
    const name = rawHeaders[i] as string;
    bytes += name.length + (rawHeaders[i + 1] as string).length + lineOverheadBytes;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  if (bytes > limits.headerBytesMax) return 431;
  return hosts > 1 ? 400 : undefined;
}

/** The head of an HTTP/2 request: its size by RFC 9113, section 10.5.1, and what is wrong with it. */
export interface H2Head {
  readonly bytes: number;
  readonly status: ClientErrorStatus | undefined;
}

// What RFC 9113 adds per field for the bookkeeping of an implementation.
const fieldOverheadBytes = 32;

/**
 * Checks the head of an HTTP/2 request. Node does not enforce `maxHeaderListSize` before the client acknowledges it, which
 * a hostile client never does; so the bytes are counted here. A Host field that differs from `:authority` makes the
 * request malformed (RFC 9113, section 8.3.1).
 */
export function checkH2Head(rawHeaders: readonly string[], limits: Limits): H2Head {
  let bytes = 0;
  let target = "";
  let host: string | undefined;
  let conflict = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    // Both are within the bounds of the loop.
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    bytes += name.length + value.length + fieldOverheadBytes;
    if (name === ":path") target = value;
    else if (name === ":authority" || name === "host") {
      conflict ||= host !== undefined && host !== value;
      host = value;
    }
  }
  if (bytes > limits.headerBytesMax) return { bytes, status: 431 };
  if (target.length > limits.targetBytesMax) return { bytes, status: 414 };
  return { bytes, status: conflict ? 400 : undefined };
}
