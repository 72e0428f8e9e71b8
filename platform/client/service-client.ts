import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import type { Call } from "../call/call.js";

/**
 * The methods of a service. The second argument says on whose behalf: a Call passes on its deadline, signal, trace,
 * request id and credentials; CallOptions are those of connect-es; without it the call is nobody's, as in a script.
 */
export type ServiceClient<S extends DescService> = {
  readonly [P in keyof S["method"]]: MethodFunction<S["method"][P], [from?: Call | CallOptions]>;
};

/** A service as a handler's dependency: every call is made on behalf of the one being handled. */
export type Peer<S extends DescService> = {
  readonly [P in keyof S["method"]]: MethodFunction<S["method"][P], [call: Call]>;
};

/** A method as a function, with `From` after its input. */
export type MethodFunction<M extends DescMethod, From extends readonly unknown[]> =
  M extends DescMethodUnary<infer I, infer O>
    ? (input: MessageInitShape<I>, ...from: From) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (input: MessageInitShape<I>, ...from: From) => AsyncIterable<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (input: AsyncIterable<MessageInitShape<I>>, ...from: From) => Promise<MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (input: AsyncIterable<MessageInitShape<I>>, ...from: From) => AsyncIterable<MessageShape<O>>
          : never;
