import { Code, ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";

/**
 * The messages of a handler, until its call is aborted: then the iteration fails with the reason at once, whatever the
 * handler is waiting for, and the handler's iterator is told to return. If nothing comes for `idleMs` (0: no bound), the
 * call is aborted.
 */
export async function* untilAborted<T>(
  call: Call,
  source: AsyncIterable<T>,
  idleMs: number,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const { signal } = call;
  // One listener for the stream and one slot for the wait in progress: racing against a shared promise for each
  // message would keep every message of a long stream in memory.
  let reject: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => reject?.(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let done = false;
  try {
    for (;;) {
      if (signal.aborted) throw toConnectError(signal.reason);
      const idle = idleMs > 0 ? setTimeout(() => call.abort(idleError(idleMs)), idleMs) : undefined;
      const next = await new Promise<IteratorResult<T>>((resolve, rejectNext) => {
        reject = rejectNext;
        iterator.next().then(resolve, rejectNext);
      }).finally(() => clearTimeout(idle));
      if (next.done === true) {
        done = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a handler that ignores its signal may never come back.
    if (!done) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** The messages of a client, at most as many as the method allows. */
export async function* bounded<T>(
  operation: Operation,
  call: Call,
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  const max = operation.plan.policy.bounds?.streamMessagesMax || Infinity;
  let count = 0;
  for await (const message of messages) {
    if (++count > max)
      throw new ConnectError(`more than ${max} messages in a stream`, Code.ResourceExhausted);
    if (call.signal.aborted) throw toConnectError(call.signal.reason);
    yield message;
  }
}

function idleError(idleMs: number): ConnectError {
  return new ConnectError(`nothing was sent for ${idleMs} ms`, Code.Aborted);
}
