// Hot path: runs for every call between services.
import type { DescMethod, DescMethodUnary, DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@connectrpc/connect";
import { Call } from "../call/call.js";
import { givenMetadata, inheritedMetadata, type MetadataRecord } from "./call-metadata.js";
import { inheritedMs } from "./deadline.js";
import type { MetadataInit } from "./metadata.js";
import type { MethodRules } from "./method-rules.js";
import type { RetryBudget } from "./retry-budget.js";
import type { Retrying } from "./retry.js";
import { streamed } from "./streamed.js";

/** What the function of a method is made of. */
export interface MethodContext {
  readonly transport: Transport;
  readonly rules: MethodRules;
  readonly credentials: ((from: Call | undefined) => MetadataRecord | undefined) | undefined;
  readonly retry: Retrying;
  readonly budget: RetryBudget;
}

/** A method of a connect-es client. */
export type PlainFunction = (input: unknown, options: CallOptions) => unknown;

/** The input of some method; which, its caller's type says. */
type AnyInput = MessageInitShape<DescMessage>;

/** What a call sends besides its message. */
interface Outgoing {
  /** Infinity: no deadline. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly metadata: MetadataInit | undefined;
  readonly given: CallOptions | undefined;
}

/** Whether a method takes and gives one message; descriptors say so by their kind alone. */
export function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

/** A unary method with deadline, identity and retries. */
export function unaryFunction(method: DescMethodUnary, context: MethodContext) {
  const { transport, rules, retry, budget } = context;
  return async (input: AnyInput, from?: Call | CallOptions) => {
    const { timeoutMs, signal, metadata, given } = outgoing(from, context);
    const response = await retry(
      {
        safe: rules.safe,
        timeoutMs,
        signal,
        attempt: (leftMs) =>
          transport.unary(method, signal, transportTimeout(leftMs), metadata, input, given?.contextValues),
      },
      budget,
    );
    given?.onHeader?.(response.header);
    given?.onTrailer?.(response.trailer);
    return response.message;
  };
}

/**
 * A streaming method with deadline and identity. It is not retried: only its reader knows what it has seen, and from where
 * to go on.
 */
export function streamFunction(
  method: DescMethod,
  plain: Readonly<Record<string, PlainFunction>>,
  context: MethodContext,
) {
  const call = plain[method.localName];
  if (call === undefined) throw new Error(`${method.toString()} is not a method that connect-es knows`);

  const options = (signal: AbortSignal | undefined, sent: Outgoing): CallOptions => ({
    ...sent.given,
    ...(signal === undefined ? {} : { signal }),
    ...(sent.metadata === undefined ? {} : { headers: sent.metadata }),
    timeoutMs: transportTimeout(sent.timeoutMs),
  });
  if (method.methodKind === "client_streaming") {
    return async (input: unknown, from?: Call | CallOptions) => {
      const sent = outgoing(from, context);
      return call(input, options(sent.signal, sent));
    };
  }
  return (input: unknown, from?: Call | CallOptions) => {
    const sent = outgoing(from, context);
    // Both kinds that are left answer with a stream.
    return streamed(sent.signal, (signal) => call(input, options(signal, sent)) as AsyncIterable<unknown>);
  };
}

function outgoing(from: Call | CallOptions | undefined, { rules, credentials }: MethodContext): Outgoing {
  if (from instanceof Call) {
    return {
      timeoutMs: Math.min(inheritedMs(from), rules.deadlineDefaultMs),
      signal: from.signal,
      metadata: inheritedMetadata(from, credentials?.(from)),
      given: undefined,
    };
  }
  return {
    timeoutMs: wishedMs(from?.timeoutMs, rules.deadlineDefaultMs),
    signal: from?.signal,
    metadata: givenMetadata(from?.headers, credentials?.(undefined)),
    given: from,
  };
}

/** connect-es's rule: none given is the default, 0 or less is no deadline. */
function wishedMs(timeoutMs: number | undefined, defaultMs: number): number {
  if (timeoutMs === undefined) return defaultMs;
  return timeoutMs > 0 ? timeoutMs : Infinity;
}

/** connect-es's transports take whole milliseconds, and 0 for "no deadline". */
function transportTimeout(timeoutMs: number): number {
  return timeoutMs === Infinity ? 0 : Math.max(1, Math.floor(timeoutMs));
}
