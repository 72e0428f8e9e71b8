// The service that the suite's reference clients call: each request says how it wants to be answered.
// The rules are in connectrpc/conformance/v1/service.proto.
import { setTimeout as sleep } from "node:timers/promises";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema as RequestInfoSchema,
  ConformanceService,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
  type ConformancePayloadSchema,
  type Error as SuiteError,
  type StreamResponseDefinition,
  type UnaryResponseDefinition,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { Credential, Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { Call } from "../../platform/call/call.js";
import { policyFor } from "../../platform/contract/override.js";
import { defineService, type ServiceDefinition } from "../../platform/contract/service.js";
import { errorFromSuite } from "./errors.js";
import { appendTo, headersToSuite } from "./metadata.js";

type PayloadInit = MessageInitShape<typeof ConformancePayloadSchema>;
type RequestInfoInit = MessageInitShape<typeof RequestInfoSchema>;

const MiB = 1024 * 1024;

/** The suite's service. */
export function conformanceService(): ServiceDefinition {
  return defineService(
    ConformanceService,
    {
      async unary(request, call) {
        return {
          payload: await answerOnce(call, request.responseDefinition, [pack(UnaryRequestSchema, request)]),
        };
      },
      async idempotentUnary(request, call) {
        const requests = [pack(IdempotentUnaryRequestSchema, request)];
        return { payload: await answerOnce(call, request.responseDefinition, requests) };
      },
      async clientStream(requests, call) {
        const seen: Any[] = [];
        let definition: UnaryResponseDefinition | undefined;
        for await (const request of requests) {
          if (seen.length === 0) definition = request.responseDefinition;
          seen.push(pack(ClientStreamRequestSchema, request));
        }
        return { payload: await answerOnce(call, definition, seen) };
      },
      async *serverStream(request, call) {
        const { responseDefinition: definition } = request;
        if (definition === undefined) return;
        announce(call, definition);
        let info: RequestInfoInit | undefined = infoOf(call, [pack(ServerStreamRequestSchema, request)]);
        for (const data of definition.responseData) {
          await delay(call, definition);
          yield payloadOf(data, info);
          info = undefined;
        }
        if (definition.error !== undefined) throw toError(definition.error, info);
      },
      async *bidiStream(requests, call) {
        let definition: StreamResponseDefinition | undefined;
        let fullDuplex = false;
        let first = true;
        let sent = 0;
        let unanswered: Any[] = [];
        for await (const request of requests) {
          unanswered.push(pack(BidiStreamRequestSchema, request));
          if (first) {
            first = false;
            ({ responseDefinition: definition, fullDuplex } = request);
            if (definition !== undefined) announce(call, definition);
          }
          if (!fullDuplex) continue;
          const data = definition?.responseData[sent];
          // No answer is left for this request: what the definition says about the end follows.
          if (definition === undefined || data === undefined) break;
          await delay(call, definition);
          yield payloadOf(data, sent === 0 ? infoOf(call, unanswered) : { requests: unanswered });
          sent++;
          unanswered = [];
        }
        if (definition === undefined) return;
        for (; sent < definition.responseData.length; sent++) {
          await delay(call, definition);
          yield payloadOf(definition.responseData[sent], sent === 0 ? infoOf(call, unanswered) : undefined);
        }
        if (definition.error !== undefined) {
          throw toError(definition.error, sent === 0 ? infoOf(call, unanswered) : undefined);
        }
      },
      unimplemented() {
        throw new ConnectError("this method is not implemented, as the suite wants it", Code.Unimplemented);
      },
    },
    policyFor(ConformanceService, {
      defaults: { ...policy, audit: { action: "conformance.call" } },
      methods: { idempotentUnary: policy },
    }),
  );
}

const policy = {
  access: { credentials: [Credential.NONE] },
  // The suite echoes the longest timeouts that the protocols can express.
  deadline: { defaultMs: 60_000, maxMs: 2 ** 32 - 1 },
  rate: { class: RateClass.UNLIMITED },
  criticality: Criticality.CRITICAL,
  // An answer holds its requests besides its data, so that it is larger than what may be received.
  bounds: { responseBytesMax: 64 * MiB },
};

async function answerOnce(
  call: Call,
  definition: UnaryResponseDefinition | undefined,
  requests: Any[],
): Promise<PayloadInit> {
  const info = infoOf(call, requests);
  if (definition === undefined) return { requestInfo: info };
  announce(call, definition);
  await delay(call, definition);
  const { response } = definition;
  if (response.case === "error") throw toError(response.value, info);
  return { requestInfo: info, ...(response.case === "responseData" && { data: response.value }) };
}

function announce(
  call: Call,
  {
    responseHeaders,
    responseTrailers,
  }: Pick<UnaryResponseDefinition, "responseHeaders" | "responseTrailers">,
): void {
  appendTo(call.responseHeader, responseHeaders);
  appendTo(call.responseTrailer, responseTrailers);
}

async function delay(call: Call, { responseDelayMs }: { readonly responseDelayMs: number }): Promise<void> {
  if (responseDelayMs > 0) await sleep(responseDelayMs, undefined, { signal: call.signal });
}

function payloadOf(
  data: Uint8Array | undefined,
  requestInfo: RequestInfoInit | undefined,
): { payload: PayloadInit } {
  return {
    payload: { ...(data !== undefined && { data }), ...(requestInfo !== undefined && { requestInfo }) },
  };
}

function infoOf(call: Call, requests: Any[]): RequestInfoInit {
  const { requestHeader } = call;
  // Every method has a default deadline; the suite asks for what the caller has set.
  const timed = requestHeader.has("connect-timeout-ms") || requestHeader.has("grpc-timeout");
  const timeoutMs = timed ? call.timeoutMs() : undefined;
  return {
    requestHeaders: headersToSuite(requestHeader),
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.ceil(timeoutMs)) }),
    requests,
    ...(call.requestMethod === "GET" && { connectGetInfo: { queryParams: queryOf(call) } }),
  };
}

function queryOf(call: Call): { name: string; value: string[] }[] {
  const queryAt = call.url.indexOf("?");
  return headersToSuite(new URLSearchParams(queryAt < 0 ? "" : call.url.slice(queryAt + 1)));
}

/** The error that the suite wants; what was received goes with it if nothing was answered yet. */
function toError(error: SuiteError, info: RequestInfoInit | undefined): ConnectError {
  const failure = errorFromSuite(error);
  if (info !== undefined) failure.details.push({ desc: RequestInfoSchema, value: info });
  return failure;
}

function pack<D extends DescMessage>(desc: D, message: MessageShape<D>): Any {
  return anyPack(desc, message);
}
