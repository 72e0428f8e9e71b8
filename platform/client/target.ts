import type { Transport } from "@connectrpc/connect";

/** Where services are that don't run in this process: their names and base URLs. */
export type Peers = ReadonlyMap<string, URL>;

const serviceName = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Reads a list of addresses: `zones=http://127.0.0.1:9090,dns=https://dns.internal:9443`. Spaces around commas are allowed;
 * an empty text is an empty list.
 *
 * Throws an Error that names the entry and says what is wrong with it.
 */
export function parsePeers(text: string): Peers {
  const peers = new Map<string, URL>();
  if (text.trim() === "") return peers;
  for (const entry of text.split(",").map((part) => part.trim())) {
    const problem = (what: string) => new Error(`peer ${JSON.stringify(entry)}: ${what}`);
    const equals = entry.indexOf("=");
    if (equals < 0) throw problem("expected name=http://host:port");
    const name = entry.slice(0, equals).trim();
    if (!serviceName.test(name)) throw problem("the name must be lower-case letters, digits and hyphens");
    if (peers.has(name)) throw problem(`${name} is given twice`);
    // From here on only the name is quoted: the address may hold a password.
    peers.set(name, parseAddress(entry.slice(equals + 1).trim(), name));
  }
  return peers;
}

function parseAddress(text: string, name: string): URL {
  const problem = (what: string) => new Error(`peer ${name}: the address ${what}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw problem("must be a URL with http or https");
  }
  if (url.username !== "" || url.password !== "") throw problem("must not hold credentials");
  if (url.search !== "" || url.hash !== "") throw problem("must not have a query or a fragment");
  return url;
}

/** What a process knows about the services it may call. */
export interface Targets {
  /** Transports of the services that run in this process. */
  readonly local: ReadonlyMap<string, Transport>;
  readonly peers: Peers;
  /** Makes the transport to an address; called once for each, so that services at one address share a connection. */
  readonly connect: (url: URL) => Transport;
}

/**
 * Chooses how to reach a service by its name: by its address if one is configured, else in this process. An address wins
 * over a service of this process, for somebody has written it down.
 *
 * The function throws an Error if the service is neither.
 */
export function targets({ local, peers, connect }: Targets): (name: string) => Transport {
  const connected = new Map<string, Transport>();
  return (name) => {
    const url = peers.get(name);
    if (url !== undefined) {
      let transport = connected.get(url.href);
      if (transport === undefined) connected.set(url.href, (transport = connect(url)));
      return transport;
    }
    const here = local.get(name);
    if (here === undefined) {
      throw new Error(`service ${JSON.stringify(name)} does not run here, and no peer is configured for it`);
    }
    return here;
  };
}
