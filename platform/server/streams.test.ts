import { once } from "node:events";
import http2 from "node:http2";
import { createRegistry, fromJson, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service as suiteFile,
  ServerStreamRequestSchema,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { conformanceService } from "../../test/conformance/service.js";
import { rejection } from "../client/test-server.js";
import { startService, type TestServer } from "../testing/start-service.js";

const registry = createRegistry(suiteFile);
let started: TestServer<never>;

beforeAll(async () => {
  started = await startService({ services: [conformanceService()], principals: {} });
});
afterAll(() => started.close());

const asked = fromJson(ServerStreamRequestSchema, {
  responseDefinition: { responseData: ["YQ==", "Yg=="] },
});

test("a google.protobuf.Any is written as JSON in a stream", async () => {
  const transport = createConnectTransport({
    baseUrl: started.internalUrl,
    httpVersion: "1.1",
    jsonOptions: { registry },
  });
  const data: string[] = [];
  for await (const { payload } of createClient(ConformanceService, transport).serverStream(asked)) {
    data.push(Buffer.from(payload?.data ?? []).toString());
    if (data.length === 1)
      expect(payload?.requestInfo?.requests[0]?.typeUrl).toMatch(/\/connectrpc.*ServerStreamRequest$/);
  }
  expect(data).toEqual(["a", "b"]);
});

test("the deadline of a stream is told by its code, without details, as every gRPC server does", async () => {
  const client = createClient(
    ConformanceService,
    createGrpcTransport({
      baseUrl: started.internalUrl,
      // Ours would end the call first.
      interceptors: [
        (next) => (request) => {
          request.header.set("grpc-timeout", "20m");
          return next(request);
        },
      ],
    }),
  );
  const slow = { ...asked.responseDefinition, responseDelayMs: 1000 };
  const read = async (): Promise<void> => {
    for await (const _ of client.serverStream({ responseDefinition: slow as never })) continue;
  };
  expect(await rejection(read())).toMatchObject({ code: Code.DeadlineExceeded, details: [] });
});

test.each([
  [
    "a message flagged as compressed without a compression",
    1,
    toBinary(ServerStreamRequestSchema, asked),
    "internal",
  ],
  ["a message that is no protobuf", 0, Buffer.from([0x0a, 0xff]), "invalid_argument"],
])("%s", async (_what, flags, message, code) => {
  const prefix = Buffer.from([flags, 0, 0, 0, message.length]);
  const response = await fetch(
    `${started.internalUrl}/connectrpc.conformance.v1.ConformanceService/ServerStream`,
    {
      method: "POST",
      headers: { "content-type": "application/connect+proto" },
      body: Buffer.concat([prefix, message]),
    },
  );
  expect(JSON.parse((await response.text()).slice(5))).toMatchObject({ error: { code } });
});

test("a stream whose request never comes is ended at its deadline", async () => {
  const session = http2.connect(started.internalUrl);
  const stream = session.request({
    ":method": "POST",
    ":path": "/connectrpc.conformance.v1.ConformanceService/ServerStream",
    "content-type": "application/grpc",
    "grpc-timeout": "50m",
    te: "trailers",
  });
  let status: unknown;
  stream.on("response", (headers) => (status ??= headers["grpc-status"]));
  stream.on("trailers", (trailers) => (status ??= trailers["grpc-status"]));
  stream.resume();
  await once(stream, "end");
  session.destroy();
  expect(status).toBe(String(Code.DeadlineExceeded));
});
