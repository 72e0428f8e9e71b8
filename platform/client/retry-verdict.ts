import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import { unprocessedBecause } from "./unprocessed.js";

/** gRPC proposal A6: milliseconds to wait before a retry; a negative number forbids it. */
export const pushbackHeader = "grpc-retry-pushback-ms";

/**
 * What a failure says about another attempt: none, or one not before `pushbackMs`, which is what the server asks for, 0 if
 * it asks for nothing.
 */
export type Verdict = { readonly retry: true; readonly pushbackMs: number } | { readonly retry: false };

const no: Verdict = { retry: false };

/**
 * Whether a failure may be answered with another attempt. `safe` is what the contract says about repeating the method.
 *
 * Retried are UNAVAILABLE of safe methods, RESOURCE_EXHAUSTED of safe methods if the server says when (RetryInfo), and of
 * any method what the server is known not to have processed. `grpc-retry-pushback-ms` overrides the time of RetryInfo; a
 * negative or malformed one forbids the retry.
 */
export function verdict(failure: ConnectError, safe: boolean): Verdict {
  const retryInfoMs = retryDelay(failure);
  const mayRepeat = safe
    ? failure.code === Code.Unavailable ||
      (failure.code === Code.ResourceExhausted && retryInfoMs !== undefined)
    : false;
  if (!mayRepeat && unprocessedBecause(failure) === undefined) return no;
  const pushback = failure.metadata.get(pushbackHeader);
  if (pushback === null) return { retry: true, pushbackMs: retryInfoMs ?? 0 };
  return /^[0-9]{1,9}$/.test(pushback) ? { retry: true, pushbackMs: Number(pushback) } : no;
}

function retryDelay(failure: ConnectError): number | undefined {
  if (failure.details.length === 0) return undefined;
  const [info] = failure.findDetails(RetryInfoSchema);
  return info?.retryDelay === undefined ? undefined : Math.max(0, durationMs(info.retryDelay));
}
