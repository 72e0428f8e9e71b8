import { describe, expect, test } from "@jest/globals";
import { ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../call/errors.js";
import { readTarget } from "./target.js";

const bytesMax = 64;

describe("request targets", () => {
  test.each([
    ["/", { path: "/", query: "" }],
    ["/a/../b", { path: "/a/../b", query: "" }],
    ["//a", { path: "//a", query: "" }],
    ["/a?b?c=/#".slice(0, -1), { path: "/a", query: "b?c=/" }],
    ["/a?", { path: "/a", query: "" }],
    ['/a\\b|"<>^{}[]', { path: '/a\\b|"<>^{}[]', query: "" }],
    ["/%00%2f", { path: "/%00%2f", query: "" }],
    ["/a?%FF", { path: "/a", query: "%FF" }],
    ["http://h:1/a?b", { path: "/a", query: "b" }],
    ["http://h", { path: "/", query: "" }],
    ["http://h?b", { path: "/", query: "b" }],
    ["*", { path: "*", query: "" }],
  ])("%s", (target, parts) => {
    expect(readTarget(target, bytesMax)).toMatchObject(parts);
  });

  test.each([
    ["", "REQUEST_MALFORMED"],
    ["a", "REQUEST_MALFORMED"],
    ["?a", "REQUEST_MALFORMED"],
    ["**", "REQUEST_MALFORMED"],
    ["host:443", "REQUEST_MALFORMED"],
    ["/a#b", "REQUEST_MALFORMED"],
    ["/a?b#c", "REQUEST_MALFORMED"],
    ["/a b", "REQUEST_MALFORMED"],
    ["/a\u0000", "REQUEST_MALFORMED"],
    ["/caf\u00e9", "REQUEST_MALFORMED"],
    ["/a\u007f", "REQUEST_MALFORMED"],
    ["/%", "PARAMETER_INVALID"],
    ["/%2", "PARAMETER_INVALID"],
    ["/%ZZ", "PARAMETER_INVALID"],
    ["/%FF", "PARAMETER_INVALID"],
    ["/%C0%AF", "PARAMETER_INVALID"],
    ["/%ED%A0%80", "PARAMETER_INVALID"],
    ["/%C3/%A9", "PARAMETER_INVALID"],
    [`/${"a".repeat(bytesMax)}`, "TARGET_TOO_LONG"],
  ])("%j is refused", (target, reason) => {
    expect(() => readTarget(target, bytesMax)).toThrow(ConnectError);
    try {
      readTarget(target, bytesMax);
    } catch (error) {
      expect(reasonOf(ConnectError.from(error))?.reason).toBe(reason);
    }
  });
});
