// Streams of every kind over every protocol that has them: equal messages, codes, details and metadata.
import { create, type Message } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HttpBodySchema } from "../gen/ts/google/api/httpbody_pb.js";
import { Lab, ReqSchema } from "../gen/ts/lab/v1/lab_pb.js";
import { startService, type TestServer } from "../platform/testing/start-service.js";
import { streamDoorsOf, type StreamDoor } from "./doors/doors.js";
import { fullRequest } from "./doors/lab-requests.js";
import { reasonOf, type Outcome } from "./doors/outcome.js";
import { principals, type Caller } from "./doors/zones-world.js";
import { lab } from "./lab/service.js";

let server: TestServer<Caller>;
let doors: StreamDoor[];

beforeAll(async () => {
  server = await startService({ services: [lab()], principals });
  doors = streamDoorsOf(server);
});
afterAll(() => server.close());

type StreamName = "sStream" | "sStreamBody" | "cStream" | "bStream" | "cUpload";

interface StreamCase {
  readonly name: string;
  readonly requests: readonly Message[];
  readonly caller?: Caller;
  readonly code: string;
  /** How many messages come before the end. */
  readonly messages: number;
  readonly reason?: string;
}

const requests = (...numbers: number[]): Message[] =>
  numbers.map((i32) => create(ReqSchema, { i32, name: `n${i32}` }));
const nums = (...numbers: number[]): Message[] => [fullRequest({ nums: numbers, i32: 9 })];
const bodies = ["", "a", "ü"].map((text) => create(HttpBodySchema, { data: Buffer.from(text) }));

// A stream that is not here fails the last test.
const cases: Readonly<Record<StreamName, readonly StreamCase[]>> = {
  sStream: [
    { name: "no message", requests: nums(), code: "ok", messages: 0 },
    { name: "three messages", requests: nums(1, 2, 3), code: "ok", messages: 3 },
    {
      name: "a failure in the middle",
      requests: nums(1, -1, 3),
      code: "failed_precondition",
      messages: 1,
      reason: "LAB",
    },
  ],
  sStreamBody: [{ name: "two messages", requests: [fullRequest()], code: "ok", messages: 2 }],
  cStream: [
    { name: "no message", requests: [], code: "ok", messages: 1 },
    { name: "three messages", requests: requests(1, 2, 3), code: "ok", messages: 1 },
    {
      name: "a failure in the middle",
      requests: requests(1, -5, 3),
      code: "not_found",
      messages: 0,
      reason: "LAB",
    },
  ],
  bStream: [
    { name: "no message", requests: [], code: "ok", messages: 0 },
    {
      name: "three messages",
      requests: [...requests(1, 2), fullRequest({ i32: 3 })],
      code: "ok",
      messages: 3,
    },
    {
      name: "a failure in the middle",
      requests: requests(1, -5, 3),
      code: "not_found",
      messages: 1,
      reason: "LAB",
    },
  ],
  cUpload: [{ name: "three messages", requests: bodies, code: "ok", messages: 1 }],
};

const refusals = (first: readonly Message[]): StreamCase[] => [
  {
    name: "no permission",
    requests: first,
    caller: "powerless",
    code: "permission_denied",
    messages: 0,
    reason: "PERMISSION_MISSING",
  },
];

const rows = Object.entries(cases).flatMap(([method, each]) =>
  [...each, ...refusals(each[0]?.requests ?? [])].map(
    (one) => [method as StreamName, one.name, one] as const,
  ),
);

test.each(rows)("%s: %s", async (name, _, each) => {
  const method = Lab.method[name];
  const headers = { "x-text": "text", "x-bytes-bin": "AP8", ...server.credentials(each.caller ?? "owner") };
  const seen: [string, Outcome][] = [];
  for (const door of doors) {
    if (method.methodKind === "bidi_streaming" && !door.http2) continue;
    seen.push([door.name, await door.stream(method, each.requests, headers)]);
  }
  const [reference] = seen[0] === undefined ? [] : [seen[0][1]];
  expect({ code: reference?.code, reason: reference && reasonOf(reference) }).toEqual({
    code: each.code,
    reason: each.reason,
  });
  expect(reference?.message).toHaveLength(each.messages);
  for (const [door, outcome] of seen) expect({ door, ...outcome }).toEqual({ door, ...reference });
});

test("every stream of the contract has cases", () => {
  const streams = Lab.methods.filter(({ methodKind }) => methodKind !== "unary");
  const missing = streams.filter(({ localName }) => !(localName in cases)).map(({ localName }) => localName);
  expect({ "add cases to test/streams.test.ts for": missing }).toEqual({
    "add cases to test/streams.test.ts for": [],
  });
});
