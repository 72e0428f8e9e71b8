import { describe, expect, test } from "@jest/globals";
import { createRouterTransport } from "@connectrpc/connect";
import { parsePeers, targets } from "./target.js";

const transport = () => createRouterTransport(() => undefined);

describe("parsePeers", () => {
  test.each<[string, Record<string, string>]>([
    ["", {}],
    ["  ", {}],
    ["zones=http://127.0.0.1:9090", { zones: "http://127.0.0.1:9090/" }],
    [
      " zones=http://[::1]:9090 , edge-2 = https://dns.internal/rpc",
      { zones: "http://[::1]:9090/", "edge-2": "https://dns.internal/rpc" },
    ],
  ])("%j", (text, expected) => {
    expect(Object.fromEntries([...parsePeers(text)].map(([name, url]) => [name, url.href]))).toEqual(
      expected,
    );
  });

  test.each([
    ["zones", 'peer "zones": expected name=http://host:port'],
    ["zones=http://a,", 'peer "": expected name=http://host:port'],
    ["=http://a", 'peer "=http://a": the name must be lower-case letters, digits and hyphens'],
    ["Zones=http://a", 'peer "Zones=http://a": the name must be lower-case letters, digits and hyphens'],
    ["a=http://b,a=http://c", 'peer "a=http://c": a is given twice'],
    ["a=b:9090", "peer a: the address must be a URL with http or https"],
    ["a=127.0.0.1:9090", "peer a: the address must be a URL with http or https"],
    ["a=ftp://b", "peer a: the address must be a URL with http or https"],
    ["a=http://u:p@b", "peer a: the address must not hold credentials"],
    ["a=http://b?c=d", "peer a: the address must not have a query or a fragment"],
  ])("refuses %j", (text, message) => {
    expect(() => parsePeers(text)).toThrow(message);
  });
});

describe("targets", () => {
  test("an address wins over this process; services at one address share a transport", () => {
    const here = transport();
    const made: string[] = [];
    const choose = targets({
      local: new Map([
        ["zones", here],
        ["accounts", here],
      ]),
      peers: parsePeers("zones=http://a:1,dns=http://a:1,edge=http://b:1"),
      connect(url) {
        made.push(url.href);
        return transport();
      },
    });
    expect(choose("accounts")).toBe(here);
    expect(choose("zones")).not.toBe(here);
    expect(choose("zones")).toBe(choose("dns"));
    expect(choose("edge")).not.toBe(choose("dns"));
    expect(made).toEqual(["http://a:1/", "http://b:1/"]);
  });

  test("refuses a service that is nowhere", () => {
    const choose = targets({ local: new Map(), peers: new Map(), connect: transport });
    expect(() => choose("zones")).toThrow(
      'service "zones" does not run here, and no peer is configured for it',
    );
  });
});
