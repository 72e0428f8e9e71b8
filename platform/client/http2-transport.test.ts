import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import {
  Code,
  createClient,
  createContextKey,
  decodeBinaryHeader,
  encodeBinaryHeader,
} from "@connectrpc/connect";
import { Code as ConformanceCode } from "../../gen/ts/connectrpc/conformance/v1/config_pb.js";
import { ConformanceService } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import { createHttpTransport, type HttpTransport } from "./http2-transport.js";
import {
  never,
  receivedHeader,
  registry,
  rejection,
  startEchoServer,
  type TestServer,
} from "./test-server.js";
import type { HttpTransportOptions } from "./transport-options.js";

type Wire = Pick<HttpTransportOptions, "protocol" | "format" | "httpVersion" | "useHttpGet">;

const shortRoads: [string, Wire][] = [
  ["gRPC", { protocol: "grpc" }],
  ["gRPC with JSON", { protocol: "grpc", format: "json" }],
  ["Connect", { protocol: "connect" }],
  ["Connect with JSON", { protocol: "connect", format: "json" }],
];

const allWires: [string, Wire][] = [
  ...shortRoads,
  ["gRPC-Web", { protocol: "grpc-web" }],
  ["Connect GET", { protocol: "connect", useHttpGet: true }],
  ["Connect over HTTP/1.1", { protocol: "connect", httpVersion: "1.1" }],
  ["gRPC-Web over HTTP/1.1", { protocol: "grpc-web", httpVersion: "1.1" }],
];

const text = (value: string) => new TextEncoder().encode(value);

let servers: Record<"1.1" | "2", TestServer>;
const transports: HttpTransport[] = [];

beforeAll(async () => {
  // connect-node's server complains about answers that the deadline has cut off.
  jest.spyOn(console, "error").mockImplementation(() => undefined);
  servers = { "1.1": await startEchoServer("1.1"), "2": await startEchoServer("2") };
});

afterAll(async () => {
  for (const transport of transports) transport.destroy();
  await Promise.all(Object.values(servers).map((server) => server.close()));
});

function open(options: Partial<HttpTransportOptions>): HttpTransport {
  const transport = createHttpTransport({
    baseUrl: servers[options.httpVersion ?? "2"].url,
    jsonOptions: { registry },
    ...options,
  });
  transports.push(transport);
  return transport;
}

describe.each(allWires)("%s", (_name, wire) => {
  test("carries message, metadata and trailers both ways", async () => {
    const client = createClient(ConformanceService, open(wire));
    let header = new Headers();
    let trailer = new Headers();
    const { payload } = await client.idempotentUnary(
      {
        requestData: text("ping"),
        responseDefinition: {
          responseHeaders: [{ name: "x-leading", value: ["one", "two"] }],
          responseTrailers: [
            { name: "x-trailing", value: ["end"] },
            { name: "x-trailing-bin", value: [encodeBinaryHeader(new Uint8Array([1, 2, 255]))] },
          ],
          response: { case: "responseData", value: text("pong") },
        },
      },
      {
        headers: { "X-Mine": "yes", "x-mine-bin": encodeBinaryHeader(new Uint8Array([0, 254])) },
        timeoutMs: 5000,
        onHeader: (received) => (header = received),
        onTrailer: (received) => (trailer = received),
      },
    );
    expect(Buffer.from(payload?.data ?? []).toString()).toBe("pong");
    expect(receivedHeader(payload, "x-mine")).toBe("yes");
    expect(decodeBinaryHeader(receivedHeader(payload, "x-mine-bin") ?? "")).toEqual(new Uint8Array([0, 254]));
    expect(payload?.requestInfo?.timeoutMs).toBeGreaterThan(4000n);
    expect(payload?.requestInfo?.timeoutMs).toBeLessThanOrEqual(5000n);
    expect(header.get("x-leading")).toBe("one, two");
    expect(header.has("x-trailing")).toBe(false);
    expect(trailer.get("x-trailing")).toBe("end");
    expect(decodeBinaryHeader(trailer.get("x-trailing-bin") ?? "")).toEqual(new Uint8Array([1, 2, 255]));
  });

  test("carries code, message, details and metadata of an error", async () => {
    const client = createClient(ConformanceService, open(wire));
    const detail = create(RetryInfoSchema, { retryDelay: { seconds: 3n } });
    const failure = await rejection(
      client.unary({
        responseDefinition: {
          responseHeaders: [{ name: "x-leading", value: ["one"] }],
          responseTrailers: [{ name: "x-trailing", value: ["end"] }],
          response: {
            case: "error",
            value: {
              code: ConformanceCode.FAILED_PRECONDITION,
              message: "100 % Ünglück 💥\n",
              details: [anyPack(RetryInfoSchema, detail)],
            },
          },
        },
      }),
    );
    expect(failure).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "100 % Ünglück 💥\n" });
    expect(failure.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 3n } }]);
    expect(failure.metadata.get("x-leading")).toBe("one");
    expect(failure.metadata.get("x-trailing")).toBe("end");
  });

  test("sends and receives compressed messages", async () => {
    const client = createClient(
      ConformanceService,
      open({ ...wire, sendEncoding: "gzip", compressMinBytes: 1 }),
    );
    const data = text("a".repeat(100_000));
    const { payload } = await client.unary({
      requestData: data,
      responseDefinition: { response: { case: "responseData", value: data } },
    });
    expect(payload?.data.length).toBe(100_000);
  });

  test("ends at its deadline, and says so", async () => {
    const client = createClient(ConformanceService, open(wire));
    const call = client.unary({ responseDefinition: { responseDelayMs: never } }, { timeoutMs: 50 });
    expect(await rejection(call)).toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("ends when its signal aborts", async () => {
    const client = createClient(ConformanceService, open(wire));
    const abort = new AbortController();
    const call = client.unary({ responseDefinition: { responseDelayMs: never } }, { signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    expect(await rejection(call)).toMatchObject({ code: Code.Canceled });
  });

  test("refuses to begin when its signal has aborted", async () => {
    const client = createClient(ConformanceService, open(wire));
    expect(await rejection(client.unary({}, { signal: AbortSignal.abort() }))).toMatchObject({
      code: Code.Canceled,
    });
  });

  test("refuses an answer above readMaxBytes", async () => {
    const client = createClient(ConformanceService, open({ ...wire, readMaxBytes: 1000 }));
    const value = Buffer.alloc(2000);
    const call = client.unary({ responseDefinition: { response: { case: "responseData", value } } });
    expect(await rejection(call)).toMatchObject({ code: Code.ResourceExhausted });
  });

  test("refuses a request above writeMaxBytes", async () => {
    const client = createClient(ConformanceService, open({ ...wire, writeMaxBytes: 1000 }));
    expect(await rejection(client.unary({ requestData: Buffer.alloc(2000) }))).toMatchObject({
      code: Code.ResourceExhausted,
    });
  });

  test("says UNIMPLEMENTED for a method that the server doesn't have", async () => {
    const client = createClient(ConformanceService, open(wire));
    expect(await rejection(client.unimplemented({}))).toMatchObject({ code: Code.Unimplemented });
  });

  test("streams from the server", async () => {
    const client = createClient(ConformanceService, open(wire));
    const received: string[] = [];
    const responseData = [text("a"), text("b"), text("c")];
    for await (const { payload } of client.serverStream({ responseDefinition: { responseData } })) {
      received.push(Buffer.from(payload?.data ?? []).toString());
    }
    expect(received).toEqual(["a", "b", "c"]);
  });
});

describe.each(shortRoads)("%s on the short road", (_name, wire) => {
  test("applies the default deadline, and none for 0", async () => {
    const client = createClient(ConformanceService, open({ ...wire, defaultTimeoutMs: 60_000 }));
    expect((await client.unary({})).payload?.requestInfo?.timeoutMs).toBeGreaterThan(50_000n);
    expect((await client.unary({}, { timeoutMs: 0 })).payload?.requestInfo?.timeoutMs).toBeUndefined();
  });

  test.each([
    ["a pseudo header", { ":path": "/elsewhere" }],
    ["a line break", { "x-mine": "a\r\nx-other: b" }],
    ["a character beyond Latin-1", { "x-mine": "\u{1f4a5}" }],
    ["a header of the connection", { connection: "close" }],
  ])("refuses metadata with %s", async (_what, headers) => {
    const transport = open(wire);
    const call = transport.unary(ConformanceService.method.unary, undefined, undefined, headers, {});
    expect(await rejection(call)).toMatchObject({ code: Code.InvalidArgument });
  });

  test("takes metadata as Headers, pairs and a record, joining repeated names", async () => {
    const transport = open(wire);
    const forms = [
      new Headers([
        ["x-mine", "a"],
        ["x-mine", "b"],
      ]),
      [
        ["X-Mine", "a"],
        ["x-mine", "b"],
      ] as [string, string][],
      { "x-mine": "a, b" },
    ];
    for (const headers of forms) {
      const { message } = await transport.unary(
        ConformanceService.method.unary,
        undefined,
        undefined,
        headers,
        {},
      );
      expect(receivedHeader(message.payload, "x-mine")).toBe("a, b");
    }
  });

  test("protocol headers win over metadata of the same name", async () => {
    const transport = open(wire);
    const headers = { "content-type": "text/plain", "grpc-timeout": "1n", "user-agent": "mine/1" };
    const { message } = await transport.unary(ConformanceService.method.unary, undefined, 5000, headers, {});
    expect(receivedHeader(message.payload, "content-type")).toMatch(/^application\//);
    expect(receivedHeader(message.payload, "user-agent")).toBe("mine/1");
  });

  test("a copy of a response keeps its headers", async () => {
    const transport = open(wire);
    const response = await transport.unary(ConformanceService.method.unary, undefined, undefined, undefined, {
      responseDefinition: { responseHeaders: [{ name: "x-leading", value: ["one"] }] },
    });
    expect({ ...response }.header.get("x-leading")).toBe("one");
  });

  test("interceptors see and change a call", async () => {
    const key = createContextKey("nothing");
    const seen: unknown[] = [];
    const transport = open({
      ...wire,
      interceptors: [
        (next) => async (request) => {
          seen.push(request.url, request.contextValues.get(key));
          request.header.set("x-mine", "added");
          const response = await next(request);
          seen.push(response.header.get("x-leading"));
          return response;
        },
      ],
    });
    const client = createClient(ConformanceService, transport);
    const { payload } = await client.unary(
      { responseDefinition: { responseHeaders: [{ name: "x-leading", value: ["one"] }] } },
      { timeoutMs: 5000 },
    );
    expect(receivedHeader(payload, "x-mine")).toBe("added");
    expect(payload?.requestInfo?.timeoutMs).toBeLessThanOrEqual(5000n);
    expect(seen).toEqual([
      `${servers["2"].url}/connectrpc.conformance.v1.ConformanceService/Unary`,
      "nothing",
      "one",
    ]);
  });

  test("a base URL with a path prefixes methods", async () => {
    const client = createClient(
      ConformanceService,
      open({ ...wire, baseUrl: `${servers["2"].url}/prefix/` }),
    );
    expect(await rejection(client.unary({}))).toMatchObject({ code: Code.Unimplemented });
  });

  test("a large request arrives whole", async () => {
    const client = createClient(ConformanceService, open(wire));
    const { payload } = await client.unary({
      requestData: Buffer.alloc(500_000, 1),
      responseDefinition: { response: { case: "responseData", value: Buffer.alloc(500_000, 2) } },
    });
    expect(payload?.data.length).toBe(500_000);
    expect(payload?.requestInfo?.requests[0]?.value.length).toBeGreaterThan(1_000_000);
  });
});

test("unary calls and streams share one connection", async () => {
  const server = await startEchoServer();
  const transport = createHttpTransport({ baseUrl: server.url });
  const client = createClient(ConformanceService, transport);
  await Promise.all([
    ...Array.from({ length: 20 }, () => client.unary({})),
    (async () => {
      for await (const _ of client.serverStream({ responseDefinition: { responseData: [text("a")] } }));
    })(),
  ]);
  expect(server.connections()).toBe(1);
  transport.destroy();
  await server.close();
});

test("gRPC over HTTP/1.1 does not exist", () => {
  expect(() => createHttpTransport({ baseUrl: "http://127.0.0.1:1", httpVersion: "1.1" })).toThrow(
    "gRPC needs HTTP/2",
  );
});
