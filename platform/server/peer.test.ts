import { describe, expect, test } from "@jest/globals";
import type { Exchange } from "./exchange.js";
import { peerFinder } from "./peer.js";

function from(address: string, forwarded?: string): Exchange {
  // Only these two are looked at.
  return {
    address,
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  } as unknown as Exchange;
}

describe("the client's address", () => {
  const peerOf = peerFinder(["10.0.0.0/8", "::1"]);

  test.each<[string, string | undefined, string, string]>([
    ["203.0.113.9", undefined, "203.0.113.9", "a direct connection"],
    ["203.0.113.9", "1.1.1.1", "203.0.113.9", "a header from a stranger"],
    ["10.0.0.1", "203.0.113.9", "203.0.113.9", "a trusted proxy"],
    ["10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9", "what the client itself wrote before it"],
    ["10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9", "a chain of trusted proxies"],
    ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", "a chain that never leaves the trusted networks"],
    ["10.0.0.1", "nonsense", "10.0.0.1", "a header that is no address"],
    ["10.0.0.1", "nonsense, 203.0.113.9", "203.0.113.9", "nonsense beyond the client"],
    ["::1", "2001:db8::1", "2001:db8::1", "IPv6"],
    ["::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9", "IPv4 on IPv6 sockets"],
  ])("%s with %j is %s: %s", (address, forwarded, expected) => {
    expect(peerOf(from(address, forwarded)).address).toBe(expected);
  });

  test("without trusted proxies no header counts", () => {
    expect(peerFinder([])(from("10.0.0.1", "6.6.6.6")).address).toBe("10.0.0.1");
  });

  test.each(["10.0.0.0/33", "10.0.0.0/x", "nonsense", "::1/129", ""])(
    "%j is refused as a network",
    (network) => {
      expect(() => peerFinder([network])).toThrow(/is not a network/);
    },
  );
});
