import { Code, ConnectError } from "@connectrpc/connect";

// Made once: an abort without a reason builds a DOMException with a stack for every stream.
const readerLeft = new ConnectError("the reader has left the stream", Code.Canceled);

/**
 * Messages of a stream that ends when its reader leaves: `break` in a `for await` resets it. connect-es leaves it open.
 *
 * `start` is called at once, with the signal that ends the stream.
 */
export function streamed<T>(
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncIterable<T> {
  const reader = new AbortController();
  const either = signal === undefined ? reader.signal : AbortSignal.any([signal, reader.signal]);
  return untilLeft(start(either), reader);
}

async function* untilLeft<T>(messages: AsyncIterable<T>, reader: AbortController): AsyncGenerator<T> {
  try {
    yield* messages;
  } finally {
    reader.abort(readerLeft);
  }
}
