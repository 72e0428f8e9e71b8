// Servers for the tests of this folder.
import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { create, createRegistry } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { Code as ConformanceCode } from "../../gen/ts/connectrpc/conformance/v1/config_pb.js";
import type { Header } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import {
  ConformancePayloadSchema,
  ConformanceService,
  UnaryRequestSchema,
  type ConformancePayload,
  type UnaryRequest,
  type UnaryResponseDefinition,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";

/** The `response_delay_ms` of a call that is not answered. */
export const never = 0xffffffff;

/** A running server and how to stop it. */
export interface TestServer {
  readonly url: string;
  /** How many connections it has accepted. */
  connections(): number;
  close(): Promise<void>;
}

/** Resolves the Any in which the server says what it got. */
export const registry = createRegistry(UnaryRequestSchema, RetryInfoSchema);

/** A connect-node server of the conformance contract: it answers as the request says, and says what it got. */
export async function startEchoServer(httpVersion: "1.1" | "2" = "2"): Promise<TestServer> {
  const handler = connectNodeAdapter({
    routes: (router) => router.service(ConformanceService, echo),
    jsonOptions: { registry },
    acceptCompression: [compressionGzip, compressionBrotli],
  });
  return listen(httpVersion === "2" ? http2.createServer(handler) : http.createServer(handler));
}

/** An HTTP/2 server that answers each stream by hand. */
export async function startRawServer(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  options: http2.ServerOptions = {},
): Promise<TestServer> {
  const server = http2.createServer(options);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    onStream(stream, headers);
  });
  return listen(server);
}

async function listen(server: http.Server | http2.Http2Server): Promise<TestServer> {
  const sessions = new Set<http2.ServerHttp2Session>();
  let connections = 0;
  server.on("connection", () => connections++);
  server.on("session", (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        if (server instanceof http.Server) server.closeAllConnections();
      }),
  };
}

const echo: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: async (request, context) => ({ payload: await answer(request, context) }),
  idempotentUnary: async (request, context) => ({
    payload: await answer(
      create(UnaryRequestSchema, { ...request, $typeName: "connectrpc.conformance.v1.UnaryRequest" }),
      context,
    ),
  }),
  async *serverStream(request, context) {
    for (const data of request.responseDefinition?.responseData ?? []) {
      context.signal.throwIfAborted();
      yield { payload: { data } };
    }
  },
  async clientStream(requests) {
    let bytes = 0;
    for await (const request of requests) bytes += request.requestData.length;
    return { payload: { data: Buffer.from(String(bytes)) } };
  },
  async *bidiStream(requests) {
    for await (const request of requests) yield { payload: { data: request.requestData } };
  },
};

async function answer(request: UnaryRequest, context: HandlerContext): Promise<ConformancePayload> {
  const definition: Partial<UnaryResponseDefinition> = request.responseDefinition ?? {};
  append(context.responseHeader, definition.responseHeaders);
  append(context.responseTrailer, definition.responseTrailers);
  if (definition.responseDelayMs)
    await new Promise((resolve) => setTimeout(resolve, definition.responseDelayMs));
  // Not a long pause: connect-node complains on the console about an answer that nobody takes.
  if (definition.responseDelayMs === never) await new Promise(() => undefined);
  const requestHeaders = [...context.requestHeader].map(([name, value]) => ({ name, value: [value] }));
  const timeoutMs = context.timeoutMs();
  const info = {
    requestHeaders,
    requests: [anyPack(UnaryRequestSchema, request)],
    ...(timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.ceil(timeoutMs)) }),
  };
  if (definition.response?.case === "error") {
    const { code, message, details } = definition.response.value;
    const failure = new ConnectError(message ?? "", codeFromString(ConformanceCode[code].toLowerCase()));
    failure.details = details.map((d) => ({
      type: d.typeUrl.slice(d.typeUrl.lastIndexOf("/") + 1),
      value: d.value,
    }));
    throw failure;
  }
  const data = definition.response?.case === "responseData" ? definition.response.value : new Uint8Array();
  return create(ConformancePayloadSchema, { data, requestInfo: info });
}

function append(target: Headers, headers: readonly Header[] | undefined): void {
  for (const { name, value } of headers ?? []) for (const one of value) target.append(name, one);
}

/** The first value of a header that the server says it received. */
export function receivedHeader(payload: ConformancePayload | undefined, name: string): string | undefined {
  return payload?.requestInfo?.requestHeaders.find((header) => header.name === name)?.value[0];
}

/** The ConnectError that a call ends with. */
export async function rejection(call: Promise<unknown>): Promise<ConnectError> {
  const outcome = await call.then(
    () => new Error("the call has succeeded"),
    (error: unknown) => error,
  );
  if (outcome instanceof ConnectError) return outcome;
  throw outcome;
}
