// Random requests: whatever comes in, the answer is no fault of the server (TRANSCODING 16).
import { create, createRegistry } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import {
  ZoneService,
  file_controlplane_zones_v1_zones,
} from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Lab } from "../../gen/ts/lab/v1/lab_pb.js";
import { labRegistry } from "../../test/transcoding/lab-rule.js";
import { planOf, serveForTest } from "../../test/transcoding/serve.js";

// Lehmer's generator: the same requests in every run.
let state = 42;
const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const some = (count: number, make: () => string) => Array.from({ length: random(count) }, make).join("");

const fields = Lab.method.query.input.fields.flatMap((f) => [f.name, f.jsonName]);
const crumbs = [
  "/",
  "//",
  ":",
  "%",
  "%2",
  "%00",
  "%2F",
  "%252F",
  "%FF",
  "%ED%A0%80",
  "..",
  "*",
  "a",
  "1",
  "-",
  "+",
  "=",
  "&",
  "?",
  "#",
  "{",
  "}",
  "[",
  "]",
  ",",
  ".",
  "_",
  "__proto__",
  "constructor",
  "null",
  "true",
  "NaN",
  "1e999",
  "9".repeat(30),
  "2024-01-02T03:04:05Z",
  "é",
  "\u0000",
  '"',
  "\\",
  "\ud800",
];
const crumb = () => pick(crumbs);
const word = () => (random(3) === 0 ? crumb() : pick(fields));
const value = (): string =>
  pick([
    crumb,
    () => `"${crumb()}"`,
    () => `[${crumb()},${word()}]`,
    () => `{"${word()}":${value()}}`,
    () => "0",
  ])();
const headerValues = [
  "*/*",
  "gzip",
  "identity;q=0",
  "application/proto",
  "application/json",
  "text/plain",
  "bad",
  "",
  ";;=,",
  "1",
  "0",
  "5S",
  "br, *;q=0",
];
const headerNames = [
  "accept",
  "accept-encoding",
  "content-type",
  "content-encoding",
  "content-length",
  "grpc-timeout",
  "x-a-bin",
  "x-server-timeout",
];

const methods = [...Lab.methods, ...ZoneService.methods].map((method) => planOf(method));
const paths = methods.flatMap(({ httpRule }) =>
  httpRule === undefined || typeof httpRule.pattern.value !== "string" ? [] : [httpRule.pattern.value],
);
const registry = createRegistry(labRegistry, file_controlplane_zones_v1_zones);
const serve = serveForTest(
  methods.map((plan) => ({
    plan,
    handler: (request) => (plan.method.output === plan.method.input ? request : create(plan.method.output)),
  })),
  { registry, patchMaskField: "mask" },
);

describe("random requests", () => {
  test("are answered, and never with a fault of the server", async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      const path = pick(paths).replaceAll(/\{[^}]*\}/g, () => some(4, crumb));
      const query = some(
        4,
        () => `&${word()}${pick(["", ".", "[]", "[a]"])}${some(2, word)}=${some(3, crumb)}`,
      );
      const target = pick([path, some(8, crumb), `${path}${some(3, crumb)}`]) + pick(["", `?${query}`]);
      const headers = Object.fromEntries(
        Array.from({ length: random(3) }, () => [pick(headerNames), pick(headerValues)]),
      );
      const body = pick(["", "{}", value(), `{"${word()}":${value()}}`, some(6, crumb)]);
      const request = {
        method: pick(["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE", "get"]),
        target,
        headers,
        body,
      };
      const { status } = await serve(request);
      seen.add(status);
      if (status >= 500) throw new Error(`${status} for ${JSON.stringify(request)}`);
    }
    // The generator reaches handlers as well as refusals.
    expect([...seen]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 406, 415]));
  });
});
