// Every method answers alike on every door: equal messages, codes, reasons, details and metadata.
import { create, type JsonValue } from "@bufbuild/protobuf";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ZoneService } from "../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Lab, ReqSchema } from "../gen/ts/lab/v1/lab_pb.js";
import { Envelope } from "../gen/ts/trunkline/v1/rest_pb.js";
import type { MethodPlan } from "../platform/contract/plan.js";
import { readPlans } from "../platform/contract/read.js";
import { startService, type TestServer } from "../platform/testing/start-service.js";
import { codeOf, policyCases, unusedZoneReasons, zoneCases, type DoorCase } from "./doors/cases.js";
import { tableOf, whereDoorsPutThings } from "./doors/differences.js";
import { doorsOf, type Door } from "./doors/doors.js";
import { labRequest } from "./doors/lab-requests.js";
import { reasonOf, type Outcome } from "./doors/outcome.js";
import { isHead, restShows, type RestOutcome } from "./doors/rest-client.js";
import { principals, zonesWorld, type Caller } from "./doors/zones-world.js";
import { lab } from "./lab/service.js";

const world = zonesWorld();
const labService = lab();
const zonePlans = readPlans([world.definition]);
const labPlans = readPlans([labService]).filter((plan) => plan.method.methodKind === "unary");
let server: TestServer<Caller>;
let doors: Door[];

beforeAll(async () => {
  const services = [world.definition, labService];
  server = await startService({ services, resolvers: world.resolvers, principals });
  doors = doorsOf({ ...server, inProcess: server.server.inProcess });
});
afterAll(() => server.close());
beforeEach(() => world.reset());

const metadata = { "x-text": "text, with comma", "x-bytes-bin": "AP8" };

function headersOf(caller: DoorCase["caller"]): Record<string, string> {
  if (caller === "nobody") return metadata;
  const credentials =
    caller === "unknown token" ? { authorization: "Bearer nobody" } : server.credentials(caller);
  return { ...metadata, ...credentials };
}

/** Sends a case through every door, and compares what comes out with what came out of the first. */
async function throughEveryDoor(plan: MethodPlan, { request, caller, expected }: DoorCase): Promise<Outcome> {
  const [first, ...others] = doors.filter((door) => door.opens(plan));
  if (first === undefined) throw new Error("there is a door for every method");
  const reference = await first.call(plan, request, headersOf(caller));
  expect({ door: first.name, code: reference.code, reason: reasonOf(reference) }).toEqual({
    door: first.name,
    code: expected === undefined ? "ok" : codeOf(expected),
    reason: expected?.reason,
  });
  for (const door of others) {
    world.reset();
    const outcome = await door.call(plan, request, headersOf(caller));
    expect({ door: door.name, ...outcome }).toEqual({
      door: door.name,
      ...seenThrough(door, plan, reference, expected),
    });
  }
  return reference;
}

/** What a door shows of an outcome: all of it, but for REST. */
function seenThrough(
  { name }: Door,
  plan: MethodPlan,
  reference: Outcome,
  expected: DoorCase["expected"],
): Outcome | RestOutcome {
  if (name !== "REST") return reference;
  if (reference.code === "ok") {
    const { message, ...others } = reference;
    const shown = restShows(plan, message as JsonValue);
    return { ...others, status: 200, ...(shown !== undefined && { message: shown }) };
  }
  const status = restStatus(reference.code);
  if (isHead(plan)) return { status, code: "no body", headers: reference.headers, trailers: {} };
  if (plan.serviceRest.envelope !== Envelope.V4) return { ...reference, status };
  return { ...v4Of(reference, expected), headers: reference.headers, trailers: {} };
}

/** TRANSCODING 10.2, for the codes that reach it here. */
function restStatus(code: string): number {
  const status: Readonly<Record<string, number>> = {
    canceled: 499,
    unknown: 500,
    invalid_argument: 400,
    deadline_exceeded: 504,
    not_found: 404,
    already_exists: 409,
    permission_denied: 403,
    resource_exhausted: 429,
    failed_precondition: 400,
    aborted: 409,
    out_of_range: 400,
    unimplemented: 501,
    internal: 500,
    unavailable: 503,
    data_loss: 500,
    unauthenticated: 401,
  };
  return status[code] ?? 0;
}

/** The envelope has public numbers and texts, by the reason's option; codes, reasons and details stay inside. */
function v4Of(
  reference: Outcome,
  expected: DoorCase["expected"],
): Pick<RestOutcome, "code" | "status" | "public"> {
  const v4 = expected?.rule.v4;
  const status = v4?.httpStatus || expected?.rule.httpStatus || restStatus(reference.code);
  const violations = reference.details?.find(({ type }) => type === "google.rpc.BadRequest");
  return {
    code: "v4",
    status,
    public:
      violations === undefined
        ? [
            expect.objectContaining({ code: v4?.number, message: v4?.text || reference.error }),
            ...(v4?.also ?? []).map(({ number, text }) => ({ code: number, message: text })),
          ]
        : [expect.objectContaining({ code: v4?.number })],
  } as Pick<RestOutcome, "code" | "status" | "public">;
}

describe.each(zonePlans.map((plan) => [plan.method.name, plan] as const))(
  `${ZoneService.name}/%s`,
  (_, plan) => {
    test.each(zoneCases(plan).map((each) => [each.name, each] as const))("%s", async (_name, each) => {
      await throughEveryDoor(plan, each);
    });
  },
);

test("every reason of the zone service is met by a case", () => {
  expect(unusedZoneReasons(zonePlans.flatMap(zoneCases))).toEqual([]);
});

describe.each(labPlans.map((plan) => [plan.method.name, plan] as const))(`${Lab.name}/%s`, (name, plan) => {
  const request = labRequest(plan);

  if (name !== "Fail") {
    test("gives back what it was given, with headers and trailers", async () => {
      const outcome = await throughEveryDoor(plan, { name, request, caller: "owner", expected: undefined });
      expect(outcome).toMatchObject({
        headers: { "x-echo": "text, with comma", "x-echo-bin": "AP8" },
        trailers: { "x-done": name, "x-done-bin": "AAEC/w" },
      });
    });
  }

  test.each(policyCases(plan, request).map((each) => [each.name, each] as const))(
    "%s",
    async (_name, each) => {
      await throughEveryDoor(plan, each);
    },
  );
});

describe(`${Lab.name}/Fail`, () => {
  const plan = labPlans.find(({ method }) => method.name === "Fail")!;

  test.each(Array.from({ length: 16 }, (_, i) => i + 1))(
    "code %d comes with its details and metadata",
    async (code) => {
      const request = create(ReqSchema, { i32: code, name: 'not "here" ü\n100 %' });
      const [first, ...others] = doors;
      const reference = await first!.call(plan, request, headersOf("owner"));
      expect(reference).toMatchObject({
        code: codeToString(code),
        error: request.name,
        headers: { "x-failure": "yes" },
      });
      expect(reference.details?.map(({ type }) => type)).toEqual([
        "google.rpc.ErrorInfo",
        "google.rpc.BadRequest",
        "lab.v1.Sub",
      ]);
      for (const door of others) {
        const outcome = await door.call(plan, request, headersOf("owner"));
        expect({ door: door.name, ...outcome }).toEqual({
          door: door.name,
          ...seenThrough(door, plan, reference, undefined),
        });
      }
    },
  );

  test("protocols differ in where they put things, as their specifications say", async () => {
    const rows = await whereDoorsPutThings(server, headersOf("owner"));
    process.stdout.write(`\nWhere a failure is on each door, by specification:\n\n${tableOf(rows)}\n\n`);
    const grpc = {
      status: 200,
      code: "header",
      details: "header",
      header: "header",
      trailer: "header",
      metadata: "header",
    };
    const web = { code: "body, last frame", details: "body, last frame", trailer: "body, last frame" };
    const http = {
      status: 404,
      code: "body",
      details: "body",
      header: "header",
      trailer: "header trailer-*",
    };
    const json = { "content type": "application/json", metadata: "header" };
    expect(rows).toEqual([
      // Nothing but trailers: they travel as headers (gRPC over HTTP/2, "Trailers-Only").
      { door: "gRPC", "content type": "application/grpc", ...grpc },
      {
        door: "gRPC-Web",
        "content type": "application/grpc-web",
        ...grpc,
        ...web,
        metadata: "body, last frame",
      },
      { door: "Connect JSON", ...http, ...json },
      { door: "Connect binary", ...http, ...json },
      { door: "Connect GET", ...http, ...json },
      { door: "REST", ...http, ...json },
    ]);
  });
});
