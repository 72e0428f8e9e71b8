import type { DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Call } from "../call/call.js";
import type { PolicyOverride } from "./override.js";

/** The function that answers one method: a message in, a message out. Its type follows from the kind of the method. */
export type Handler<M extends DescMethod> = M["methodKind"] extends "unary"
  ? (
      request: MessageShape<M["input"]>,
      call: Call,
    ) => Promise<MessageInitShape<M["output"]>> | MessageInitShape<M["output"]>
  : M["methodKind"] extends "server_streaming"
    ? (request: MessageShape<M["input"]>, call: Call) => AsyncIterable<MessageInitShape<M["output"]>>
    : M["methodKind"] extends "client_streaming"
      ? (
          requests: AsyncIterable<MessageShape<M["input"]>>,
          call: Call,
        ) => Promise<MessageInitShape<M["output"]>>
      : (
          requests: AsyncIterable<MessageShape<M["input"]>>,
          call: Call,
        ) => AsyncIterable<MessageInitShape<M["output"]>>;

/** The handlers of a service: every method, by its name in the generated code. */
export type Handlers<S extends DescService> = { [K in keyof S["method"]]: Handler<S["method"][K]> };

/** A handler whose types are known only from its descriptor. */
export type AnyHandler = (request: never, call: Call) => unknown;

/** A service with its handlers. */
export interface ServiceDefinition {
  readonly service: DescService;
  /** By the name of the method in the generated code. */
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  /** Policy in code, for a contract that we don't own. */
  readonly override: PolicyOverride | undefined;
}

/** Binds handlers to a service. A handler that is missing, misspelt or mistyped does not compile. */
export function defineService<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
  override?: PolicyOverride,
): ServiceDefinition {
  return { service, handlers, override };
}
