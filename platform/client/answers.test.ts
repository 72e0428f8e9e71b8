import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { create, toBinary } from "@bufbuild/protobuf";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { gzipSync } from "node:zlib";
import { Code, createClient } from "@connectrpc/connect";
import {
  ConformanceService,
  UnaryResponseSchema,
} from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { createHttpTransport } from "./http2-transport.js";
import { rejection, startRawServer, type TestServer } from "./test-server.js";
import type { HttpTransportOptions } from "./transport-options.js";

/** What a server does with a stream. */
interface RawAnswer {
  readonly head?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly trailer?: OutgoingHttpHeaders;
  /** Resets the stream with this code; after a body, always with INTERNAL_ERROR. */
  readonly reset?: number;
}

let server: TestServer;
let answer: RawAnswer = {};

beforeAll(async () => {
  server = await startRawServer((stream) => respond(stream, answer));
});

afterAll(() => server.close());

function respond(stream: ServerHttp2Stream, { head, body, trailer, reset }: RawAnswer): void {
  stream.resume();
  if (head !== undefined) {
    stream.respond(head, {
      endStream: body === undefined && trailer === undefined && reset === undefined,
      waitForTrailers: trailer !== undefined,
    });
  }
  if (trailer !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailer));
  if (reset === undefined) {
    if (body !== undefined || trailer !== undefined) stream.end(body);
    return;
  }
  if (body === undefined) stream.close(reset);
  // Not `close`: that ends the stream regularly first.
  else stream.write(body, () => setImmediate(() => stream.destroy(new Error("reset"))));
}

function frame(payload: Uint8Array, flags = 0, bytes = payload.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes, 1);
  return Buffer.concat([prefix, payload]);
}

async function call(raw: RawAnswer, options: Partial<HttpTransportOptions>) {
  answer = raw;
  const transport = createHttpTransport({ baseUrl: server.url, readMaxBytes: 10_000, ...options });
  try {
    return await createClient(ConformanceService, transport).unary({}, { timeoutMs: 10_000 });
  } finally {
    transport.destroy();
  }
}

const message = toBinary(
  UnaryResponseSchema,
  create(UnaryResponseSchema, { payload: { data: Buffer.from("hello") } }),
);
const bomb = gzipSync(Buffer.alloc(50_000_000));
const grpc = { ":status": 200, "content-type": "application/grpc+proto" };
const ok = { "grpc-status": "0" };

const httpStatuses: [number, Code][] = [
  [400, Code.Internal],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.Unimplemented],
  [409, Code.Unknown],
  [413, Code.Unknown],
  [415, Code.Unknown],
  [418, Code.Unknown],
  [429, Code.Unavailable],
  [431, Code.Unknown],
  [500, Code.Unknown],
  [502, Code.Unavailable],
  [503, Code.Unavailable],
  [504, Code.Unavailable],
  [505, Code.Unknown],
];

const resets: [string, number, Code][] = [
  ["NO_ERROR", 0, Code.Internal],
  ["PROTOCOL_ERROR", 1, Code.Internal],
  ["INTERNAL_ERROR", 2, Code.Internal],
  ["FLOW_CONTROL_ERROR", 3, Code.Internal],
  ["REFUSED_STREAM", 7, Code.Unavailable],
  ["CANCEL", 8, Code.Canceled],
  ["ENHANCE_YOUR_CALM", 11, Code.ResourceExhausted],
  ["INADEQUATE_SECURITY", 12, Code.PermissionDenied],
];

describe("gRPC", () => {
  const options = { protocol: "grpc" } as const;

  test.each<[string, RawAnswer]>([
    [
      "without a subtype",
      { head: { ":status": 200, "content-type": "application/grpc" }, body: frame(message), trailer: ok },
    ],
    [
      "with a parameter",
      {
        head: { ":status": 200, "content-type": "Application/gRPC; v=1" },
        body: frame(message),
        trailer: ok,
      },
    ],
    ["gzip", { head: { ...grpc, "grpc-encoding": "gzip" }, body: frame(gzipSync(message), 1), trailer: ok }],
    [
      "an encoding that the message doesn't use",
      { head: { ...grpc, "grpc-encoding": "gzip" }, body: frame(message), trailer: ok },
    ],
  ])("accepts an answer %s", async (_what, raw) => {
    const { payload } = await call(raw, options);
    expect(Buffer.from(payload?.data ?? []).toString()).toBe("hello");
  });

  test("accepts an empty message", async () => {
    expect(
      (await call({ head: grpc, body: frame(Buffer.alloc(0)), trailer: ok }, options)).payload,
    ).toBeUndefined();
  });

  test.each<[string, RawAnswer, Code]>([
    ["status in trailers", { head: grpc, trailer: { "grpc-status": "9" } }, Code.FailedPrecondition],
    [
      "status in trailers after a message",
      { head: grpc, body: frame(message), trailer: { "grpc-status": "5" } },
      Code.NotFound,
    ],
    ["trailers only", { head: { ...grpc, "grpc-status": "5" } }, Code.NotFound],
    [
      "trailers only with an HTTP error",
      { head: { ...grpc, ":status": 503, "grpc-status": "5" } },
      Code.NotFound,
    ],
    [
      "status in the header and in trailers",
      { head: { ...grpc, "grpc-status": "8" }, trailer: { "grpc-status": "9" } },
      Code.FailedPrecondition,
    ],
    [
      "status in the header before a message",
      { head: { ...grpc, "grpc-status": "9" }, body: frame(message) },
      Code.Internal,
    ],
    ["no status, no message", { head: grpc }, Code.Internal],
    ["no status after a message", { head: grpc, body: frame(message) }, Code.Internal],
    ["trailers without a status", { head: grpc, trailer: { "grpc-message": "oops" } }, Code.Internal],
    ["a status that is no number", { head: grpc, trailer: { "grpc-status": "many" } }, Code.Unknown],
    ["a status that doesn't exist", { head: grpc, trailer: { "grpc-status": "17" } }, Code.Unknown],
    ["OK without a message", { head: grpc, trailer: ok }, Code.Unimplemented],
    ["OK in the header without a message", { head: { ...grpc, ...ok } }, Code.Unimplemented],
    [
      "two messages",
      { head: grpc, body: Buffer.concat([frame(message), frame(message)]), trailer: ok },
      Code.Unimplemented,
    ],
    ["a prefix cut off", { head: grpc, body: frame(message).subarray(0, 3), trailer: ok }, Code.Internal],
    ["a message cut off", { head: grpc, body: frame(message, 0, 100), trailer: ok }, Code.Internal],
    [
      "bytes after the message",
      { head: grpc, body: Buffer.concat([frame(message), Buffer.alloc(1)]), trailer: ok },
      Code.Unimplemented,
    ],
    ["unknown flags", { head: grpc, body: frame(message, 128), trailer: ok }, Code.Internal],
    ["not a Protobuf message", { head: grpc, body: frame(Buffer.from([0xff])), trailer: ok }, Code.Internal],
    [
      "a length above the limit",
      { head: grpc, body: frame(message, 0, 0xffffffff), trailer: ok },
      Code.ResourceExhausted,
    ],
    ["an endless body", { head: grpc, body: Buffer.alloc(200_000), trailer: ok }, Code.ResourceExhausted],
    [
      "a gzip bomb",
      { head: { ...grpc, "grpc-encoding": "gzip" }, body: frame(bomb.subarray(0, 9000), 1), trailer: ok },
      Code.ResourceExhausted,
    ],
    [
      "broken gzip",
      { head: { ...grpc, "grpc-encoding": "gzip" }, body: frame(message, 1), trailer: ok },
      Code.Internal,
    ],
    [
      "an encoding that was not offered",
      { head: { ...grpc, "grpc-encoding": "zstd" }, body: frame(message, 1), trailer: ok },
      Code.Internal,
    ],
    ["compressed without an encoding", { head: grpc, body: frame(message, 1), trailer: ok }, Code.Internal],
    [
      "compressed with identity",
      { head: { ...grpc, "grpc-encoding": "identity" }, body: frame(message, 1), trailer: ok },
      Code.Internal,
    ],
    [
      "another codec",
      { head: { ...grpc, "content-type": "application/grpc+json" }, body: frame(message), trailer: ok },
      Code.Internal,
    ],
    [
      "another content type",
      { head: { ":status": 200, "content-type": "text/html" }, body: Buffer.from("<p>") },
      Code.Unknown,
    ],
    [
      "another content type with a status",
      { head: { ":status": 200, "content-type": "text/html", "grpc-status": "5" } },
      Code.Unknown,
    ],
    ["no content type", { head: { ":status": 200 } }, Code.Unknown],
    [
      "gRPC-Web",
      { head: { ":status": 200, "content-type": "application/grpc-web+proto" }, body: frame(message) },
      Code.Unknown,
    ],
    ["a reset after the message", { head: grpc, body: frame(message), reset: 2 }, Code.Internal],
  ])("%s", async (_what, raw, code) => {
    expect(await rejection(call(raw, options))).toMatchObject({ code });
  });

  test.each(httpStatuses)("HTTP %i", async (status, code) => {
    expect(await rejection(call({ head: { ":status": status } }, options))).toMatchObject({ code });
  });

  test.each(resets)("a reset with %s", async (_name, reset, code) => {
    expect(await rejection(call({ reset }, options))).toMatchObject({ code });
  });

  test.each([
    ["a percent sign at the end", "100%", "100%"],
    ["what is no percent-encoding", "%zz %C3%9C", "%zz Ü"],
    ["a byte that is not UTF-8", "a%FFb", "a\ufffdb"],
  ])("reads a message with %s", async (_what, encoded, rawMessage) => {
    const raw = { head: { ...grpc, "grpc-status": "5", "grpc-message": encoded } };
    expect(await rejection(call(raw, options))).toMatchObject({ code: Code.NotFound, rawMessage });
  });

  test("an error survives details that can't be read", async () => {
    const raw = { head: { ...grpc, "grpc-status": "5", "grpc-status-details-bin": "AAAA", "x-mine": "yes" } };
    const failure = await rejection(call(raw, options));
    expect(failure).toMatchObject({ code: Code.NotFound, details: [] });
    expect(failure.metadata.get("x-mine")).toBe("yes");
  });
});

describe("Connect", () => {
  const options = { protocol: "connect" } as const;
  const proto = { ":status": 200, "content-type": "application/proto" };
  const json = (status: number) => ({ ":status": status, "content-type": "application/json; charset=utf-8" });

  test.each<[string, RawAnswer]>([
    ["plain", { head: proto, body: message }],
    ["gzip", { head: { ...proto, "content-encoding": "gzip" }, body: gzipSync(message) }],
    ["identity", { head: { ...proto, "content-encoding": "identity" }, body: message }],
  ])("accepts an answer in %s", async (_what, raw) => {
    const { payload } = await call(raw, options);
    expect(Buffer.from(payload?.data ?? []).toString()).toBe("hello");
  });

  test("accepts an empty message", async () => {
    expect((await call({ head: proto }, options)).payload).toBeUndefined();
  });

  test.each<[string, RawAnswer, Code]>([
    [
      "an error",
      { head: json(400), body: Buffer.from('{"code":"out_of_range","message":"oops"}') },
      Code.OutOfRange,
    ],
    [
      "an error in gzip",
      { head: { ...json(400), "content-encoding": "gzip" }, body: gzipSync('{"code":"out_of_range"}') },
      Code.OutOfRange,
    ],
    ["an error without a code", { head: json(404), body: Buffer.from("{}") }, Code.Unimplemented],
    [
      "an error with an unknown code",
      { head: json(429), body: Buffer.from('{"code":"new"}') },
      Code.Unavailable,
    ],
    ["an error that is no JSON", { head: json(503), body: Buffer.from("<html>") }, Code.Unavailable],
    ["an error that is no object", { head: json(503), body: Buffer.from("[]") }, Code.Unavailable],
    [
      "an error with malformed details",
      { head: json(400), body: Buffer.from('{"code":"aborted","details":[1]}') },
      Code.Internal,
    ],
    [
      "an error with a message body",
      { head: { ...proto, ":status": 403 }, body: message },
      Code.PermissionDenied,
    ],
    [
      "an error in an unknown encoding",
      { head: { ...json(400), "content-encoding": "zstd" }, body: message },
      Code.Internal,
    ],
    ["not a Protobuf message", { head: proto, body: Buffer.from([0xff]) }, Code.Internal],
    ["a body above the limit", { head: proto, body: Buffer.alloc(200_000) }, Code.ResourceExhausted],
    [
      "a gzip bomb",
      { head: { ...proto, "content-encoding": "gzip" }, body: bomb.subarray(0, 9000) },
      Code.ResourceExhausted,
    ],
    [
      "a gzip bomb as an error",
      { head: { ...json(400), "content-encoding": "gzip" }, body: bomb.subarray(0, 9000) },
      Code.ResourceExhausted,
    ],
    ["broken gzip", { head: { ...proto, "content-encoding": "gzip" }, body: message }, Code.Internal],
    [
      "an encoding that was not offered",
      { head: { ...proto, "content-encoding": "zstd" }, body: message },
      Code.Internal,
    ],
    ["another codec", { head: json(200), body: Buffer.from("{}") }, Code.Internal],
    [
      "a stream",
      { head: { ":status": 200, "content-type": "application/connect+proto" }, body: message },
      Code.Internal,
    ],
    ["another content type", { head: { ":status": 200, "content-type": "image/jpeg" } }, Code.Unknown],
    ["no content type", { head: { ":status": 200 } }, Code.Unknown],
    ["a reset after the header", { head: proto, body: message, reset: 2 }, Code.Internal],
  ])("%s", async (_what, raw, code) => {
    expect(await rejection(call(raw, options))).toMatchObject({ code });
  });

  test.each(httpStatuses)("HTTP %i", async (status, code) => {
    expect(await rejection(call({ head: { ":status": status } }, options))).toMatchObject({ code });
  });

  test("metadata of an error leaves out what belongs to its answer", async () => {
    const head = { ...json(400), "x-mine": "yes", "trailer-x-trailing": "end" };
    const failure = await rejection(call({ head, body: Buffer.from('{"code":"aborted"}') }, options));
    expect(failure.metadata.get("x-mine")).toBe("yes");
    expect(failure.metadata.get("x-trailing")).toBe("end");
    expect(failure.metadata.has("content-type")).toBe(false);
  });
});
