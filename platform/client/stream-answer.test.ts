import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ConformanceService } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { createHttpTransport } from "./http2-transport.js";
import { streamError } from "./stream-answer.js";
import { rejection, startRawServer, type TestServer } from "./test-server.js";

let server: TestServer;
let body: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  server = await startRawServer((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/connect+proto" });
    stream.end(body);
  });
});

afterAll(() => server.close());

function frame(flags: number, payload: string, bytes = payload.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes, 1);
  return Buffer.concat([prefix, Buffer.from(payload)]);
}

const empty = frame(0, "");
const end = frame(2, "{}");

async function messages(): Promise<number> {
  const transport = createHttpTransport({ baseUrl: server.url, protocol: "connect" });
  const client = createClient(ConformanceService, transport);
  let count = 0;
  try {
    for await (const _ of client.serverStream({})) count++;
  } finally {
    transport.destroy();
  }
  return count;
}

test.each<[string, Buffer, Code]>([
  ["no end", empty, Code.Internal],
  ["an end cut off", Buffer.concat([empty, end.subarray(0, 6)]), Code.Internal],
  ["a message cut off", Buffer.concat([empty, frame(0, "abc", 10)]), Code.Internal],
  ["a message after the end", Buffer.concat([end, empty]), Code.Internal],
  [
    "an INVALID_ARGUMENT of the server",
    frame(2, '{"error":{"code":"invalid_argument"}}'),
    Code.InvalidArgument,
  ],
  [
    "an INVALID_ARGUMENT of the server that sounds like ours",
    frame(2, '{"error":{"code":"invalid_argument","message":"protocol error: what do you mean?"}}'),
    Code.InvalidArgument,
  ],
])("%s", async (_what, answer, code) => {
  body = answer;
  expect(await rejection(messages())).toMatchObject({ code });
});

test("messages that were received before the signal aborted are not given out", async () => {
  body = Buffer.concat([empty, empty, empty, end]);
  expect(await messages()).toBe(3);
  const abort = new AbortController();
  const transport = createHttpTransport({ baseUrl: server.url, protocol: "connect" });
  const stream = createClient(ConformanceService, transport).serverStream({}, { signal: abort.signal });
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  abort.abort();
  expect(await rejection(iterator.next())).toMatchObject({ code: Code.Canceled });
  transport.destroy();
});

test.each<[string, ConnectError, number, Code]>([
  ["after the deadline", reset(), -1, Code.DeadlineExceeded],
  ["before the deadline", reset(), 60_000, Code.Canceled],
  ["without a deadline", reset(), Infinity, Code.Canceled],
  ["of the caller, after the deadline", new ConnectError("enough", Code.Canceled), -1, Code.Canceled],
])("a reset with CANCEL %s", (_what, error, leftMs, code) => {
  expect(streamError(error, performance.now() + leftMs)).toMatchObject({ code });
});

/** As connect-node reports it. */
function reset(): ConnectError {
  return new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled);
}
