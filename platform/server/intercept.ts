import type { Message } from "@bufbuild/protobuf";
import { createContextKey, type Interceptor } from "@connectrpc/connect";
import type { Call } from "../call/call.js";
import type { Operation } from "../call/operation.js";

/** The platform's call, for interceptors: `request.contextValues.get(callKey)`. */
export const callKey = createContextKey<Call | undefined>(undefined, { description: "the call" });

/** Wraps a unary handler in standard Connect interceptors, the first one outermost. */
export function intercept(
  operation: Pick<Operation, "plan" | "handler" | "toResponse">,
  interceptors: readonly Interceptor[],
): Operation["handler"] {
  const { method } = operation.plan;
  const { handler, toResponse } = operation;
  const innermost: ReturnType<Interceptor> = async (request) => {
    const call = request.contextValues.get(callKey);
    if (request.stream || call === undefined) throw new Error("unary interceptor was given a stream");
    const returned = await handler(request.message as never, call);
    return {
      stream: false,
      service: method.parent,
      method: request.method,
      message: toResponse(returned),
      header: call.responseHeader,
      trailer: call.responseTrailer,
    };
  };
  const chain = interceptors.reduceRight((next, interceptor) => interceptor(next), innermost);
  return async (message: Message, call: Call) => {
    call.values.set(callKey, call);
    const response = await chain({
      stream: false,
      service: method.parent,
      // A unary method, or it would not be here.
      method: method as never,
      message,
      requestMethod: call.requestMethod,
      url: call.url,
      signal: call.signal,
      header: call.requestHeader,
      contextValues: call.values,
    });
    // An interceptor may answer with a response of its own, which then has headers of its own.
    if (response.header !== call.responseHeader) copy(response.header, call.responseHeader);
    if (response.trailer !== call.responseTrailer) copy(response.trailer, call.responseTrailer);
    return response.message;
  };
}

function copy(from: Headers, to: Headers): void {
  for (const [name, value] of from) to.set(name, value);
}
