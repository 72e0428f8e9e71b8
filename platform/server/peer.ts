// Hot path: who is at the other end.
import { BlockList, isIP } from "node:net";
import type { Peer } from "../call/call.js";
import type { Exchange } from "./exchange.js";

/** Finds out who sent a request. */
export type PeerOf = (exchange: Exchange) => Peer;

/**
 * The peer of a request: the address of its connection, or, if that is a trusted proxy, the last address in
 * `X-Forwarded-For` that is not. A header from anybody else counts for nothing.
 *
 * @param trusted networks such as "10.0.0.0/8" and "::1".
 * @throws Error for what is no network.
 */
export function peerFinder(trusted: readonly string[]): PeerOf {
  if (trusted.length === 0) return (exchange) => new ExchangePeer(exchange, exchange.address);
  const proxies = networks(trusted);
  return (exchange) => {
    const forwarded = exchange.headers["x-forwarded-for"];
    if (typeof forwarded !== "string" || !contains(proxies, exchange.address)) {
      return new ExchangePeer(exchange, exchange.address);
    }
    return new ExchangePeer(exchange, clientOf(proxies, forwarded, exchange.address));
  };
}

class ExchangePeer implements Peer {
  readonly #exchange: Exchange;
  readonly address: string;

  constructor(exchange: Exchange, address: string) {
    this.#exchange = exchange;
    this.address = plainAddress(address);
  }

  get certificateNames(): readonly string[] | undefined {
    return this.#exchange.certificateNames;
  }
}

/** From the right: proxies append, so that only what a trusted one has written can be believed. */
function clientOf(proxies: BlockList, forwarded: string, connection: string): string {
  let client = connection;
  for (const part of forwarded.split(",").reverse()) {
    const address = plainAddress(part.trim());
    if (isIP(address) === 0) return client;
    client = address;
    if (!contains(proxies, address)) return client;
  }
  return client;
}

function networks(list: readonly string[]): BlockList {
  const found = new BlockList();
  for (const network of list) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) {
      throw new Error(`"${network}" is not a network such as 10.0.0.0/8`);
    }
    found.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  }
  return found;
}

function contains(list: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 4 ? "ipv4" : "ipv6");
}

/** Without the prefix of an IPv4 address on an IPv6 socket. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
