import { createRegistry } from "@bufbuild/protobuf";
import {
  Codec,
  Compression,
  HTTPVersion,
  Protocol,
} from "../../gen/ts/connectrpc/conformance/v1/config_pb.js";
import type { ClientCompatRequest } from "../../gen/ts/connectrpc/conformance/v1/client_compat_pb.js";
import { file_connectrpc_conformance_v1_service as suiteFile } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import type { Encoding } from "../../platform/client/compression.js";
import type { ClientTls } from "../../platform/client/connection.js";
import { createHttpTransport, type HttpTransport } from "../../platform/client/http2-transport.js";
import type { HttpTransportOptions } from "../../platform/client/transport-options.js";

/** The suite's message types, for what google.protobuf.Any holds. */
export const registry = createRegistry(suiteFile);

/** Transports by what they are made of, so that calls to one server share a connection as they do in a service. */
export interface Transports {
  /** The transport that a test case asks for. */
  of(request: ClientCompatRequest): HttpTransport;
  close(): void;
}

/** A set of transports, empty at first. */
export function createTransports(): Transports {
  const made = new Map<string, HttpTransport>();
  return {
    of(request) {
      const options = optionsOf(request);
      const key = JSON.stringify(options, (name, value: unknown) =>
        name === "jsonOptions" ? undefined : value,
      );
      let transport = made.get(key);
      if (transport === undefined) made.set(key, (transport = createHttpTransport(options)));
      return transport;
    },
    close() {
      for (const transport of made.values()) transport.destroy();
    },
  };
}

function optionsOf(request: ClientCompatRequest): HttpTransportOptions {
  const secure = request.serverTlsCert.length > 0;
  const encoding = encodingOf(request.compression);
  return {
    baseUrl: `${secure ? "https" : "http"}://${request.host}:${request.port}`,
    protocol: protocolOf(request.protocol),
    httpVersion: request.httpVersion === HTTPVersion.HTTP_VERSION_1 ? "1.1" : "2",
    format: request.codec === Codec.JSON ? "json" : "binary",
    useHttpGet: request.useGetHttpMethod,
    jsonOptions: { registry },
    // The suite's messages are small, and are to be compressed all the same.
    ...(encoding !== undefined && { sendEncoding: encoding, compressMinBytes: 0 }),
    ...(secure && { tls: tlsOf(request) }),
    ...(request.messageReceiveLimit > 0 && { readMaxBytes: request.messageReceiveLimit }),
  };
}

function tlsOf({ serverTlsCert, clientTlsCreds }: ClientCompatRequest): ClientTls {
  const ca = pem(serverTlsCert);
  if (clientTlsCreds === undefined) return { ca };
  return { ca, cert: pem(clientTlsCreds.cert), key: pem(clientTlsCreds.key) };
}

function pem(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function protocolOf(protocol: Protocol): "connect" | "grpc" | "grpc-web" {
  if (protocol === Protocol.CONNECT) return "connect";
  if (protocol === Protocol.GRPC) return "grpc";
  if (protocol === Protocol.GRPC_WEB) return "grpc-web";
  throw new Error(`protocol ${Protocol[protocol]} is not spoken`);
}

function encodingOf(compression: Compression): Encoding | undefined {
  if (compression === Compression.IDENTITY) return undefined;
  if (compression === Compression.GZIP) return "gzip";
  if (compression === Compression.BR) return "br";
  throw new Error(`compression ${Compression[compression]} is not supported`);
}
