// What the options of a field say about its query parameters.
import { create, createFileRegistry, createRegistry, setExtension, toJson } from "@bufbuild/protobuf";
import {
  EnumValueOptionsSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { HttpRuleSchema } from "../../gen/ts/google/api/http_pb.js";
import {
  field as fieldOption,
  FieldRestSchema,
  ServiceRestSchema,
  wire,
} from "../../gen/ts/trunkline/v1/rest_pb.js";
import { planOf, serveForTest } from "../../test/transcoding/serve.js";

const options = (init: { alias?: string[]; querySelf?: boolean; queryPresence?: boolean }) => {
  const made = create(FieldOptionsSchema);
  setExtension(made, fieldOption, create(FieldRestSchema, init));
  return made;
};
const spelt = (name: string) => {
  const made = create(EnumValueOptionsSchema);
  setExtension(made, wire, name);
  return made;
};

/** The filters of a list, as CLOUDFLARE-V4 4.2 sketches them. */
const file = create(FileDescriptorProtoSchema, {
  name: "filter.proto",
  package: "filter",
  syntax: "proto3",
  enumType: [
    {
      name: "Match",
      value: [
        { name: "MATCH_ALL", number: 0, options: spelt("all") },
        { name: "MATCH_ANY", number: 1, options: spelt("any") },
      ],
    },
  ],
  messageType: [
    {
      name: "Filter",
      field: [
        {
          name: "exact",
          jsonName: "exact",
          number: 1,
          type: Type.STRING,
          label: Label.OPTIONAL,
          options: options({ querySelf: true }),
        },
        { name: "contains", jsonName: "contains", number: 2, type: Type.STRING, label: Label.OPTIONAL },
        {
          name: "absent",
          jsonName: "absent",
          number: 3,
          type: Type.BOOL,
          label: Label.OPTIONAL,
          options: options({ queryPresence: true }),
        },
      ],
    },
    {
      name: "Request",
      field: [
        {
          name: "name",
          jsonName: "name",
          number: 1,
          type: Type.MESSAGE,
          typeName: ".filter.Filter",
          label: Label.OPTIONAL,
        },
        {
          name: "tag_match",
          jsonName: "tagMatch",
          number: 2,
          type: Type.ENUM,
          typeName: ".filter.Match",
          label: Label.OPTIONAL,
          options: options({ alias: ["tag-match"] }),
        },
        { name: "zone_ids", jsonName: "zoneIds", number: 3, type: Type.STRING, label: Label.REPEATED },
        { name: "paids", jsonName: "paids", number: 4, type: Type.STRING, label: Label.REPEATED },
        {
          name: "matches",
          jsonName: "matches",
          number: 5,
          type: Type.ENUM,
          typeName: ".filter.Match",
          label: Label.REPEATED,
        },
      ],
    },
  ],
  service: [
    {
      name: "Service",
      method: [{ name: "List", inputType: ".filter.Request", outputType: ".filter.Request" }],
    },
  ],
});
const files = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

function ask(service: { lenient?: boolean; commaLists?: boolean }) {
  const method = files.getService("filter.Service")?.method["list"];
  if (method === undefined) throw new Error("filter.Service has no method list");
  const plan = planOf(method, {
    httpRule: create(HttpRuleSchema, { pattern: { case: "get", value: "/q" } }),
    serviceRest: create(ServiceRestSchema, service),
  });
  const registry = createRegistry(files, file_google_protobuf_descriptor);
  const serve = serveForTest([{ plan, handler: (request) => request }], { registry });
  return async (query: string) => {
    const { status, ran } = await serve({ method: "GET", target: `/q?${query}` });
    return ran === undefined ? status : toJson(method.input, ran.request);
  };
}

describe("options of fields", () => {
  const strict = ask({});
  test.each([
    ["name=x", { name: { exact: "x" } }],
    ["name.exact=x&name.contains=y", { name: { exact: "x", contains: "y" } }],
    ["name=x&name.contains=y", { name: { exact: "x", contains: "y" } }],
    ["name=x&name.exact=y", 400],
    ["name.absent", { name: { absent: true } }],
    ["name.absent=false", { name: { absent: true } }],
    ["tag-match=MATCH_ANY", { tagMatch: "MATCH_ANY" }],
    ["tag-match=MATCH_ANY&tag_match=MATCH_ANY", 400],
    ["tag_match=any", 400],
    ["zone_ids=a,b", { zoneIds: ["a,b"] }],
  ])("%s", async (query, result) => {
    expect(await strict(query)).toEqual(result);
  });
});

describe("lists with commas", () => {
  const lenient = ask({ lenient: true, commaLists: true });
  test.each([
    ["zone_ids=a,b&zone_ids=c", { zoneIds: ["a", "b", "c"] }],
    ["paids=a,b", { paids: ["a,b"] }],
    ["matches=any,MATCH_ALL,1", { matches: ["MATCH_ANY", "MATCH_ALL", "MATCH_ANY"] }],
    ["matches=any,", 400],
    ["tag_match=any", { tagMatch: "MATCH_ANY" }],
  ])("%s", async (query, result) => {
    expect(await lenient(query)).toEqual(result);
  });
});
