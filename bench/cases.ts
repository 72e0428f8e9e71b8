import type { Wire } from "./workload/wire.js";

/** A server on a wire. */
export interface RpcCase {
  readonly name: string;
  /** Module in bench/servers. */
  readonly server: string;
  readonly wire: Wire;
}

/** The two names of the same server: what their ratio differs from 1 is noise. */
export const rpcSelf = ["trunkline gRPC", "trunkline gRPC (A/A)"] as const;

/**
 * In the order in which they run. The A/A pair stands far apart, so that its noise is not less than that of others.
 *
 * Ours run the full plan (trace, observe, deadline, authenticate, limit, authorize, validate), the peers nothing.
 */
export const rpcCases: readonly RpcCase[] = [
  { name: rpcSelf[1], server: "trunkline", wire: "grpc-h2" },
  { name: "node:http REST", server: "node-http", wire: "rest-h1" },
  { name: "Fastify REST", server: "fastify", wire: "rest-h1" },
  { name: "Fastify+schema REST", server: "fastify-schema", wire: "rest-h1" },
  { name: "trunkline REST", server: "trunkline", wire: "rest-h1" },
  { name: "connect-node JSON h1", server: "connect", wire: "connect-json-h1" },
  { name: "trunkline JSON h1", server: "trunkline", wire: "connect-json-h1" },
  { name: "connect-node proto h2", server: "connect", wire: "connect-proto-h2" },
  { name: "trunkline proto h2", server: "trunkline", wire: "connect-proto-h2" },
  { name: "node:http2 gRPC", server: "node-http", wire: "grpc-h2" },
  { name: "grpc-js gRPC", server: "grpc-js", wire: "grpc-h2" },
  { name: "connect-node gRPC", server: "connect", wire: "grpc-h2" },
  { name: rpcSelf[0], server: "trunkline", wire: "grpc-h2" },
];

/** A client of the gRPC protocol. */
export interface ClientCase {
  readonly name: string;
  /** Module in bench/clients. */
  readonly client: string;
}

export const clientSelf = ["trunkline client", "trunkline client (A/A)"] as const;

export const clientCases: readonly ClientCase[] = [
  { name: clientSelf[1], client: "trunkline" },
  { name: "node:http2 client", client: "node-http2" },
  { name: "grpc-js client", client: "grpc-js" },
  { name: "connect-node client", client: "connect" },
  { name: clientSelf[0], client: "trunkline" },
];

/** A column of ratios: which case each case is divided by. */
export interface Comparison {
  readonly heading: string;
  readonly baseline: (name: string) => string | undefined;
}

export const rpcComparisons: readonly Comparison[] = [
  { heading: "/ connect-node, same wire", baseline: (name) => sameWire(name, "connect") },
  { heading: "/ grpc-js", baseline: () => "grpc-js gRPC" },
  { heading: "/ Fastify", baseline: () => "Fastify REST" },
];

export const clientComparisons: readonly Comparison[] = [
  { heading: "/ connect-node", baseline: () => "connect-node client" },
  { heading: "/ grpc-js", baseline: () => "grpc-js client" },
];

function sameWire(name: string, server: string): string | undefined {
  const wire = rpcCases.find((one) => one.name === name)?.wire;
  return rpcCases.find((one) => one.server === server && one.wire === wire)?.name;
}
