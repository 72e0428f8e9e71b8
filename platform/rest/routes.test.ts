import { describe, expect, test } from "@jest/globals";
import { routeTable, splitPath, type Route, type RouteTable } from "./routes.js";
import { parseTemplate } from "./template.js";

const declared = [
  "GET /p",
  "GET /p/**",
  "GET /prec/literal",
  "GET /prec/{name}",
  "GET /prec/{name=**}",
  "POST /mb/special",
  "GET /mb/{name}",
  "GET /bt/a/{x}/c",
  "GET /bt/{x}/b/d",
  "GET /bt/a/b/{y}",
  "POST /verb/{x}:cancel",
  "GET /verb/{x}",
  "GET /dv/{x=**}:v",
  "* /any/{x}",
  "GET /any/{x}/deep",
  "HEAD /head/{x}",
  "GET /head/{x}",
  "OPTIONS /opt",
  "PURGE /opt",
  "GET /caf%C3%A9",
  "GET /up/{x}/a",
  "GET /slash/{x=**} strip",
  "POST /loose strip",
];

function tableOf(lines: readonly string[]): RouteTable<Route> {
  return routeTable(
    lines.map((line) => {
      const [httpMethod = "", template = "", strip] = line.split(" ");
      return {
        httpMethod,
        template: parseTemplate(template),
        ignoreTrailingSlash: strip !== undefined,
        origin: line,
      };
    }),
  );
}

const pathOf = (path: string) => splitPath(path, path.includes("%"));

describe("routes", () => {
  const table = tableOf(declared);
  test.each([
    ["GET", "/p", "/p"],
    ["GET", "/p/", "/p/**"],
    ["GET", "/p/a//b", "/p/**"],
    ["GET", "/prec/literal", "/prec/literal"],
    ["GET", "/prec/other", "/prec/{name}"],
    ["GET", "/prec/a/b", "/prec/{name=**}"],
    ["GET", "/prec", "/prec/{name=**}"],
    ["GET", "/prec/", "/prec/{name=**}"],
    ["GET", "/mb/special", "/mb/{name}"],
    ["POST", "/mb/special", "/mb/special"],
    ["GET", "/bt/a/b/d", "/bt/a/b/{y}"],
    ["GET", "/bt/a/b/c", "/bt/a/b/{y}"],
    ["GET", "/bt/a/x/c", "/bt/a/{x}/c"],
    ["GET", "/bt/z/b/d", "/bt/{x}/b/d"],
    ["POST", "/verb/a:b:cancel", "/verb/{x}:cancel"],
    ["POST", "/verb/a:%63ancel", "/verb/{x}:cancel"],
    ["GET", "/verb/a:cancel", "/verb/{x}"],
    ["GET", "/verb/a%3Acancel", "/verb/{x}"],
    ["GET", "/dv:v", "/dv/{x=**}:v"],
    ["GET", "/dv/:v", "/dv/{x=**}:v"],
    ["GET", "/dv/a/b:v", "/dv/{x=**}:v"],
    ["DELETE", "/any/x", "/any/{x}"],
    ["HEAD", "/any/x/deep", "/any/{x}/deep"],
    ["HEAD", "/head/x", "/head/{x}"],
    ["OPTIONS", "/opt", "/opt"],
    ["PURGE", "/opt", "/opt"],
    ["GET", "/caf%c3%a9", "/caf%C3%A9"],
    ["GET", "/%70", "/p"],
    ["GET", "/up/../a", "/up/{x}/a"],
    ["GET", "/slash/x/", "/slash/{x=**}"],
    ["POST", "/loose/", "/loose"],
  ])("%s %s leads to %s", (method, path, template) => {
    expect(table.find(method, pathOf(path))?.route.template.text).toBe(template);
  });

  test.each([
    ["GET", "/"],
    ["GET", "//p"],
    ["GET", "/P"],
    ["GET", "/prec2"],
    ["GET", "/mb/"],
    ["GET", "/mb/x/"],
    ["GET", "/bt/a//c"],
    ["POST", "/verb/:cancel"],
    ["POST", "/verb/x:CANCEL"],
    ["POST", "/verb/x%3Acancel"],
    ["POST", "/verb/x:cancel/"],
    ["GET", "/dv/a"],
    ["GET", "/dv/a%3Av"],
    ["get", "/p"],
    ["OPTIONS", "/any/x"],
    ["POST", "/p"],
    ["POST", "/loose//"],
    ["GET", "/up/a%2Fb"],
  ])("%s %s leads nowhere", (method, path) => {
    expect(table.find(method, pathOf(path))).toBeUndefined();
  });

  test("the segments are without verb and ignored slash", () => {
    expect(table.find("POST", pathOf("/verb/a:b:cancel"))?.segments).toEqual(["verb", "a:b"]);
    expect(table.find("GET", pathOf("/slash/x//"))?.segments).toEqual(["slash", "x", ""]);
    expect(table.find("GET", pathOf("/p/"))?.segments).toEqual(["p", ""]);
  });

  test.each([
    ["/p", "GET, HEAD, OPTIONS"],
    ["/mb/special", "GET, HEAD, OPTIONS, POST"],
    ["/any/x", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"],
    ["/verb/x:cancel", "GET, HEAD, OPTIONS, POST"],
    ["/opt", "OPTIONS, PURGE"],
    ["/loose/", "OPTIONS, POST"],
    ["/nowhere", undefined],
    ["/mb/x/", undefined],
  ])("Allow of %s is %s", (path, allow) => {
    expect(table.allow(pathOf(path))).toBe(allow);
  });

  test("the order of declaration has no influence", () => {
    const reversed = tableOf(declared.toReversed());
    for (const line of declared) {
      const path = pathOf(line.split(" ")[1]?.replaceAll(/\{[^}]*\}|\*\*/g, "a") ?? "");
      for (const method of ["GET", "POST", "HEAD", "PURGE"]) {
        expect(reversed.find(method, path)?.route.origin).toBe(table.find(method, path)?.route.origin);
      }
    }
  });

  test.each([
    [["GET /a/{x}", "GET /a/{y}"]],
    [["GET /a/{x=*}", "GET /a/*"]],
    [["GET /{x=a/*}", "GET /a/{y}"]],
    [["GET /a/{x=**}", "GET /a/**"]],
    [["POST /a:v", "POST /a:v"]],
    [["* /a", "* /a"]],
  ])("%j collide", ([first = "", second = ""]) => {
    expect(() => tableOf(["GET /other", first, second])).toThrow(
      `routes collide: ${first} (${first}) and ${second} (${second})`,
    );
  });

  test.each([[["GET /a/{x}", "POST /a/{y}"]], [["GET /a:v", "GET /a:w"]], [["GET /a", "GET /a/**"]]])(
    "%j do not collide",
    (lines) => {
      expect(() => tableOf(lines)).not.toThrow();
    },
  );

  test("a long path visits no more nodes than the table is deep", () => {
    const deep = tableOf(["GET /a/{x}/a/{y}/a/{z}", "GET /{x}/a/{y}/a/{z}/a"]);
    expect(deep.find("GET", pathOf("/a".repeat(4000)))).toBeUndefined();
  });
});
