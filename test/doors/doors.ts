// The doors of a server, each with a client that was not made for it: connect-node, or plain HTTP for REST.
import type { DescMethod, DescMethodUnary, JsonValue, Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { MethodPlan } from "../../platform/contract/plan.js";
import { failure, messageJson, registry, success, type Outcome } from "./outcome.js";
import { callRest } from "./rest-client.js";

/** A way into a server. */
export interface Door {
  readonly name: string;
  /** Whether this method can be called this way. */
  opens(plan: MethodPlan): boolean;
  call(plan: MethodPlan, request: Message, headers: Readonly<Record<string, string>>): Promise<Outcome>;
}

/** A door that also takes streams. */
export interface StreamDoor {
  readonly name: string;
  /** Bidirectional streams need HTTP/2. */
  readonly http2: boolean;
  stream(
    method: DescMethod,
    requests: readonly Message[],
    headers: Readonly<Record<string, string>>,
  ): Promise<Outcome>;
}

/** Where a server listens. */
export interface Addresses {
  readonly internalUrl: string;
  readonly publicUrl: string;
  readonly inProcess: Transport;
}

const everything = (): boolean => true;
const reads = (plan: MethodPlan): boolean => plan.reads;
const isPublic = (plan: MethodPlan): boolean => plan.httpRule !== undefined;
const jsonOptions = { registry };

/** All doors for unary calls. The first is the one that the others are compared with. */
export function doorsOf({ internalUrl, publicUrl, inProcess }: Addresses): Door[] {
  const internal = { baseUrl: internalUrl, jsonOptions };
  const http1 = { ...internal, httpVersion: "1.1" as const };
  const http2 = { ...internal, httpVersion: "2" as const };
  const get = { useHttpGet: true };
  const binary = { useBinaryFormat: true };
  const json = { useBinaryFormat: false };
  return [
    rpcDoor("gRPC", createGrpcTransport(internal), everything),
    rpcDoor("gRPC as JSON", createGrpcTransport({ ...internal, ...json }), everything),
    rpcDoor("gRPC-Web, HTTP/1.1", createGrpcWebTransport(http1), everything),
    rpcDoor("gRPC-Web, HTTP/2", createGrpcWebTransport(http2), everything),
    rpcDoor("Connect JSON, HTTP/1.1", createConnectTransport({ ...http1, ...json }), everything),
    rpcDoor("Connect JSON, HTTP/2", createConnectTransport({ ...http2, ...json }), everything),
    rpcDoor("Connect binary, HTTP/1.1", createConnectTransport({ ...http1, ...binary }), everything),
    rpcDoor("Connect binary, HTTP/2", createConnectTransport({ ...http2, ...binary }), everything),
    rpcDoor("Connect GET JSON", createConnectTransport({ ...http1, ...json, ...get }), reads),
    rpcDoor("Connect GET binary", createConnectTransport({ ...http2, ...binary, ...get }), reads),
    rpcDoor(
      "Connect JSON, public",
      createConnectTransport({ ...http1, ...json, baseUrl: publicUrl }),
      isPublic,
    ),
    {
      name: "REST",
      opens: isPublic,
      call: (plan, request, headers) => callRest(publicUrl, plan, request, headers),
    },
    rpcDoor("in process", inProcess, everything),
  ];
}

/** The doors for streams. */
export function streamDoorsOf({ internalUrl }: Pick<Addresses, "internalUrl">): StreamDoor[] {
  const internal = { baseUrl: internalUrl, jsonOptions };
  const http1 = { ...internal, httpVersion: "1.1" as const };
  const http2 = { ...internal, httpVersion: "2" as const };
  const binary = { useBinaryFormat: true };
  return [
    streamDoor("gRPC", true, createGrpcTransport(internal)),
    streamDoor("gRPC-Web, HTTP/1.1", false, createGrpcWebTransport(http1)),
    streamDoor("gRPC-Web, HTTP/2", true, createGrpcWebTransport(http2)),
    streamDoor("Connect JSON, HTTP/1.1", false, createConnectTransport(http1)),
    streamDoor("Connect JSON, HTTP/2", true, createConnectTransport(http2)),
    streamDoor("Connect binary, HTTP/1.1", false, createConnectTransport({ ...http1, ...binary })),
    streamDoor("Connect binary, HTTP/2", true, createConnectTransport({ ...http2, ...binary })),
  ];
}

// Ends a call that hangs, long after every deadline of the contract has passed.
const hangMs = 20_000;

function rpcDoor(name: string, transport: Transport, opens: Door["opens"]): Door {
  return {
    name,
    opens,
    async call(plan, request, headers) {
      const signal = AbortSignal.timeout(hangMs);
      try {
        const method = described(plan);
        const response = await transport.unary(method, signal, undefined, headers, request);
        const message = messageJson(plan.method.output, response.message);
        return success(message, response.header, response.trailer);
      } catch (error) {
        return failure(error);
      }
    },
  };
}

/** The method as the client sees it: connect-node sends GET for methods whose contract says so, the lab says it in code. */
function described(plan: MethodPlan): DescMethodUnary {
  const idempotency = plan.reads ? Idempotency.NO_SIDE_EFFECTS : plan.method.idempotency;
  // Only unary methods come here.
  return { ...plan.method, idempotency } as DescMethodUnary;
}

function streamDoor(name: string, http2: boolean, transport: Transport): StreamDoor {
  return {
    name,
    http2,
    async stream(method, requests, headers) {
      const messages: JsonValue[] = [];
      try {
        // A stream, whatever its direction; connect-es types it by the method's kind.
        const streamed = method as Parameters<Transport["stream"]>[0];
        const signal = AbortSignal.timeout(hangMs);
        const response = await transport.stream(streamed, signal, undefined, headers, iterate(requests));
        for await (const message of response.message) messages.push(messageJson(method.output, message));
        return success(messages, response.header, response.trailer);
      } catch (error) {
        return { ...failure(error), message: messages };
      }
    },
  };
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
