// The road of streams: connect-node frames them, our plan decides about them.
import { Http2ServerRequest, Http2ServerResponse, type ServerHttp2Stream } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DescMethod, Message, Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { Call } from "../call/call.js";
import { fail, toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { allowedMs, cancelled, deadlineExceeded } from "../policy/deadline.js";
import { rpcFailure } from "../wire/rpc-failure.js";
import { Http1Exchange } from "./http1-exchange.js";
import type { Http2Exchange } from "./http2-exchange.js";
import { callKey } from "./intercept.js";
import { bounded, untilAborted } from "./stream-bounds.js";

/** Serves one stream. Header steps have run. `end` is called once, with what the call failed with. */
export type StreamRoad = (
  operation: Operation,
  call: Call,
  exchange: Http1Exchange | Http2Exchange,
  askedMs: number | undefined,
  end: (error: ConnectError | undefined) => void,
) => void;

/** What a stream's handler needs to find its way back to the platform's call. */
interface StreamCall {
  readonly call: Call;
  failed(error: ConnectError): void;
}

const streamKey = createContextKey<StreamCall | undefined>(undefined, {
  description: "the call of a stream",
});

// Node fires a timer set beyond 2^31-1 ms at once.
const timerMsMax = 2 ** 31 - 1;

/** The road of streams for these operations. */
export function streamRoad(
  operations: readonly Operation[],
  interceptors: readonly Interceptor[],
  registry: Registry,
): StreamRoad {
  const handlers = new Map<string, UniversalHandler>();
  for (const operation of operations) {
    const router = createConnectRouter({
      acceptCompression: [compressionGzip, compressionBrotli],
      readMaxBytes: operation.requestBytesMax,
      writeMaxBytes: operation.responseBytesMax,
      // For google.protobuf.Any, as on the short road.
      jsonOptions: { registry, ignoreUnknownFields: true },
      interceptors: [refuseMalformed, ...interceptors],
    });
    router.rpc(
      operation.plan.method as DescMethod & { methodKind: "bidi_streaming" },
      streamHandler(operation) as never,
    );
    for (const handler of router.handlers) handlers.set(operation.plan.path, handler);
  }
  return (operation, call, exchange, askedMs, end) => {
    const handler = handlers.get(operation.plan.path);
    if (handler === undefined) throw new Error(`${operation.plan.name} is not a stream`);
    const { request, response } = nodePair(exchange);
    let error: ConnectError | undefined;
    let ended = false;
    const ms = allowedMs(operation.plan, askedMs);
    call.deadlineAt = call.startedAt + ms;
    const timer = ms <= timerMsMax ? setTimeout(() => interrupt(deadlineExceeded()), ms) : undefined;
    const values = createContextValues()
      .set(callKey, call)
      .set(streamKey, { call, failed: (e) => (error ??= e) });
    const incoming = universalRequestFromNodeRequest(request, response, undefined, values);
    if (exchange instanceof Http1Exchange) incoming.body = requestBody(exchange.node.request);
    // The deadline is ours to keep: the method's maximum counts, and handlers that ignore their signal are ended.
    incoming.header.delete("grpc-timeout");
    incoming.header.delete("connect-timeout-ms");
    response.on("close", () => finish(response.writableFinished ? undefined : cancelled()));
    handler(incoming)
      .then((outgoing) => {
        outgoing.header?.set("x-request-id", call.requestId);
        for (const [name, value] of Object.entries(exchange.extraHeaders ?? {}))
          outgoing.header?.set(name, String(value));
        return universalResponseToNodeResponse(outgoing, response);
      })
      .catch((thrown: unknown) => {
        error ??= toConnectError(thrown);
        response.destroy();
      });

    function interrupt(reason: ConnectError): void {
      error ??= reason;
      call.abort(reason);
    }

    function finish(gone: ConnectError | undefined): void {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      if (gone !== undefined) call.abort(gone);
      end(error ?? gone);
    }
  };
}

/**
 * A message that cannot be decoded is the client's fault; connect-es reports it as INTERNAL, "parse binary: ...". What it
 * reports as INTERNAL besides stays so: a message flagged as compressed in a stream without compression (compression.md).
 */
const refuseMalformed: Interceptor = (next) => (request) => {
  const call = request.contextValues.get(callKey);
  if (!request.stream || call === undefined) return next(request);
  // Also the wait for a message that never comes ends with the call: before it, no handler runs that could be ended.
  return next({ ...request, message: clientFaults(untilAborted(call, request.message, 0)) });
};

async function* clientFaults<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    const failure = toConnectError(error);
    if (failure.code !== Code.Internal || !failure.rawMessage.startsWith("parse binary")) throw failure;
    throw fail(Reason.BODY_MALFORMED, "message is not valid", { cause: error });
  }
}

/** The handler that connect-es calls: message steps, then ours, within deadline and bounds. */
function streamHandler(operation: Operation): (input: unknown, context: HandlerContext) => unknown {
  const { method } = operation.plan;
  const handler = operation.handler as (input: unknown, call: Call) => unknown;
  const idleMs = operation.plan.policy.bounds?.streamIdleMs ?? 0;
  const streamsRequests = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const streamsResponses = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";

  const start = async (input: unknown, call: Call): Promise<unknown> => {
    if (!streamsRequests) {
      // connect-es hands over one decoded message where requests do not stream.
      await runMessageSteps(operation, call, input as Message);
      return input;
    }
    return bounded(operation, call, checked(operation, call, input as AsyncIterable<Message>));
  };

  if (streamsResponses) {
    return async function* (input, context) {
      const { call, failed } = adopt(context);
      try {
        const request = await start(input, call);
        const responses = handler(request, call) as AsyncIterable<unknown>;
        for await (const response of untilAborted(call, responses, idleMs))
          yield operation.toResponse(response);
      } catch (thrown) {
        const error = toConnectError(thrown);
        failed(error);
        throw rpcFailure(error);
      }
    };
  }
  return async (input, context) => {
    const { call, failed } = adopt(context);
    try {
      const request = await start(input, call);
      const answer = handler(request, call) as Promise<unknown>;
      return operation.toResponse(await rejectOnAbort(call, answer));
    } catch (thrown) {
      const error = toConnectError(thrown);
      failed(error);
      throw rpcFailure(error);
    }
  };
}

async function runMessageSteps(operation: Operation, call: Call, message: Message): Promise<void> {
  for (const step of operation.messageSteps) {
    const pending = step(call, message);
    if (pending !== undefined) await pending;
  }
}

async function* checked(
  operation: Operation,
  call: Call,
  messages: AsyncIterable<Message>,
): AsyncGenerator<Message> {
  for await (const message of messages) {
    await runMessageSteps(operation, call, message);
    yield message;
  }
}

function rejectOnAbort<T>(call: Call, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal } = call;
    const onAbort = (): void => reject(toConnectError(signal.reason));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function adopt(context: HandlerContext): StreamCall {
  const found = context.values.get(streamKey);
  if (found === undefined) throw new ConnectError("the stream has no call", Code.Internal);
  found.call.adopt(context.responseHeader, context.responseTrailer);
  // When the client goes away, connect-es aborts its own signal first.
  context.signal.addEventListener("abort", () => found.call.abort(context.signal.reason), { once: true });
  return found;
}

/**
 * The body of an HTTP/1.1 request. A handler that stops reading before its end leaves the rest to be thrown away; to destroy
 * the request, as leaving its own iterator would, is to destroy the connection, with the answer that is on its way.
 */
async function* requestBody(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } finally {
    request.resume();
  }
}

function nodePair(exchange: Http1Exchange | Http2Exchange): {
  request: IncomingMessage | Http2ServerRequest;
  response: ServerResponse | Http2ServerResponse;
} {
  if (exchange instanceof Http1Exchange) return exchange.node;
  const stream: ServerHttp2Stream = exchange.stream;
  // node's own compat classes, made as its http2 server makes them; the raw header list is not used by connect-node.
  const request = new Http2ServerRequest(stream, exchange.headers as never, {}, []);
  return { request, response: new Http2ServerResponse(stream) };
}
