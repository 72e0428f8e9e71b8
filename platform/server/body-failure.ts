import type { ConnectError } from "@connectrpc/connect";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import { cancelled } from "../policy/deadline.js";
import type { BodyFailure } from "./body.js";

/** What a body that was not read to its end means for the call. */
export function bodyFailure(failure: BodyFailure, bytesMax: number): ConnectError {
  switch (failure) {
    case "too-large":
      return fail(Reason.BODY_TOO_LARGE, `body is larger than ${bytesMax} bytes`);
    case "too-slow":
      return fail(Reason.BODY_TOO_SLOW, "body comes too slowly");
    case "fragmented":
      return fail(Reason.BODY_TOO_SLOW, "body comes in too many small pieces");
    case "aborted":
      return cancelled();
    default:
      return failure satisfies never;
  }
}

/** The length that a request announces; undefined without one. */
export function contentLengthOf(headers: HeaderRecord): number | undefined {
  const text = headers["content-length"];
  return typeof text === "string" ? Number(text) : undefined;
}
