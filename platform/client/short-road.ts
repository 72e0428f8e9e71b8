// Hot path: runs for every unary call between services.
import { create, type DescMessage, type DescMethodUnary } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { binaryCodec } from "../codec/binary.js";
import type { Channel } from "./channel.js";
import { canceled, deadlineExceeded, exchange, type Answer } from "./exchange.js";
import { jsonCodec } from "./message-codec.js";
import type { MetadataInit } from "./metadata.js";
import type { HttpTransportOptions } from "./transport-options.js";
import type { Packed, Route, UnaryProtocol, UnarySettings } from "./unary.js";
import { unprocessedBecause } from "./unprocessed.js";

/** `Transport.unary` on our own road: one request, one answer, and once more if the server refused it unseen. */
export function shortRoad(
  options: HttpTransportOptions,
  protocol: UnaryProtocol,
  settings: UnarySettings,
  channel: Channel,
): Transport["unary"] {
  const routeOf = routes(options, channel.url, settings.format);
  const bodyBytesMax = protocol.bodyBytesMax;

  return async (method, signal, timeoutMs, metadata, input) => {
    if (signal?.aborted === true) throw canceled(signal);
    const route = routeOf(method);
    const packing = protocol.pack(route, create(method.input, input));
    const packed = packing instanceof Promise ? await packing : packing;
    const boundMs = timeout(timeoutMs, options.defaultTimeoutMs);
    return protocol.read(route, await send(route, packed, signal, boundMs, metadata));
  };

  async function send(
    route: Route,
    packed: Packed,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    metadata: MetadataInit | undefined,
  ): Promise<Answer> {
    const startedAt = performance.now();
    try {
      const headers = protocol.headers(route, packed, timeoutMs, metadata);
      return await exchange(channel.acquire(), headers, packed.body, { bodyBytesMax, timeoutMs, signal });
    } catch (error) {
      if (unprocessedBecause(error) !== "refused") throw error;
    }
    const leftMs = timeoutMs === undefined ? undefined : timeoutMs - (performance.now() - startedAt);
    if (leftMs !== undefined && leftMs <= 0) throw deadlineExceeded();
    const headers = protocol.headers(route, packed, leftMs, metadata);
    return exchange(channel.acquire(), headers, packed.body, { bodyBytesMax, timeoutMs: leftMs, signal });
  }
}

/** connect-es's rule: none given is the default, 0 or less is no deadline. */
function timeout(timeoutMs: number | undefined, defaultMs: number | undefined): number | undefined {
  const wished = timeoutMs ?? defaultMs;
  return wished !== undefined && wished > 0 ? wished : undefined;
}

/** Codecs and path of each method, made at its first call. */
function routes(options: HttpTransportOptions, url: URL, format: "binary" | "json") {
  const known = new WeakMap<DescMethodUnary, Route>();
  const binary = options.codecs ?? binaryCodec;
  const codecOf = format === "binary" ? binary : (desc: DescMessage) => jsonCodec(desc, options.jsonOptions);

  return <I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>): Route<I, O> => {
    let route = known.get(method);
    if (route === undefined) {
      route = {
        method,
        path: pathOf(url, method),
        input: codecOf(method.input),
        output: codecOf(method.output),
      };
      known.set(method, route);
    }
    // The route of a method holds this very method.
    return route as Route<I, O>;
  };
}

/** The `:path` of a method below the base URL. */
export function pathOf(url: URL, method: DescMethodUnary): string {
  const prefix = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  return `${prefix}${method.parent.typeName}/${method.name}`;
}
