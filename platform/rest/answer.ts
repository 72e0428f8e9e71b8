// Hot path: finishes every REST answer.
import type { Call, HeaderRecord } from "../call/call.js";
import { codingBytesMin, deflateBody } from "../wire/compression.js";
import { headerOf } from "../wire/unary.js";
import { codingsOf } from "./coding.js";
import { addVary, type AnswerHeaders } from "./metadata.js";

/** An answer, ready to be written. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** JSON that is not coded stays a string: node then writes head and body of HTTP/1.1 in one piece. */
  readonly body: Buffer | string;
}

/** Adds the request id of the call, if it has one. */
export function identify(headers: AnswerHeaders, call: Call | undefined): AnswerHeaders {
  if (call !== undefined && call.requestId !== "") headers["x-request-id"] = call.requestId;
  return headers;
}

/** Media types that coding makes smaller; what is not in it is compressed already, or may be. */
const compressible =
  /^(?:text\/|application\/(?:json|proto|xml|javascript|x-ndjson)\b|[^;]*\+(?:json|xml)\b)/i;

/**
 * Codes a body as the client takes it: from 1024 bytes on, or if it takes nothing else (TRANSCODING 7.4). A promise only
 * for a large body.
 */
export function encodeAnswer(
  status: number,
  headers: AnswerHeaders,
  body: Buffer | string,
  request: HeaderRecord,
): RestAnswer | Promise<RestAnswer> {
  if (!compressible.test(String(headers["content-type"]))) return { status, headers, body };
  addVary(headers, "Accept-Encoding");
  const { coding, identity } = codingsOf(headerOf(request, "accept-encoding"));
  if (coding === undefined || (bytesOf(body) < codingBytesMin && identity)) return { status, headers, body };
  headers["content-encoding"] = coding;
  const coded = deflateBody(coding, Buffer.from(body));
  return coded instanceof Promise
    ? coded.then((b) => ({ status, headers, body: b }))
    : { status, headers, body: coded };
}

/** The length of a body in bytes. */
export function bytesOf(body: Buffer | string): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
