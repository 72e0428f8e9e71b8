import { create, createRegistry, type MessageInitShape } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Lab, ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import {
  EmptyAs,
  Envelope,
  JsonNames,
  MethodRestSchema,
  PageStyle,
  ServiceRestSchema,
} from "../../gen/ts/trunkline/v1/rest_pb.js";
import { compileBody } from "./envelope.js";
import { pagerOf } from "./page.js";
import { planOf } from "../../test/transcoding/serve.js";

const registry = createRegistry();
const v4 = create(ServiceRestSchema, { envelope: Envelope.V4, jsonNames: JsonNames.PROTO });
const rest = (init: MessageInitShape<typeof MethodRestSchema>) => create(MethodRestSchema, init);

describe("the v4 envelope", () => {
  test("a note is an entry of messages", () => {
    const methodRest = rest({ note: { code: 10000, text: 'is "valid"' } });
    const write = compileBody(
      planOf(Lab.method.respTags, { serviceRest: v4, methodRest }),
      ReqSchema.field.tags,
      registry,
    );
    expect(write(create(ReqSchema, { tags: ["a"] }))).toBe(
      '{"result":["a"],"success":true,"errors":[],"messages":[{"code":10000,"message":"is \\"valid\\"","type":null}]}',
    );
  });

  test.each([
    [EmptyAs.UNSPECIFIED, "null"],
    [EmptyAs.NULL, "null"],
    [EmptyAs.OBJECT, "{}"],
  ])("an empty answer as %s is %s", (empty, result) => {
    const plan = planOf(
      { ...Lab.method.get, output: EmptySchema },
      { serviceRest: v4, methodRest: rest({ empty }) },
    );
    expect(compileBody(plan, undefined, registry)(create(EmptySchema))).toBe(
      `{"result":${result},"success":true,"errors":[],"messages":[]}`,
    );
  });

  test("a list whose handler gives no page has no result_info", () => {
    const { output } = ZoneService.method.listZones;
    const write = compileBody(planOf(ZoneService.method.listZones), output.field.zones, registry);
    expect(write(create(output))).toBe('{"result":[],"success":true,"errors":[],"messages":[]}');
  });

  test.each([
    [Lab.method.query, PageStyle.PAGE, "is paged, but its response has no trunkline.v1.PageInfo"],
    [
      ZoneService.method.listZones,
      PageStyle.CURSOR,
      "is paged by cursor, which trunkline.v1.PageInfo does not have",
    ],
    [
      ZoneService.method.listZones,
      PageStyle.CURSOR_AFTER,
      "is paged by cursor, which trunkline.v1.PageInfo does not have",
    ],
  ])("%s with page style %i does not start", (method, style, problem) => {
    const plan = planOf(method, { serviceRest: v4, methodRest: rest({ page: { style } }) });
    expect(() => compileBody(plan, undefined, registry)).toThrow(problem);
  });
});

describe("without an envelope", () => {
  test("defaults are written, and unset fields as their type's default", () => {
    const plan = planOf(Lab.method.query);
    expect(compileBody(plan, undefined, registry)(create(ReqSchema))).toMatch(
      /^\{"name":"","otherName":"","i32":0,"i64":"0",/,
    );
    expect(compileBody(plan, ReqSchema.field.tags, registry)(create(ReqSchema))).toBe("[]");
    expect(compileBody(plan, ReqSchema.field.sub, registry)(create(ReqSchema))).toMatch(
      /^\{"name":"","num":0,/,
    );
    expect(compileBody(plan, ReqSchema.field.ts, registry)(create(ReqSchema))).toBe("null");
  });
});

describe("a pager needs its fields", () => {
  test.each([
    [Lab.method.query, PageStyle.PAGE, "its request has no field per_page, limit, page_size"],
    [Lab.method.query, PageStyle.CURSOR, "its request has no field per_page, limit, page_size"],
  ])("%s with page style %i", (method, style, problem) => {
    expect(() => pagerOf(planOf(method, { methodRest: rest({ page: { style } }) }))).toThrow(problem);
  });

  test.each([[PageStyle.UNSPECIFIED], [PageStyle.SINGLE]])("style %i has none", (style) => {
    expect(pagerOf(planOf(Lab.method.query, { methodRest: rest({ page: { style } }) }))).toBeUndefined();
  });
});
