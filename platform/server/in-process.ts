// Calls of a service in the same process: the same plan, no bytes. Messages are copied, never shared.
import { clone, create, isMessage, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createRouterTransport,
  type ContextValues,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import { Call, type HeaderRecord } from "../call/call.js";
import type { Operation } from "../call/operation.js";
import type { Telemetry } from "../telemetry/telemetry.js";
import { execute } from "./execute.js";

const noAddress = { address: "in-process", certificateNames: undefined };

/** A transport to the operations of this process. Unary calls only take this road; a stream needs a port. */
export function inProcessTransport(
  operations: ReadonlyMap<string, Operation>,
  telemetry: Telemetry,
): Transport {
  const nowhere = createRouterTransport(() => undefined);
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const operation = operations.get(`/${method.parent.typeName}/${method.name}`);
      if (operation === undefined) {
        return Promise.reject(
          new ConnectError(`${method.toString()} is not served here`, Code.Unimplemented),
        );
      }
      // The operation was found by the method's name, so that its messages are those of the method.
      return callOperation(
        operation,
        telemetry,
        { signal, timeoutMs, header, contextValues },
        input as Message,
      ) as never;
    },
    stream: nowhere.stream,
  };
}

type HeaderInit = ConstructorParameters<typeof Headers>[0];

interface Options {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly header: HeaderInit;
  readonly contextValues: ContextValues | undefined;
}

function callOperation(
  operation: Operation,
  telemetry: Telemetry,
  options: Options,
  input: Message,
): Promise<UnaryResponse> {
  const { plan } = operation;
  const { method } = plan;
  const call = new Call({
    plan,
    door: "in-process",
    requestMethod: "POST",
    url: plan.path,
    headers: headerRecord(options.header),
    peer: noAddress,
  });
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const onAbort = (): void => execution.cancel();
    const execution = execute(operation, call, options.timeoutMs, telemetry, {
      read: () => copy(method.input, input),
      succeed(message) {
        signal?.removeEventListener("abort", onAbort);
        resolve({
          stream: false,
          service: method.parent,
          // A unary method: the transport's type says so.
          method: method as never,
          message: copy(method.output, message),
          header: call.responseHeader,
          trailer: call.responseTrailer,
        });
      },
      fail(error) {
        signal?.removeEventListener("abort", onAbort);
        reject(received(error, call));
      },
    });
    if (signal?.aborted === true) execution.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** An error as a caller over the network would get it: without its cause, with headers and trailers as metadata. */
function received(error: ConnectError, call: Call): ConnectError {
  const metadata = new Headers(call.responseHeaderIfSet);
  for (const [name, value] of call.responseTrailerIfSet ?? []) metadata.append(name, value);
  for (const [name, value] of error.metadata) metadata.append(name, value);
  const details = error.details.map((d) => ("desc" in d ? { desc: d.desc, value: d.value } : d));
  const copied = new ConnectError(error.rawMessage, error.code, metadata);
  copied.details = details;
  return copied;
}

function copy(desc: DescMessage, input: Message): Message {
  return isMessage(input, desc) ? clone(desc, input) : clone(desc, create(desc, input));
}

function headerRecord(init: HeaderInit): HeaderRecord {
  if (init === undefined) return {};
  return Object.fromEntries(new Headers(init));
}
