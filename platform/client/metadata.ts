// Hot path: outgoing metadata of every call. Incoming metadata becomes Headers only when asked for.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** What Headers can be made of. */
export type MetadataInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/**
 * Adds the caller's metadata to the headers of a request. Values of a repeated name are joined with ", " (RFC 9110, 5.3).
 *
 * Throws INVALID_ARGUMENT for a pseudo header and for a value that could not stand in a header field.
 */
export function addMetadata(target: OutgoingHttpHeaders, metadata: MetadataInit | undefined): void {
  if (metadata === undefined) return;
  if (metadata instanceof Headers) {
    for (const [name, value] of metadata) add(target, name, value);
  } else if (Array.isArray(metadata)) {
    for (const [name, value] of metadata) {
      if (name !== undefined && value !== undefined) add(target, name.toLowerCase(), value);
    }
  } else {
    // MetadataInit is a record here; undici's type also allows other iterables of pairs, which `Headers` reads.
    const record = Symbol.iterator in metadata ? Object.fromEntries(new Headers(metadata)) : metadata;
    for (const name of Object.keys(record)) {
      const value = record[name];
      if (value !== undefined) add(target, name.toLowerCase(), String(value));
    }
  }
}

function add(target: OutgoingHttpHeaders, name: string, value: string): void {
  if (name.charCodeAt(0) === 58 || !isFieldValue(value)) {
    throw new ConnectError(`metadata ${JSON.stringify(name)} is not a valid header`, Code.InvalidArgument);
  }
  const present = target[name];
  target[name] = present === undefined ? value : `${String(present)}, ${value}`;
}

/** RFC 9110, 5.5: visible ASCII, space, tab, and obs-text, which node sends as Latin-1. */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if ((c < 32 && c !== 9) || c === 127 || c > 255) return false;
  }
  return true;
}

/** Which fields of an answer's head a set of Headers takes: all, or those with or without Connect's `trailer-` prefix. */
export type Part = "all" | "leading" | "trailing";

const trailerPrefix = "trailer-";

/** Headers from what node received. Trailing fields of the Connect protocol lose their prefix. */
export function toHeaders(received: IncomingHttpHeaders | undefined, part: Part): Headers {
  const headers = new Headers();
  if (received !== undefined) appendReceived(headers, received, part);
  return headers;
}

// Fields of the protocols themselves. They are not metadata: on an error that a handler passes on, they would describe
// the wrong answer.
const protocolFields = new Set([
  "accept-encoding",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "trailer",
]);

/** The metadata of an error: leading and trailing fields together, without those of the protocol. */
export function errorMetadata(leading: Headers, trailing: Headers): Headers {
  const metadata = new Headers(leading);
  for (const [name, value] of trailing) metadata.append(name, value);
  for (const name of protocolFields) metadata.delete(name);
  return metadata;
}

function appendReceived(target: Headers, received: IncomingHttpHeaders, part: Part): void {
  for (const name of Object.keys(received)) {
    if (name.charCodeAt(0) === 58) continue;
    const trailing = part !== "all" && name.startsWith(trailerPrefix);
    if (part !== "all" && trailing !== (part === "trailing")) continue;
    const field = trailing ? name.slice(trailerPrefix.length) : name;
    if (field === "") continue;
    const value = received[name];
    if (typeof value === "string") target.append(field, value);
    else if (value !== undefined) for (const one of value) target.append(field, one);
  }
}
