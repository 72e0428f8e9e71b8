// The v4 style, on the contract of zones.
import { create, createRegistry, toJson, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import {
  DeleteZoneResponseSchema,
  file_controlplane_zones_v1_zones,
  ListZonesResponseSchema,
  ZoneReason,
  ZoneReasonSchema,
  ZoneSchema,
  ZoneService,
  ZoneStatus,
} from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { file_trunkline_v1_page } from "../../gen/ts/trunkline/v1/page_pb.js";
import { fail, reasons } from "../call/errors.js";
import { planOf, serveForTest, type TestHandler } from "../../test/transcoding/serve.js";

const registry = createRegistry(file_controlplane_zones_v1_zones, file_trunkline_v1_page);
const id = "0123456789abcdef0123456789abcdef";
const path = `/client/v4/zones/${id}`;
const failZone = reasons(ZoneReasonSchema);

const zone: MessageInitShape<typeof ZoneSchema> = {
  id,
  name: "example.com",
  status: ZoneStatus.ACTIVE,
  createdOn: timestampFromDate(new Date(0)),
};
const handlers: Record<string, TestHandler> = {
  GetZone: () => create(ZoneSchema, zone),
  ListZones: () =>
    create(ListZonesResponseSchema, {
      zones: [zone],
      pageInfo: { page: 1, perPage: 20, count: 1, totalCount: 1, totalPages: 1 },
    }),
  CreateZone: () => create(ZoneSchema, zone),
  UpdateZone: () => create(ZoneSchema, zone),
  DeleteZone: () => create(DeleteZoneResponseSchema, { id }),
};

function serve(overrides: Record<string, TestHandler> = {}, docsUrl?: string) {
  const methods = ZoneService.methods.map((method) => ({
    plan: planOf(method),
    handler: overrides[method.name] ?? handlers[method.name] ?? (() => create(method.output)),
  }));
  const send = serveForTest(methods, {
    registry,
    errorStyle: "v4",
    ...(docsUrl !== undefined && { docsUrl }),
  });
  return async (line: string, body = "", headers: Record<string, string> = {}) => {
    const [method = "", target = ""] = line.split(" ");
    const answer = await send({ method, target, body, headers });
    const ran =
      answer.ran &&
      toJson(registry.getMessage(answer.ran.request.$typeName)!, answer.ran.request, { registry });
    return { status: answer.status, headers: answer.headers, text: answer.body.toString(), ran };
  };
}

const refusing = (error: unknown) => ({
  GetZone: () => {
    throw error;
  },
});

describe("answers in the envelope", () => {
  const ask = serve();
  const json = `{"id":"${id}","name":"example.com","status":"active","paused":false,"type":`;

  test("result comes first, in field order, without blanks", async () => {
    const { status, text, headers } = await ask(`GET ${path}`);
    expect(status).toBe(200);
    expect(text.startsWith(`{"result":${json}`)).toBe(true);
    expect(text.endsWith('"activated_on":null},"success":true,"errors":[],"messages":[]}')).toBe(true);
    expect(headers).toEqual({
      "content-type": "application/json",
      vary: "Accept-Encoding",
      "cache-control": "no-store",
    });
  });

  test("a list has its page", async () => {
    const { text } = await ask("GET /client/v4/zones");
    expect(text.startsWith(`{"result":[${json}`)).toBe(true);
    expect(
      text.endsWith(
        '"success":true,"errors":[],"messages":[],"result_info":{"page":1,"per_page":20,"count":1,"total_count":1,"total_pages":1}}',
      ),
    ).toBe(true);
  });

  test("an empty list is a list, and its page has all numbers", async () => {
    const empty = serve({
      ListZones: () => create(ListZonesResponseSchema, { pageInfo: { page: 9, perPage: 20 } }),
    });
    expect((await empty("GET /client/v4/zones?page=9")).text).toBe(
      '{"result":[],"success":true,"errors":[],"messages":[],"result_info":{"page":9,"per_page":20,"count":0,"total_count":0,"total_pages":0}}',
    );
  });

  test("DELETE is 200 with the id", async () => {
    const { status, text } = await ask(`DELETE ${path}`);
    expect([status, text]).toEqual([
      200,
      `{"result":{"id":"${id}"},"success":true,"errors":[],"messages":[]}`,
    ]);
  });

  test("binary answers have no envelope", async () => {
    const { headers, text } = await ask(`GET ${path}`, "", { accept: "application/proto" });
    expect(headers["content-type"]).toBe("application/proto");
    expect(text.startsWith("\n ")).toBe(true);
  });
});

describe("requests of careless clients", () => {
  const ask = serve();
  test.each([
    [`GET ${path}/?x=y`, "", { zoneId: id }],
    [`DELETE ${path}`, "{}", { zoneId: id }],
    [
      "GET /client/v4/zones/?name=a&status=active,ZONE_STATUS_MOVED",
      "",
      { name: "a", status: ["ZONE_STATUS_ACTIVE", "ZONE_STATUS_MOVED"], page: 1, perPage: 20 },
    ],
    ["GET /client/v4/zones?page=2&per_page=1000", "", { page: 2, perPage: 50 }],
    ["GET /client/v4/zones?page=0&per_page=-7", "", { page: 1, perPage: 1 }],
    ["GET /client/v4/zones?page=x&per_page=", "", { page: 1, perPage: 20 }],
    [
      "GET /client/v4/zones?page=99999999999999999999&per_page=1&per_page=5",
      "",
      { page: 4294967295, perPage: 5 },
    ],
    [
      "POST /client/v4/zones",
      `{"name":"a.b","account":{"id":"${id}","name":"x"},"type":"full","jump_start":false}`,
      { name: "a.b", account: { id }, type: "ZONE_TYPE_FULL" },
    ],
    [
      `PATCH ${path}`,
      '{"paused":true,"status":"moved"}',
      { zoneId: id, zone: { paused: true }, updateMask: "paused" },
    ],
    [`PATCH ${path}`, '{"type":null}', { zoneId: id, zone: {}, updateMask: "type" }],
    [
      `PATCH ${path}?update_mask=paused,type`,
      '{"paused":true}',
      { zoneId: id, zone: { paused: true }, updateMask: "paused,type" },
    ],
  ])("%s %s", async (line, body, ran) => {
    const result = await ask(line, body);
    expect([result.status, result.ran]).toEqual([200, ran]);
  });
});

describe("failures in the envelope", () => {
  const errors = (text: string) => {
    // The shape of the envelope.
    const envelope = JSON.parse(text) as { errors: unknown[] };
    expect(envelope).toEqual({ result: null, success: false, errors: expect.any(Array), messages: [] });
    expect(text.startsWith('{"result":null,"success":false,"errors":[{"code":')).toBe(true);
    return envelope.errors;
  };

  test.each([
    [
      failZone(ZoneReason.ZONE_NOT_FOUND, "zone x not found"),
      404,
      [
        { code: 7003, message: "zone x not found" },
        { code: 7000, message: "No route for that URI" },
      ],
    ],
    [
      failZone(ZoneReason.ZONE_EXISTS, "a.b already exists"),
      400,
      [{ code: 1061, message: "a.b already exists" }],
    ],
    [
      fail(Reason.CREDENTIAL_INVALID, "token expired"),
      403,
      [{ code: 9109, message: "Invalid access token" }],
    ],
    [
      fail(Reason.CREDENTIAL_MISSING, "no token"),
      400,
      [{ code: 9106, message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers" }],
    ],
    [
      fail(Reason.CREDENTIAL_MALFORMED, "no bearer"),
      400,
      [
        {
          code: 6003,
          message: "Invalid request headers",
          error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
        },
      ],
    ],
    [
      fail(Reason.RATE_LIMITED, "slow down", { retryAfterMs: 1500 }),
      429,
      [{ code: 10100, message: "slow down" }],
    ],
    [new ConnectError("taken", Code.AlreadyExists), 400, [{ code: 1001, message: "taken" }]],
    [new ConnectError("lost", Code.Aborted), 400, [{ code: 1001, message: "lost" }]],
    [new ConnectError("who", Code.Unauthenticated), 403, [{ code: 9109, message: "who" }]],
    [new ConnectError("no", Code.PermissionDenied), 403, [{ code: 10000, message: "no" }]],
    [new ConnectError("gone", Code.NotFound), 404, [{ code: 7003, message: "gone" }]],
    [new ConnectError("later", Code.Unavailable), 503, [{ code: 1000, message: "later" }]],
    [new ConnectError("never", Code.Unimplemented), 501, [{ code: 1000, message: "never" }]],
    [new Error("secret"), 500, [{ code: 1000, message: "internal error" }]],
    ["secret", 500, [{ code: 1000, message: "internal error" }]],
  ])("%s", async (error, status, expected) => {
    const result = await serve(refusing(error))(`GET ${path}`);
    expect([result.status, errors(result.text)]).toEqual([status, expected]);
    expect(result.headers["content-type"]).toBe("application/json");
    expect(result.text).not.toContain("secret");
  });

  test("headers follow from the failure", async () => {
    const header = async (error: unknown) => (await serve(refusing(error))(`GET ${path}`)).headers;
    expect(await header(fail(Reason.RATE_LIMITED, "x", { retryAfterMs: 1500 }))).toMatchObject({
      "retry-after": "2",
    });
    expect(await header(new ConnectError("x", Code.Unavailable))).toMatchObject({ "retry-after": "1" });
    expect(await header(new ConnectError("x", Code.Aborted))).toMatchObject({ "x-should-retry": "true" });
    expect(await header(new ConnectError("x", Code.NotFound, { "x-a": "b", server: "c" }))).toEqual({
      "content-type": "application/json",
      "cache-control": "no-store",
      vary: "Accept-Encoding",
      "x-a": "b",
    });
  });

  test("a link for each reason", async () => {
    const ask = serve(refusing(failZone(ZoneReason.ZONE_EXISTS, "x")), "https://docs.example/errors");
    expect(errors((await ask(`GET ${path}`)).text)).toEqual([
      { code: 1061, message: "x", documentation_url: "https://docs.example/errors#zone_exists" },
    ]);
  });

  test("an entry for each violation, with a pointer into the body", async () => {
    const violations = ["account.id", "name", "page"].map((field) => ({
      field,
      description: "is wrong",
      reason: "INVALID_VALUE",
    }));
    const refuse = () => {
      throw fail(Reason.MESSAGE_INVALID, "invalid", { violations });
    };
    expect(errors((await serve({ CreateZone: refuse })("POST /client/v4/zones", "{}")).text)).toEqual([
      { code: 1001, message: "account.id: is wrong", source: { pointer: "/account/id" } },
      { code: 1001, message: "name: is wrong", source: { pointer: "/name" } },
      { code: 1001, message: "page: is wrong", source: { pointer: "/page" } },
    ]);
  });

  test("pointers start at the body's field, under the names of the service", async () => {
    const fields = ["zoneId", "zone.nameServers[1]", "zone.modified_on", "updateMask", ""];
    const violations = fields.map((field) => ({ field, description: "is wrong", reason: "INVALID_VALUE" }));
    const refuse = () => {
      throw fail(Reason.MESSAGE_INVALID, "invalid", { violations });
    };
    expect(errors((await serve({ UpdateZone: refuse })(`PATCH ${path}`, "{}")).text)).toEqual([
      { code: 1001, message: "zone_id: is wrong" },
      { code: 1001, message: "zone.name_servers[1]: is wrong", source: { pointer: "/name_servers/1" } },
      { code: 1001, message: "zone.modified_on: is wrong", source: { pointer: "/modified_on" } },
      { code: 1001, message: "update_mask: is wrong" },
      { code: 1001, message: "is wrong" },
    ]);
  });

  test.each([
    ["GET /client/v4/nowhere", "", 404, [{ code: 7000, message: "No route for that URI" }]],
    [
      "PUT /client/v4/zones",
      "",
      405,
      [{ code: 10405, message: "Method not allowed for this authentication scheme" }],
    ],
    ["POST /client/v4/zones", "{", 400, [{ code: 9207, message: "Request body is invalid." }]],
    [
      "POST /client/v4/zones",
      '{"name":{}}',
      400,
      [{ code: 9207, message: expect.stringMatching(/^name: /), source: { pointer: "/name" } }],
    ],
    [
      "GET /client/v4/zones?status=nope",
      "",
      400,
      [{ code: 1001, message: expect.stringMatching(/^status: /) }],
    ],
    ["GET a", "", 400, [{ code: 1001, message: "request target has none of the known forms" }]],
  ])("%s %s", async (line, body, status, expected) => {
    const result = await serve()(line, body);
    expect([result.status, errors(result.text)]).toEqual([status, expected]);
  });

  test("405 has Allow", async () => {
    expect((await serve()("PUT /client/v4/zones")).headers).toMatchObject({
      allow: "GET, HEAD, OPTIONS, POST",
    });
  });
});
