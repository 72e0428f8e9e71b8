// Hot path: metadata of every call that is made on behalf of another.
import type { Call } from "../call/call.js";
import { traceparentOf } from "../policy/trace.js";
import type { MetadataInit } from "./metadata.js";

/** Headers by their lower-case names. */
export type MetadataRecord = Readonly<Record<string, string>>;

/**
 * What a call made on behalf of `call` carries: its place in the trace, the request id, and the credentials of the caller
 * and of the calling service, which win.
 */
export function inheritedMetadata(
  call: Call,
  credentials: MetadataRecord | undefined,
): Record<string, string> {
  const metadata: Record<string, string> = {};
  if (call.trace !== undefined) {
    metadata["traceparent"] = traceparentOf(call.trace);
    if (call.trace.state !== "") metadata["tracestate"] = call.trace.state;
  }
  if (call.requestId !== "") metadata["x-request-id"] = call.requestId;
  return credentials === undefined ? metadata : Object.assign(metadata, credentials);
}

/** What a call carries whose caller gave headers; credentials win over them. */
export function givenMetadata(
  headers: MetadataInit | undefined,
  credentials: MetadataRecord | undefined,
): MetadataInit | undefined {
  if (credentials === undefined) return headers;
  if (headers === undefined) return credentials;
  const metadata = new Headers(headers);
  for (const [name, value] of Object.entries(credentials)) metadata.set(name, value);
  return metadata;
}
