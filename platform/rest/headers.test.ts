// The headers of requests and answers: what is read, what is refused, what is passed on.
import { gunzipSync } from "node:zlib";
import { create, createRegistry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { file_lab_v1_lab, Lab, ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import { MethodPolicySchema } from "../../gen/ts/trunkline/v1/policy_pb.js";
import { cachingHeaders } from "./caching.js";
import { codingsOf } from "./coding.js";
import { acceptable } from "./content.js";
import { readTimeout } from "./deadline.js";
import { parseMediaType } from "./media-type.js";
import { checkBinary, isRequestMetadata } from "./metadata.js";
import { planOf, serveForTest, type TestHandler } from "../../test/transcoding/serve.js";

describe("Accept", () => {
  test.each([
    [undefined, "json"],
    ["", "json"],
    ["*/*", "json"],
    ["application/*", "json"],
    ["application/json; charset=utf-8", "json"],
    ["application/vnd.api+json", "json"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "json"],
    ["application/proto", "proto"],
    ["application/json;q=0.5, application/proto", "proto"],
    ["application/json;q=0.5, application/proto;q=0.5", "json"],
    ["application/json;q=0, */*", "proto"],
    ["APPLICATION/JSON", "json"],
    ['text/html;x="a,b", application/proto', "proto"],
    ["text/html", undefined],
    ["application/json;q=0", undefined],
    ["*/*;q=0", undefined],
    ["application/json;q=1.5", undefined],
    ["json", undefined],
    [";;;", undefined],
  ])("%s is %s", (accept, form) => {
    expect(acceptable(accept, ["json", "proto"])).toBe(form);
  });
});

describe("Accept-Encoding", () => {
  test.each([
    [undefined, undefined, true],
    ["", undefined, true],
    ["identity", undefined, true],
    ["gzip", "gzip", true],
    ["gzip, deflate, br", "br", true],
    ["deflate, GZIP", "gzip", true],
    ["br;q=0.1, gzip;q=0.5", "gzip", true],
    ["*", "br", true],
    ["*;q=0", undefined, false],
    ["gzip, *;q=0", "gzip", false],
    ["br;q=0, *", "gzip", true],
    ["identity;q=0", undefined, false],
    ["identity;q=0, zstd", undefined, false],
    ["identity, gzip;q=0.5", undefined, true],
    ["gzip;q=x", undefined, true],
    ["zstd", undefined, true],
  ])("%s", (accept, coding, identity) => {
    expect(codingsOf(accept)).toEqual({ coding, identity });
  });
});

describe("timeouts", () => {
  test.each([
    [{}, undefined],
    [{ "grpc-timeout": "5S" }, 5000],
    [{ "grpc-timeout": "1H" }, 3_600_000],
    [{ "grpc-timeout": "100u" }, 0.1],
    [{ "x-server-timeout": "2.5" }, 2500],
    [{ "request-timeout": "0.000000001" }, expect.closeTo(0.000001, 12)],
    [{ "connect-timeout-ms": "500" }, 500],
    [{ "grpc-timeout": "5S", "x-server-timeout": "3", "connect-timeout-ms": "4000" }, 3000],
  ])("%j is %s ms", (headers, timeoutMs) => {
    expect(readTimeout(headers)).toEqual(timeoutMs);
  });

  test.each([
    [{ "grpc-timeout": "5" }],
    [{ "grpc-timeout": "5s" }],
    [{ "grpc-timeout": "123456789S" }],
    [{ "grpc-timeout": "0S" }],
    [{ "grpc-timeout": "-1S" }],
    [{ "x-server-timeout": "NaN" }],
    [{ "x-server-timeout": "bad" }],
    [{ "x-server-timeout": "" }],
    [{ "x-server-timeout": "0" }],
    [{ "x-server-timeout": "1e3" }],
    [{ "request-timeout": "1, 2" }],
    [{ "request-timeout": "1.0000000001" }],
    [{ "connect-timeout-ms": "1.5" }],
    [{ "connect-timeout-ms": "12345678901" }],
    [{ "connect-timeout-ms": "0", "x-server-timeout": "5" }],
  ])("%j is refused", (headers) => {
    expect(() => readTimeout(headers)).toThrow("timeout header cannot be read");
  });
});

describe("media types", () => {
  test.each([
    ["a/b", { type: "a", subtype: "b" }],
    [' A/B+c ; X="q\\"r" ;; y=Z', { type: "a", subtype: "b+c" }],
    ["a", undefined],
    ["a/", undefined],
    ["/b", undefined],
    ["a/b c", undefined],
    ["a/b;x", undefined],
    ['a/b;x="y', undefined],
    ["a/b, a/b", undefined],
  ])("%s", (text, parts) => {
    const media = parseMediaType(text);
    if (parts === undefined) expect(media).toBeUndefined();
    else expect(media).toMatchObject(parts);
  });

  test("parameters", () => {
    expect([...(parseMediaType('a/b;X="q\\"r" ;; y=Z')?.parameters ?? [])]).toEqual([
      ["x", 'q"r'],
      ["y", "Z"],
    ]);
  });
});

describe("request metadata", () => {
  test.each([
    ["authorization"],
    ["x-foo"],
    ["x-bin-bin"],
    ["traceparent"],
    ["idempotency-key"],
    ["user-agent"],
  ])("%s is seen", (name) => {
    expect(isRequestMetadata(name)).toBe(true);
  });

  test.each([
    ["host"],
    ["te"],
    ["connection"],
    ["content-type"],
    ["grpc-timeout"],
    ["connect-timeout-ms"],
    ["x-server-timeout"],
    ["__proto__"],
    [":path"],
  ])("%s is not", (name) => {
    expect(isRequestMetadata(name)).toBe(false);
  });

  test("binary metadata is base64, padded or not", () => {
    expect(() =>
      checkBinary({
        "x-a-bin": "AQI",
        "x-b-bin": "AQI=",
        "x-c-bin": "AQI, AQI=",
        "x-d-bin": "",
        "other-bin": "!",
      }),
    ).not.toThrow();
    for (const value of ["!", "A", "A=", "A===", "AQI=="])
      expect(() => checkBinary({ "x-a-bin": value })).toThrow("not base64");
  });
});

describe("caching headers", () => {
  test.each([
    [{}, { "cache-control": "no-store" }],
    [{ cache: { maxAgeSeconds: 60 } }, { "cache-control": "private, max-age=60" }],
    [{ cache: { maxAgeSeconds: 60, shared: true } }, { "cache-control": "public, max-age=60" }],
    [
      { deprecation: { since: "2027-03-31", sunset: "2028-01-01", link: "https://a.b/c" } },
      {
        "cache-control": "no-store",
        deprecation: "@1806451200",
        sunset: "Sat, 01 Jan 2028 00:00:00 GMT",
        link: '<https://a.b/c>; rel="deprecation"',
      },
    ],
  ])("%j", (policy, headers) => {
    expect(cachingHeaders(create(MethodPolicySchema, policy))).toEqual(headers);
  });
});

describe("answers", () => {
  const registry = createRegistry(file_lab_v1_lab);
  const answer = (handler: TestHandler, headers: Record<string, string> = {}) =>
    serveForTest([{ plan: planOf(Lab.method.query), handler }], { registry })({
      method: "GET",
      target: "/v1/q",
      headers,
    });
  const large = () => create(ReqSchema, { name: "a".repeat(2000) });

  test("large ones are coded, small ones are not", async () => {
    const coded = await answer(large, { "accept-encoding": "gzip" });
    expect(coded.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    expect(gunzipSync(coded.body).toString()).toContain('"name":"aaaa');
    const small = await answer(() => create(ReqSchema), {
      "accept-encoding": "gzip",
      accept: "application/proto",
    });
    expect(small.headers["content-encoding"]).toBeUndefined();
    expect(small.headers["vary"]).toBe("Accept-Encoding");
    expect((await answer(large)).headers["content-encoding"]).toBeUndefined();
  });

  test.each([
    [{ accept: "text/html" }],
    [{ "accept-encoding": "identity;q=0" }],
    [{ "accept-encoding": "*;q=0" }],
  ])("%j is 406 before the handler runs", async (headers) => {
    const refused = await answer(large, headers);
    expect([refused.status, refused.ran]).toEqual([406, undefined]);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: Code.InvalidArgument });
  });

  test("headers of the handler pass if they are known, its trailers under another name", async () => {
    const { headers } = await answer((request, call) => {
      for (const name of ["x-a", "etag", "connection", "content-length", "server"])
        call.responseHeader.set(name, "v");
      call.responseHeader.append("set-cookie", "a=1");
      call.responseHeader.append("set-cookie", "b=2");
      call.responseHeader.set("vary", "Origin");
      call.responseHeader.set("cache-control", "max-age=5");
      call.responseTrailer.set("x-t", "v");
      return request;
    });
    expect(headers).toEqual({
      "content-type": "application/json",
      "cache-control": "max-age=5",
      etag: "v",
      "set-cookie": ["a=1", "b=2"],
      "trailer-x-t": "v",
      vary: "Origin, Accept-Encoding",
      "x-a": "v",
    });
  });

  test("a message that cannot be written is an internal error", async () => {
    const { status, body } = await answer(() => create(ReqSchema, { ts: { seconds: 1n << 60n, nanos: 0 } }));
    expect([status, JSON.parse(body.toString())]).toEqual([
      500,
      { code: Code.Internal, message: "internal error", details: [] },
    ]);
  });

  test("a 401 has a challenge, a refused coding says what would do", async () => {
    const { headers } = await answer(() => {
      throw new ConnectError("who", Code.Unauthenticated);
    });
    expect(headers["www-authenticate"]).toBe("Bearer");
    const post = serveForTest([{ plan: planOf(Lab.method.star), handler: (r) => r }], { registry });
    const refused = await post({
      method: "POST",
      target: "/v1/star/a",
      body: "x",
      headers: { "content-encoding": "zstd" },
    });
    expect([refused.status, refused.headers["accept-encoding"]]).toEqual([415, "br,gzip,deflate"]);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: Code.InvalidArgument });
  });
});
