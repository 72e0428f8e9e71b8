import type { MessageInitShape } from "@bufbuild/protobuf";
import { createContextValues, type Interceptor, type Transport } from "@connectrpc/connect";
import { runUnaryCall } from "@connectrpc/connect/protocol";
import { pathOf } from "./short-road.js";

/** Unary calls through connect-es interceptors, the first of them outermost; as they are if there are none. */
export function intercepted(
  unary: Transport["unary"],
  interceptors: readonly Interceptor[],
  url: URL,
  defaultTimeoutMs: number | undefined,
): Transport["unary"] {
  if (interceptors.length === 0) return unary;
  const chain = [...interceptors];

  return (method, signal, timeoutMs, metadata, input, contextValues) => {
    const wishedMs = timeoutMs ?? defaultTimeoutMs;
    const boundMs = wishedMs !== undefined && wishedMs > 0 ? wishedMs : undefined;
    return runUnaryCall({
      interceptors: chain,
      ...(signal === undefined ? {} : { signal }),
      ...(boundMs === undefined ? {} : { timeoutMs: boundMs }),
      req: {
        stream: false,
        service: method.parent,
        method,
        requestMethod: "POST",
        url: new URL(pathOf(url, method), url).href,
        header: new Headers(metadata),
        contextValues: contextValues ?? createContextValues(),
        message: input,
      },
      next: (request) => {
        // A message is one of the shapes that may initialise it.
        const message = request.message as MessageInitShape<typeof method.input>;
        return unary(request.method, request.signal, boundMs ?? 0, request.header, message);
      },
    });
  };
}
