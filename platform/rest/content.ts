// Hot path: `contentOf` and `acceptable` see every request; the usual headers are known without parsing.
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail } from "../call/errors.js";
import { parseMediaRanges, parseMediaType, weightOf, type MediaType } from "./media-type.js";

/** How a message is written in a body. */
export type Form = "json" | "proto";

/** Whether a Content-Type belongs to an RPC protocol that is not spoken on REST paths, body or not (TRANSCODING 7.1). */
export function isRpcType(contentType: string): boolean {
  return /^application\/(?:grpc|connect\+)/i.test(contentType);
}

/**
 * The form of a request body by its Content-Type: JSON types, also without a header, and binary Protobuf.
 *
 * @throws ConnectError CONTENT_TYPE_UNSUPPORTED.
 */
export function formOf(contentType: string | undefined): Form {
  if (contentType === undefined || contentType === "application/json") return "json";
  const media = parseMediaType(contentType);
  if (media !== undefined && isJson(media)) {
    const charset = media.parameters.get("charset")?.toLowerCase();
    if (charset === undefined || charset === "utf-8" || charset === "us-ascii") return "json";
  } else if (media !== undefined && isProto(media)) {
    return "proto";
  }
  throw unsupportedType();
}

/** The failure for a content type that is not read. */
export function unsupportedType(): Error {
  return fail(Reason.CONTENT_TYPE_UNSUPPORTED, "content type is not supported; send application/json");
}

/**
 * The form of an answer by Accept, JSON where both are as good (TRANSCODING 7.3). Undefined if the client takes none of
 * those offered.
 */
export function acceptable(accept: string | undefined, offered: readonly Form[]): Form | undefined {
  if (accept === undefined || accept === "*/*" || accept === "application/json" || accept === "")
    return "json";
  const ranges = parseMediaRanges(accept);
  let best: Form | undefined;
  let bestWeight = 0;
  for (const form of offered) {
    const weight = rangeWeight(ranges, form);
    if (weight > bestWeight) {
      best = form;
      bestWeight = weight;
    }
  }
  return best;
}

/** The weight of the most specific range that covers application/<subtype>. */
function rangeWeight(ranges: readonly MediaType[], subtype: string): number {
  let specificity = 0;
  let weight = 0;
  for (const range of ranges) {
    const found = specificityOf(range, subtype);
    if (found > specificity) {
      specificity = found;
      weight = weightOf(range.parameters.get("q"));
    }
  }
  return weight;
}

function specificityOf(range: MediaType, subtype: string): number {
  if (range.type === "*" && range.subtype === "*") return 1;
  if (range.type === "application" && range.subtype === "*") return 2;
  if (subtype === "json" && range.subtype.endsWith("+json")) return 3;
  return range.type === "application" && range.subtype === subtype ? 4 : 0;
}

function isJson(media: MediaType): boolean {
  return (media.type === "application" && media.subtype === "json") || media.subtype.endsWith("+json");
}

function isProto(media: MediaType): boolean {
  return media.type === "application" && (media.subtype === "proto" || media.subtype === "x-protobuf");
}
