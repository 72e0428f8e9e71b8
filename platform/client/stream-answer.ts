import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import { canceled, deadlineExceeded } from "./exchange.js";

/**
 * A stream of connect-node, put right where it differs from the specifications:
 *
 * - What is malformed is INTERNAL, not INVALID_ARGUMENT: what a server sends is not the caller's fault.
 * - After the signal has aborted, messages that were received before are not given out.
 * - A reset with CANCEL once the deadline has passed is DEADLINE_EXCEEDED: servers keep the deadline as well, and what they
 *   send may come before our own timer has fired.
 * - Trailers of a gRPC-Web answer that is nothing but headers are trailers, not headers alone.
 */
export function streamAnswer<I extends DescMessage, O extends DescMessage>(
  response: StreamResponse<I, O>,
  signal: AbortSignal | undefined,
  deadlineAt: number,
): StreamResponse<I, O> {
  // gRPC-Web, "Trailers-Only". Over gRPC connect-node has thrown or gives trailers of their own.
  const trailersOnly = response.header.has("grpc-status") && [...response.trailer].length === 0;
  return {
    ...response,
    trailer: trailersOnly ? response.header : response.trailer,
    message: checked(response.message, signal, deadlineAt),
  };
}

/** The failure of a connect-node stream, as `streamAnswer` says. `deadlineAt` is a time of `performance.now()`. */
export function streamError(error: unknown, deadlineAt: number): ConnectError {
  const failure = ConnectError.from(error);
  const isReset = failure.rawMessage.startsWith("http/2 stream closed");
  if (failure.code === Code.Canceled && isReset && performance.now() >= deadlineAt) return deadlineExceeded();
  // Errors that came from the server have its headers as metadata; those that connect-node makes itself have none.
  const isLocal = failure.rawMessage.startsWith("protocol error: ") && [...failure.metadata].length === 0;
  if (failure.code !== Code.InvalidArgument || !isLocal) return failure;
  return new ConnectError(failure.rawMessage, Code.Internal, undefined, undefined, failure);
}

/** Like connect-es's own iterators, it has no `return`: leaving the loop does not end the stream; see `streamed`. */
function checked<T>(
  messages: AsyncIterable<T>,
  signal: AbortSignal | undefined,
  deadlineAt: number,
): AsyncIterable<T> {
  const iterator = messages[Symbol.asyncIterator]();
  async function next(): Promise<IteratorResult<T>> {
    try {
      const result = await iterator.next();
      if (result.done !== true && signal?.aborted === true) throw canceled(signal);
      return result;
    } catch (error) {
      throw streamError(error, deadlineAt);
    }
  }
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
