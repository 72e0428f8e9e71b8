import { describe, expect, test } from "@jest/globals";
import { parseTemplate, shapeOf } from "./template.js";

describe("templates", () => {
  test.each([
    ["/v1/zones", "/v1/zones", []],
    ["/v1/zones/{id}", "/v1/zones/{*}", [{ field: "id", start: 2, end: 3, multiple: false }]],
    ["/v1/{a.b.c}/x/*", "/v1/{*}/x/{*}", [{ field: "a.b.c", start: 1, end: 2, multiple: false }]],
    ["/v1/{name=shelves/*}", "/v1/shelves/{*}", [{ field: "name", start: 1, end: 3, multiple: true }]],
    ["/v1/{name=lit}", "/v1/lit", [{ field: "name", start: 1, end: 2, multiple: false }]],
    ["/v1/{name=**}", "/v1/{**}", [{ field: "name", start: 1, end: undefined, multiple: true }]],
    [
      "/v1/{name=a/**}:verb",
      "/v1/a/{**}:verb",
      [{ field: "name", start: 1, end: undefined, multiple: true }],
    ],
    ["/v1/caf%C3%A9", "/v1/caf%C3%A9", []],
    ["/**", "/{**}", []],
  ])("%s", (text, shape, variables) => {
    const template = parseTemplate(text);
    expect(shapeOf(template)).toBe(shape);
    expect(template.variables).toEqual(variables);
  });

  test.each([
    ["", 'expected "/" at character 1'],
    ["v1", 'expected "/" at character 1'],
    ["/", "expected a segment at character 2"],
    ["/a/", "expected a segment at character 4"],
    ["//a", "expected a segment at character 2"],
    ["/a b", 'unexpected " " at character 3'],
    ["/a?x", 'unexpected "?" at character 3'],
    ["/a*", 'unexpected "*" at character 3'],
    ["/*a", 'unexpected "a" at character 3'],
    ["/***", 'unexpected "*" at character 4'],
    ["/{", "expected a field path at character 3"],
    ["/{}", "expected a field path at character 3"],
    ["/{1a}", "expected a field path at character 3"],
    ["/{a", 'expected "}" at character 4'],
    ["/{a.}", 'expected "}" at character 4'],
    ["/{a=}", "expected a segment at character 5"],
    ["/{a=b", 'expected "}" at character 6'],
    ["/{a={b}}", "variable inside the variable a at character 5"],
    ["/{a}/{a}", "field a is bound twice at character 7"],
    ["/{a}b", 'unexpected "b" at character 5'],
    ["/a{b}", 'unexpected "{" at character 3'],
    ["/**/a", "`**` is not the last segment at character 6"],
    ["/{a=**}/b", "`**` is not the last segment at character 10"],
    ["/{a=**/b}", "`**` is not the last segment at character 10"],
    ["/a:", "expected a verb at character 4"],
    ["/a:b:c", 'unexpected ":" at character 5'],
    ["/a:b/c", 'unexpected "/" at character 5'],
    ["/a:*", "expected a verb at character 4"],
    ["/a%2", "escape that does not decode to UTF-8 at character 5"],
    ["/a%FF", "escape that does not decode to UTF-8 at character 6"],
  ])("%j is refused", (text, problem) => {
    expect(() => parseTemplate(text)).toThrow(`template ${text}: ${problem}`);
  });
});
