import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { HttpRuleSchema } from "../../gen/ts/google/api/http_pb.js";
import { Lab } from "../../gen/ts/lab/v1/lab_pb.js";
import { labPlan, labRegistry } from "../../test/transcoding/lab-rule.js";
import { planOf } from "../../test/transcoding/serve.js";
import { restRouter } from "./transcoder.js";

type Rule = MessageInitShape<typeof HttpRuleSchema>;

const start = (...rules: Rule[]) =>
  restRouter(
    rules.map((rule) => ({ plan: labPlan({ rule }) })),
    { registry: labRegistry },
  );
const get = (value: string): Rule => ({ pattern: { case: "get", value } });
const post = (value: string, body: string): Rule => ({ pattern: { case: "post", value }, body });

describe("a server does not start with", () => {
  test.each([
    ["a rule without a pattern", {}, "a rule without a pattern: the rule has no pattern"],
    ["a syntax error", get("/a/{"), "GET /a/{: template /a/{: expected a field path"],
    ["a path field that does not exist", get("/{nosuch}"), "has no field nosuch that a path can reach"],
    ["a path through a list", get("/{subs.name}"), "has no field subs.name that a path can reach"],
    ["a path through a map", get("/{labels.k}"), "has no field labels.k that a path can reach"],
    ["a path through Any", get("/{any.type_url}"), "has no field any.type_url that a path can reach"],
    ["a list in the path", get("/{tags}"), "field tags of lab.v1.Req is of a type that a path cannot hold"],
    ["a message in the path", get("/{sub}"), "field sub of lab.v1.Req is of a type that a path cannot hold"],
    ["a Struct in the path", get("/{st}"), "field st of lab.v1.Req is of a type that a path cannot hold"],
    ["a field bound twice", get("/{sw}/{sw.value}"), "field sw is bound twice"],
    ["a body field that does not exist", post("/a", "nosuch"), "has no field nosuch for the body"],
    ["a nested body field", post("/a", "sub.name"), "has no field sub.name for the body"],
    ["a body field in the path", post("/{name}", "name"), "the path binds the body field name"],
    ["a body on GET", { ...get("/a"), body: "*" }, "GET has a body"],
    ["a body on DELETE", { pattern: { case: "delete", value: "/a" }, body: "*" }, "DELETE has a body"],
    [
      "a body on HEAD",
      { pattern: { case: "custom", value: { kind: "HEAD", path: "/a" } }, body: "*" },
      "HEAD has a body",
    ],
    [
      "a response field that does not exist",
      { ...get("/a"), responseBody: "nosuch" },
      "has no field nosuch for the response body",
    ],
    [
      "a method that is no token",
      { pattern: { case: "custom", value: { kind: "A B", path: "/a" } } },
      '"A B" is no HTTP method',
    ],
    [
      "nested additional bindings",
      { ...get("/a"), additionalBindings: [{ ...get("/b"), additionalBindings: [get("/c")] }] },
      "lab.v1.Lab/Query: an additional binding has additional bindings",
    ],
    [
      "a collision with itself",
      { ...get("/a/{name}"), additionalBindings: [get("/a/{other_name}")] },
      "routes collide: GET /a/{name}",
    ],
  ] as [string, Rule, string][])("%s", (_, rule, problem) => {
    expect(() => start(rule)).toThrow(problem);
  });

  test("two methods on one route, and says which", () => {
    const rule = create(HttpRuleSchema, get("/a/{name}"));
    const methods = [Lab.method.query, Lab.method.get].map((method) => ({
      plan: planOf(method, { httpRule: rule }),
    }));
    expect(() => restRouter(methods, { registry: labRegistry })).toThrow(
      "routes collide: GET /a/{name} (lab.v1.Lab/Query) and GET /a/{name} (lab.v1.Lab/Get)",
    );
  });

  test("a mask field that is no mask", () => {
    const plan = labPlan({ rule: post("/a", "sub"), rest: { updateMask: "name" } });
    expect(() => restRouter([{ plan }], { registry: labRegistry })).toThrow(
      "fills name, which is not a FieldMask",
    );
  });
});

describe("routing a request line", () => {
  const router = start(get("/a/{name}"), { pattern: { case: "custom", value: { kind: "*", path: "/any" } } });
  test.each([
    ["GET", "/a/x?y", { kind: "match", head: false, query: "y" }],
    ["HEAD", "/a/x", { kind: "match", head: true }],
    ["HEAD", "/any", { kind: "match", head: true }],
    ["OPTIONS", "/a/x", { kind: "options", allow: "GET, HEAD, OPTIONS" }],
    ["OPTIONS", "*", { kind: "options" }],
    ["OPTIONS", "/b", { kind: "refuse", status: 404 }],
    ["GET", "*", { kind: "refuse", status: 400 }],
    ["GET", "a", { kind: "refuse", status: 400 }],
    ["GET", `/${"a".repeat(8192)}`, { kind: "refuse", status: 414 }],
    ["GET", "/a/%FF", { kind: "refuse", status: 400 }],
    ["POST", "/nowhere/%FF", { kind: "refuse", status: 400 }],
    ["POST", "/a/x", { kind: "refuse", status: 405, allow: "GET, HEAD, OPTIONS" }],
  ])("%s %s", (method, target, result) => {
    expect(router.route(method, target)).toMatchObject(result);
  });

  test("streams and methods without a rule are not routed", () => {
    const streams = Lab.methods.filter((m) => m.methodKind !== "unary").concat(Lab.method.unbound);
    const lab = restRouter(
      streams.map((method) => ({ plan: planOf(method) })),
      { registry: labRegistry },
    );
    expect(lab.route("GET", "/v1/sstream")).toMatchObject({ kind: "refuse", status: 404 });
  });
});
