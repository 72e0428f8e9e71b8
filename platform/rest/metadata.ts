// Hot path: `checkBinary` sees every request.
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { Call, HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import { parseBytesText } from "../codec/json-scalars.js";

/** Headers of an answer as node takes them: lower-case names. */
export type AnswerHeaders = Record<string, string | string[]>;

// TRANSCODING 12.1 and 12.2; everything that begins with x- besides.
const requestNames = new Set([
  "accept-language",
  "authorization",
  "baggage",
  "cookie",
  "forwarded",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "origin",
  "prefer",
  "referer",
  "traceparent",
  "tracestate",
  "user-agent",
]);
const responseNames = new Set([
  "cache-control",
  "content-disposition",
  "content-language",
  "deprecation",
  "etag",
  "expires",
  "last-modified",
  "link",
  "location",
  "retry-after",
  "set-cookie",
  "sunset",
  "vary",
  "www-authenticate",
]);
/** Consumed by the deadline step. */
const consumed = new Set(["x-server-timeout"]);

/** Whether a request header is one that handlers may see over REST. */
export function isRequestMetadata(name: string): boolean {
  return (name.startsWith("x-") && !consumed.has(name)) || requestNames.has(name);
}

/**
 * Refuses binary metadata that is not base64 (TRANSCODING 12.3).
 *
 * @throws ConnectError REQUEST_MALFORMED.
 */
export function checkBinary(headers: HeaderRecord): void {
  for (const name in headers) {
    if (!name.endsWith("-bin") || !isRequestMetadata(name)) continue;
    const value = headers[name] ?? "";
    for (const each of typeof value === "string" ? value.split(",") : value) {
      if (!isBase64(each.trim())) throw fail(Reason.REQUEST_MALFORMED, "binary header is not base64");
    }
  }
}

function isBase64(text: string): boolean {
  try {
    parseBytesText(text);
    return true;
  } catch {
    return false;
  }
}

/** Adds the handler's response headers that are allowed, and its trailers as `trailer-<name>` (TRANSCODING 12.2). */
export function addMetadata(headers: AnswerHeaders, call: Call | undefined): void {
  const handlers = call?.responseHeaderIfSet;
  if (handlers !== undefined) addHeaders(headers, handlers);
  const trailers = call?.responseTrailerIfSet;
  if (trailers === undefined) return;
  for (const [name, value] of trailers) headers[`trailer-${name}`] = value;
}

/** Adds response headers that are allowed. */
export function addHeaders(headers: AnswerHeaders, from: Headers): void {
  for (const [name, value] of from) {
    if (!name.startsWith("x-") && !responseNames.has(name)) continue;
    if (name === "set-cookie") headers[name] = from.getSetCookie();
    else if (name === "vary") addVary(headers, value);
    else headers[name] = value;
  }
}

/** Adds a name to Vary, once. */
export function addVary(headers: AnswerHeaders, name: string): void {
  const { vary } = headers;
  headers["vary"] = vary === undefined ? name : `${String(vary)}, ${name}`;
}
