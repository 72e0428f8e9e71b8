import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { Code, createClient } from "@connectrpc/connect";
import {
  ConformanceService,
  UnaryRequestSchema,
  UnaryResponseSchema,
  type UnaryRequest,
  type UnaryResponse,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { createHttpTransport, type HttpTransport } from "./http2-transport.js";
import { rejection } from "./test-server.js";

const server = new grpc.Server();
let transport: HttpTransport;

/** Echoes the data and "x-mine"; data of "fail" is an error. */
const unary: grpc.handleUnaryCall<UnaryRequest, UnaryResponse> = (call, done) => {
  const trailer = new grpc.Metadata();
  trailer.set("x-trailing", "end");
  if (Buffer.from(call.request.requestData).toString() === "fail") {
    return done({ code: grpc.status.NOT_FOUND, details: "no zone “a”", metadata: trailer });
  }
  const header = new grpc.Metadata();
  header.set("x-leading", call.metadata.get("x-mine")[0] ?? "none");
  call.sendMetadata(header);
  return done(null, create(UnaryResponseSchema, { payload: { data: call.request.requestData } }), trailer);
};

beforeAll(async () => {
  const definition: grpc.MethodDefinition<UnaryRequest, UnaryResponse> = {
    path: "/connectrpc.conformance.v1.ConformanceService/Unary",
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(toBinary(UnaryRequestSchema, message)),
    requestDeserialize: (bytes) => fromBinary(UnaryRequestSchema, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(UnaryResponseSchema, message)),
    responseDeserialize: (bytes) => fromBinary(UnaryResponseSchema, bytes),
  };
  server.addService({ unary: definition }, { unary });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  transport = createHttpTransport({
    baseUrl: `http://127.0.0.1:${port}`,
    sendEncoding: "gzip",
    compressMinBytes: 100,
  });
});

afterAll(() => {
  transport.destroy();
  server.forceShutdown();
});

test.each([10, 100_000])("a grpc-js server answers with %i bytes", async (bytes) => {
  const client = createClient(ConformanceService, transport);
  const metadata: (string | null)[] = [];
  const { payload } = await client.unary(
    { requestData: Buffer.alloc(bytes, 1) },
    {
      headers: { "x-mine": "yes" },
      timeoutMs: 5000,
      onHeader: (header) => metadata.push(header.get("x-leading")),
      onTrailer: (trailer) => metadata.push(trailer.get("x-trailing")),
    },
  );
  expect(payload?.data.length).toBe(bytes);
  expect(metadata).toEqual(["yes", "end"]);
});

test("a grpc-js server fails", async () => {
  const client = createClient(ConformanceService, transport);
  const failure = await rejection(client.unary({ requestData: Buffer.from("fail") }));
  expect(failure).toMatchObject({ code: Code.NotFound, rawMessage: "no zone “a”" });
  expect(failure.metadata.get("x-trailing")).toBe("end");
});
