import * as http from "node:http";
import * as https from "node:https";
import type { ClientHttp2Stream } from "node:http2";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import type { Channel } from "./channel.js";
import type { ClientTls, InFlight } from "./connection.js";
import type { HttpTransportOptions } from "./transport-options.js";
import { streamAnswer, streamError } from "./stream-answer.js";
import { requestFailure } from "./stream-failure.js";
import type { UnarySettings } from "./unary.js";

/** What a transport of connect-node is made of. */
export interface NodeTransportInit {
  readonly options: HttpTransportOptions;
  readonly url: URL;
  readonly protocol: "grpc" | "grpc-web" | "connect";
  readonly httpVersion: "2" | "1.1";
  readonly settings: UnarySettings;
  readonly channel: Channel;
}

/**
 * connect-node's transport with the settings of ours, for what doesn't take the short road. It is made at its first call.
 * Over HTTP/2 it shares the connection of `channel`; over HTTP/1.1 it has a pool of its own, which `close` ends.
 */
export function nodeTransport(init: NodeTransportInit): { transport: Transport; close(): void } {
  const agent = init.httpVersion === "1.1" ? keepAliveAgent(init.url, init.options.tls) : undefined;
  let made: Transport | undefined;
  const transport = () => (made ??= makeTransport(init, agent));
  return {
    transport: {
      unary: (...call) => transport().unary(...call),
      stream: (method, signal, timeoutMs, ...call) => {
        const deadlineAt = deadlineOf(timeoutMs ?? init.options.defaultTimeoutMs);
        return transport()
          .stream(method, signal, timeoutMs, ...call)
          .then(
            (response) => streamAnswer(response, signal, deadlineAt),
            (error) => Promise.reject(streamError(error, deadlineAt)),
          );
      },
    },
    close: () => agent?.destroy(),
  };
}

function makeTransport(
  { options, url, protocol, settings, channel }: NodeTransportInit,
  agent: http.Agent | undefined,
): Transport {
  const shared = {
    baseUrl: url.href,
    useBinaryFormat: settings.format === "binary",
    interceptors: [...(options.interceptors ?? [])],
    acceptCompression: [...settings.accept],
    ...(settings.send === undefined ? {} : { sendCompression: settings.send }),
    // connect-node compresses what is larger than this; we, what is not smaller.
    compressMinBytes: settings.compressMinBytes - 1,
    readMaxBytes: settings.readMaxBytes,
    writeMaxBytes: settings.writeMaxBytes,
    ...(options.defaultTimeoutMs === undefined ? {} : { defaultTimeoutMs: options.defaultTimeoutMs }),
    ...(options.jsonOptions === undefined ? {} : { jsonOptions: options.jsonOptions }),
    ...(options.binaryOptions === undefined ? {} : { binaryOptions: options.binaryOptions }),
  };
  const road =
    agent === undefined
      ? { httpVersion: "2" as const, sessionManager: sessionManager(channel) }
      : { httpVersion: "1.1" as const, nodeOptions: { agent } };
  switch (protocol) {
    case "grpc":
      return createGrpcTransport({ ...shared, sessionManager: sessionManager(channel) });
    case "grpc-web":
      return createGrpcWebTransport({ ...shared, ...road });
    case "connect":
      return createConnectTransport({ ...shared, ...road, useHttpGet: options.useHttpGet ?? false });
  }
}

type NodeSessionManager = NonNullable<Parameters<typeof createGrpcTransport>[0]["sessionManager"]>;

/** Gives connect-node streams of the channel's connections. */
function sessionManager(channel: Channel): NodeSessionManager {
  return {
    authority: channel.url.origin,
    request(method, path, headers, options) {
      return new Promise((resolve) => {
        const connection = channel.acquire();
        const stream = startRequest(() =>
          connection.session.request({ ...headers, ":method": method, ":path": path }, options),
        );
        const call: InFlight = {
          stream,
          lose(failure) {
            connection.remove(call);
            if (!stream.destroyed) stream.destroy(failure);
          },
        };
        connection.add(call);
        stream.once("close", () => connection.remove(call));
        resolve(stream);
      });
    },
    // The channel looks at the socket's counter instead.
    notifyResponseByteRead: () => undefined,
  };
}

/** When a call has to be over, as a time of `performance.now()`. connect-es takes 0 for "no deadline". */
function deadlineOf(timeoutMs: number | undefined): number {
  return timeoutMs === undefined || timeoutMs <= 0 ? Infinity : performance.now() + timeoutMs;
}

function startRequest(start: () => ClientHttp2Stream): ClientHttp2Stream {
  try {
    return start();
  } catch (error) {
    throw requestFailure(error);
  }
}

function keepAliveAgent(url: URL, tls: ClientTls | undefined): http.Agent {
  if (url.protocol !== "https:") return new http.Agent({ keepAlive: true });
  return new https.Agent({
    keepAlive: true,
    ...(tls?.ca === undefined ? {} : { ca: [tls.ca].flat() }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  });
}
