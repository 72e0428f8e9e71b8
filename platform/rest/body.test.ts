import { gzipSync, brotliCompressSync, deflateSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { ReqSchema, SubSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import { lab } from "../../test/transcoding/lab-rule.js";

const star = lab({ rule: { pattern: { case: "post", value: "/star/{name}" }, body: "*" } });
const field = lab({ rule: { pattern: { case: "post", value: "/field/{name}" }, body: "sub" } });
const member = lab({
  rule: { pattern: { case: "post", value: "/member/{choice_m.name}" }, body: "choice_m" },
});
const none = lab({ rule: { pattern: { case: "post", value: "/none/{name}" } } });
const proto = { "content-type": "application/proto" };

describe("a body for the whole message", () => {
  test.each([
    ["", { name: "p" }],
    ["{}", { name: "p" }],
    ['{"name":"p","i32":5}', { name: "p", i32: 5 }],
    ['{"name":""}', { name: "p" }],
    ['{"name":null}', { name: "p" }],
  ])("%s", async (body, decoded) => {
    expect(await star("POST /star/p", body)).toEqual({ status: 200, decoded });
  });

  test.each([
    ["POST /star/p", " ", []],
    ["POST /star/p", "null", []],
    ["POST /star/p", "[]", []],
    ["POST /star/p", "{}{}", []],
    ["POST /star/p", '{"i32":"x"}', ["i32 INVALID_VALUE"]],
    ["POST /star/p", '{"name":"q"}', ["name SOURCE_CONFLICT"]],
    ["POST /star/p?i32=5", "{}", ["i32 SOURCE_CONFLICT"]],
    ["POST /star/p?i32=5", "", ["i32 SOURCE_CONFLICT"]],
    ["POST /star/p?nosuch=5", "{}", ["nosuch UNKNOWN_FIELD"]],
  ])("%s %s is refused", async (line, body, violations) => {
    expect(await star(line, body)).toEqual({ status: 400, violations });
  });

  test("a path value with presence is no default", async () => {
    const optional = lab({ rule: { pattern: { case: "post", value: "/o/{opt_str}/{sw}" }, body: "*" } });
    expect((await optional("POST /o/a/b", '{"optStr":"a","sw":"b"}')).status).toBe(200);
    expect(await optional("POST /o/a/b", '{"optStr":""}')).toEqual({
      status: 400,
      violations: ["optStr SOURCE_CONFLICT"],
    });
    expect(await optional("POST /o/a/b", '{"sw":""}')).toEqual({
      status: 400,
      violations: ["sw SOURCE_CONFLICT"],
    });
  });

  test("path and body may not set two members of a oneof", async () => {
    const choice = lab({ rule: { pattern: { case: "post", value: "/o/{choice_s}" }, body: "*" } });
    expect(await choice("POST /o/a", '{"choiceS":"a"}')).toEqual({ status: 200, decoded: { choiceS: "a" } });
    expect(await choice("POST /o/a", '{"choiceI":1}')).toEqual({
      status: 400,
      violations: ["choiceI ONEOF_CONFLICT"],
    });
  });

  test("a repeated Timestamp is compared as a value", async () => {
    const time = lab({ rule: { pattern: { case: "post", value: "/t/{ts}" }, body: "*" } });
    expect((await time("POST /t/1970-01-01T00:00:01Z", '{"ts":"1970-01-01T01:00:01+01:00"}')).status).toBe(
      200,
    );
    expect((await time("POST /t/1970-01-01T00:00:01Z", '{"ts":"1970-01-01T00:00:02Z"}')).status).toBe(400);
  });

  test("binary", async () => {
    const bytes = Buffer.from(toBinary(ReqSchema, create(ReqSchema, { name: "p", i32: 5 })));
    expect(await star("POST /star/p", bytes, proto)).toEqual({ status: 200, decoded: { name: "p", i32: 5 } });
    expect(await star("POST /star/q", bytes, proto)).toEqual({
      status: 400,
      violations: ["name SOURCE_CONFLICT"],
    });
    expect((await star("POST /star/p", "{}", proto)).status).toBe(400);
  });
});

describe("a body for one field", () => {
  test.each([
    ["POST /field/p", "", { name: "p" }],
    ["POST /field/p", "{}", { name: "p", sub: {} }],
    ["POST /field/p", "null", { name: "p" }],
    ["POST /field/p?i32=5", '{"name":"s"}', { name: "p", i32: 5, sub: { name: "s" } }],
  ])("%s %s", async (line, body, decoded) => {
    expect(await field(line, body)).toEqual({ status: 200, decoded });
  });

  test.each([
    ["POST /field/p?sub.num=5", '{"name":"s"}', ["sub.num SOURCE_CONFLICT"]],
    ["POST /field/p?sub=5", "", ["sub SOURCE_CONFLICT"]],
    ["POST /field/p?sub.sub.name=x", "", ["sub.sub.name SOURCE_CONFLICT"]],
    ["POST /field/p", '{"num":"x"}', ["sub.num INVALID_VALUE"]],
    ["POST /field/p", '{"subs":[{},{"tags":[1]}]}', ["sub.subs[1].tags[0] INVALID_VALUE"]],
    ["POST /field/p", "[]", ["sub INVALID_VALUE"]],
  ])("%s %s is refused", async (line, body, violations) => {
    expect(await field(line, body)).toEqual({ status: 400, violations });
  });

  test("a path field inside it wins, and may be repeated", async () => {
    expect(await member("POST /member/a", "")).toEqual({ status: 200, decoded: { choiceM: { name: "a" } } });
    expect(await member("POST /member/a", '{"num":1}')).toEqual({
      status: 200,
      decoded: { choiceM: { name: "a", num: 1 } },
    });
    expect(await member("POST /member/a", '{"name":"a"}')).toEqual({
      status: 200,
      decoded: { choiceM: { name: "a" } },
    });
    expect(await member("POST /member/a", '{"name":"b"}')).toEqual({
      status: 400,
      violations: ["choiceM.name SOURCE_CONFLICT"],
    });
  });

  test("body and query may not set two members of a oneof", async () => {
    const choice = lab({ rule: { pattern: { case: "post", value: "/o" }, body: "choice_m" } });
    expect(await choice("POST /o?choice_i=1", "{}")).toEqual({
      status: 400,
      violations: ["choiceM ONEOF_CONFLICT"],
    });
    expect(await choice("POST /o?choice_i=1", "")).toEqual({ status: 200, decoded: { choiceI: 1 } });
  });

  test("binary", async () => {
    const bytes = Buffer.from(toBinary(SubSchema, create(SubSchema, { name: "s", num: 200 })));
    expect(await field("POST /field/p", bytes, proto)).toEqual({
      status: 200,
      decoded: { name: "p", sub: { name: "s", num: 200 } },
    });
    expect(await member("POST /member/s", bytes, proto)).toEqual({
      status: 200,
      decoded: { choiceM: { name: "s", num: 200 } },
    });
    expect((await field("POST /field/p", "{}", proto)).status).toBe(400);
    const text = lab({ rule: { pattern: { case: "post", value: "/t" }, body: "name" } });
    expect((await text("POST /t", "x", proto)).status).toBe(415);
  });
});

describe("a rule without body", () => {
  test.each([[""], ["{}"], [" {\n}\t"]])("%j is passed over", async (body) => {
    expect(await none("POST /none/p", body, { "content-type": "text/plain" })).toEqual({
      status: 200,
      decoded: { name: "p" },
    });
  });

  test.each([[" "], ["[]"], ["{}{}"], ['{"i32":5}'], ["null"]])("%j is refused", async (body) => {
    expect(await none("POST /none/p", body)).toEqual({ status: 400, violations: [] });
  });
});

describe("content coding of bodies", () => {
  const text = '{"i32":5}';
  test.each([
    ["gzip", gzipSync(text)],
    ["GZIP", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["br", brotliCompressSync(text)],
    ["identity", Buffer.from(text)],
    ["gzip", Buffer.alloc(0)],
  ])("%s", async (coding, body) => {
    expect((await star("POST /star/p", body, { "content-encoding": coding })).status).toBe(200);
  });

  test.each([
    ["gzip", text, 400],
    ["br", gzipSync(text), 400],
    ["gzip", gzipSync(text).subarray(0, 20), 400],
    ["gzip, gzip", gzipSync(gzipSync(text)), 415],
    ["zstd", text, 415],
    ["gzip", gzipSync(`{"name":"${"a".repeat(5_000_000)}"}`), 413],
  ])("%s of %j is %i", async (coding, body, status) => {
    expect((await star("POST /star/p", body, { "content-encoding": coding })).status).toBe(status);
  });

  test("a body over the limit is refused", async () => {
    const small = lab({ rule: { pattern: { case: "post", value: "/s" }, body: "*" }, bodyBytesMax: 16 });
    expect((await small("POST /s", '{"name":"12345"}')).status).toBe(200);
    expect((await small("POST /s", '{"name":"123456"}')).status).toBe(413);
  });
});

describe("content types of bodies", () => {
  test.each([
    ["application/json"],
    ["application/json; charset=UTF-8"],
    ['Application/JSON;charset="us-ascii"'],
    ["application/merge-patch+json"],
    ["text/x+json"],
  ])("%s is JSON", async (type) => {
    expect((await star("POST /star/p", "{}", { "content-type": type })).status).toBe(200);
  });

  test.each([
    ["application/json; charset=latin1"],
    ["application/x-www-form-urlencoded"],
    ["text/plain"],
    ["multipart/form-data; boundary=x"],
    ["application"],
    ["application/json, application/json"],
    [""],
    ["application/json; charset"],
  ])("%j is refused", async (type) => {
    expect((await star("POST /star/p", "{}", { "content-type": type })).status).toBe(415);
    expect((await star("POST /star/p", "", { "content-type": type })).status).toBe(200);
  });

  test.each([
    ["application/grpc"],
    ["application/grpc+proto"],
    ["application/grpc-web-text"],
    ["application/connect+json"],
  ])("%s is refused even without a body", async (type) => {
    expect((await none("POST /none/p", "", { "content-type": type })).status).toBe(415);
  });
});
