import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Why a call is known not to have been processed: the server refused the stream (REFUSED_STREAM, or GOAWAY with a lower
 * last stream id; RFC 9113, 6.8 and 8.7), or the request never left because there was no connection.
 */
export type Unprocessed = "refused" | "unreachable";

// The mark is beside the error and not in it, so that no peer can set it through metadata or details.
const marks = new WeakMap<object, Unprocessed>();

/** An UNAVAILABLE error of a call that the server has not processed: any method may be tried again. */
export function unprocessed(why: Unprocessed, message: string, cause?: unknown): ConnectError {
  const failure = new ConnectError(message, Code.Unavailable, undefined, undefined, cause);
  marks.set(failure, why);
  return failure;
}

/** Why the call that failed so was not processed; undefined if it may have been. */
export function unprocessedBecause(failure: unknown): Unprocessed | undefined {
  return typeof failure === "object" && failure !== null ? marks.get(failure) : undefined;
}
