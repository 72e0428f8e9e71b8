// One call of the suite, as client_compat.proto describes it.
import { create, type DescMethod, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { anyUnpack, type Any } from "@bufbuild/protobuf/wkt";
import { ConnectError, type CallOptions, type Transport } from "@connectrpc/connect";
import type {
  ClientCompatRequest,
  ClientResponseResultSchema,
} from "../../gen/ts/connectrpc/conformance/v1/client_compat_pb.js";
import {
  ConformancePayloadSchema,
  ConformanceService,
  type ConformancePayload,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { createServiceClient } from "../../platform/client/client.js";
import { errorToSuite } from "./errors.js";
import { headersFromSuite, headersToSuite } from "./metadata.js";
import { createRequests } from "./requests.js";
import { registry } from "./transports.js";

type ResultInit = MessageInitShape<typeof ClientResponseResultSchema>;

/** Calls what the request wants to be called. A failure of the call is part of the result. */
export async function invoke(transport: Transport, request: ClientCompatRequest): Promise<ResultInit> {
  const method = methodOf(request);
  const messages = request.requestMessages.map((any) => unpack(method, any));
  // Repeating a call is for callers who want its answer; the suite wants to see each attempt.
  const client = createServiceClient(ConformanceService, transport, { retry: { attempts: 1 } });
  // By the kind of the method, which is known here only from its descriptor.
  const call = client[method.localName as keyof typeof client] as (
    input: unknown,
    options: CallOptions,
  ) => unknown;
  const abort = new AbortController();
  const requests = createRequests(request, messages, abort);
  const received: Received = { payloads: [], header: undefined, trailer: undefined };
  const options = {
    signal: abort.signal,
    headers: headersFromSuite(request.requestHeaders),
    // 0 is connect-es's "no deadline".
    timeoutMs: request.timeoutMs ?? 0,
    onHeader: (header: Headers) => void (received.header = header),
    onTrailer: (trailer: Headers) => void (received.trailer = trailer),
  };
  let error: ConnectError | undefined;
  try {
    const answer = call(streamsRequests(method) ? requests.stream() : await requests.only(), options);
    for await (const message of streamsResponses(method)
      ? (answer as AsyncIterable<Message>)
      : one(answer as Promise<Message>)) {
      received.payloads.push(payloadOf(message));
      requests.answered(received.payloads.length);
      if (received.payloads.length === cancelAfterResponses(request)) abort.abort();
    }
  } catch (thrown) {
    error = ConnectError.from(thrown);
  } finally {
    requests.end();
  }
  return {
    payloads: received.payloads,
    // What a failed call was answered with besides its status is in the error, headers and trailers in one.
    responseHeaders: headersToSuite(received.header ?? error?.metadata ?? []),
    responseTrailers: headersToSuite(received.trailer ?? error?.metadata ?? []),
    ...(error !== undefined && {
      error: errorToSuite(error),
      numUnsentRequests: messages.length - requests.sent,
    }),
  };
}

interface Received {
  readonly payloads: ConformancePayload[];
  header: Headers | undefined;
  trailer: Headers | undefined;
}

async function* one(answer: Promise<Message>): AsyncGenerator<Message> {
  yield await answer;
}

function methodOf({ service, method: name }: ClientCompatRequest): DescMethod {
  if (service !== ConformanceService.typeName) throw new Error(`unknown service ${service}`);
  const method = ConformanceService.methods.find((m) => m.name === name);
  if (method === undefined) throw new Error(`unknown method ${name}`);
  return method;
}

function unpack(method: DescMethod, any: Any): Message {
  const message = anyUnpack(any, registry);
  if (message?.$typeName === method.input.typeName) return message;
  throw new Error(`${any.typeUrl} is no ${method.input.typeName}`);
}

function streamsRequests({ methodKind }: DescMethod): boolean {
  return methodKind === "client_streaming" || methodKind === "bidi_streaming";
}

function streamsResponses({ methodKind }: DescMethod): boolean {
  return methodKind === "server_streaming" || methodKind === "bidi_streaming";
}

function cancelAfterResponses(request: ClientCompatRequest): number | undefined {
  const timing = request.cancel?.cancelTiming;
  return timing?.case === "afterNumResponses" ? timing.value : undefined;
}

/** The payload of a response: every response message of the suite has one. */
function payloadOf(message: Message): ConformancePayload {
  const { payload } = message as Message & { readonly payload?: ConformancePayload };
  return payload ?? create(ConformancePayloadSchema);
}
