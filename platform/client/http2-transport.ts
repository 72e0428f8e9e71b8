import type { DescMethodUnary } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";
import { openChannel } from "./channel.js";
import { connectUnary } from "./connect-unary.js";
import { grpcUnary } from "./grpc-unary.js";
import { intercepted } from "./intercept.js";
import { nodeTransport } from "./node-transport.js";
import { shortRoad } from "./short-road.js";
import { timesDefault, unarySettings, type HttpTransportOptions } from "./transport-options.js";

/** A connect-es transport that can be closed. */
export interface HttpTransport extends Transport {
  /** Takes no more calls; those that run may finish. */
  close(): void;
  /** Ends running calls with UNAVAILABLE. */
  destroy(): void;
}

/**
 * A transport for any connect-es client whose unary calls over HTTP/2, in gRPC and Connect, take a short road on one
 * shared connection; streams, gRPC-Web, HTTP/1.1 and Connect GET are connect-node's, on the same connection if it is
 * HTTP/2.
 *
 * A call that the server refused without looking at it is sent once more on its own, whatever its method: such a call has
 * had no effect (RFC 9113, 8.7).
 */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const protocol = options.protocol ?? "grpc";
  const httpVersion = options.httpVersion ?? "2";
  if (protocol === "grpc" && httpVersion !== "2") throw new Error("gRPC needs HTTP/2");
  const url = new URL(options.baseUrl);
  const settings = unarySettings(options);
  const channel = openChannel(url, options.tls, { ...timesDefault, ...options.times });
  const rest = nodeTransport({ options, url, protocol, httpVersion, settings, channel });
  const unary: Transport["unary"] =
    protocol === "grpc-web" || httpVersion !== "2"
      ? (...call) => rest.transport.unary(...call)
      : intercepted(
          shortRoad(
            options,
            protocol === "grpc" ? grpcUnary(settings) : connectUnary(settings),
            settings,
            channel,
          ),
          options.interceptors ?? [],
          url,
          options.defaultTimeoutMs,
        );
  const gets = protocol === "connect" && options.useHttpGet === true;

  return {
    unary: gets
      ? (method, ...call) => (isRead(method) ? rest.transport.unary(method, ...call) : unary(method, ...call))
      : unary,
    stream: (...call) => rest.transport.stream(...call),
    close() {
      channel.close();
      rest.close();
    },
    destroy() {
      channel.destroy();
      rest.close();
    },
  };
}

function isRead(method: DescMethodUnary): boolean {
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}
