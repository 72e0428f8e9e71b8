// Hot path: runs the plan of one unary call.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { allowedMs, cancelled, deadlineExceeded } from "../policy/deadline.js";
import type { Telemetry } from "../telemetry/telemetry.js";

/** Writes the one answer of a call. `error` is undefined on success. May throw if the message cannot be encoded. */
export type Settle = (error: ConnectError | undefined, message: Message | undefined) => void | Promise<void>;

/** A call that is being answered. */
export interface Execution {
  /** The caller has gone: aborts the handler's signal, answers nobody. */
  cancel(): void;
}

// Node fires a timer set beyond 2^31-1 ms at once.
const timerMsMax = 2 ** 31 - 1;

/**
 * Runs header steps, reads the message, runs message steps and the handler, and settles exactly once: with the
 * response, with the failure, or at the deadline with DEADLINE_EXCEEDED whatever the handler is doing. A handler that
 * goes on after that finds its signal aborted; what it still returns is dropped and counted.
 */
export function execute(
  operation: Operation,
  call: Call,
  askedMs: number | undefined,
  telemetry: Telemetry,
  read: () => Message | Promise<Message>,
  settle: Settle,
): Execution {
  let settled = false;
  let request: Message | undefined;
  const ms = allowedMs(operation.plan, askedMs);
  call.deadlineAt = call.startedAt + ms;
  telemetry.begin(call);
  const timer = ms <= timerMsMax ? setTimeout(() => interrupt(deadlineExceeded()), ms) : undefined;
  void run();
  return { cancel: () => interrupt(cancelled()) };

  async function run(): Promise<void> {
    try {
      for (const step of operation.headerSteps) {
        const pending = step(call);
        if (pending !== undefined) await pending;
      }
      if (settled) return;
      const reading = read();
      request = reading instanceof Promise ? await reading : reading;
      for (const step of operation.messageSteps) {
        const pending = step(call, request);
        if (pending !== undefined) await pending;
      }
      if (settled) return;
      // The codec made the message from the method's own input type.
      const returned = operation.handler(request as never, call);
      const response = toMessage(
        operation.plan.method.output,
        returned instanceof Promise ? await returned : returned,
      );
      if (settled) telemetry.metrics.lateHandlers.inc({ method: operation.plan.name, outcome: "answer" });
      else await finish(undefined, response);
    } catch (error) {
      if (settled) telemetry.metrics.lateHandlers.inc({ method: operation.plan.name, outcome: "error" });
      else await finish(toConnectError(error), undefined);
    }
  }

  function interrupt(error: ConnectError): void {
    if (settled) return;
    call.abort(error);
    void finish(error, undefined);
  }

  async function finish(failure: ConnectError | undefined, response: Message | undefined): Promise<void> {
    settled = true;
    clearTimeout(timer);
    let error = failure;
    try {
      const writing = settle(error, response);
      if (writing !== undefined) await writing;
    } catch (thrown) {
      // A response that cannot be written is our fault, and still needs an answer.
      error = toConnectError(thrown);
      await answerAnyway(error);
    }
    telemetry.end(call, error, request);
  }

  async function answerAnyway(error: ConnectError): Promise<void> {
    try {
      await settle(error, undefined);
    } catch (thrown) {
      telemetry.log.error({ method: operation.plan.name, err: thrown }, "answer could not be written");
    }
  }
}

/** What a handler returned as a whole message: fields that it left out get their defaults. */
export function toMessage(desc: DescMessage, returned: unknown): Message {
  // Handlers return a message or an init shape of their method's output type; the compiler has checked it.
  const shape = returned as Message;
  return shape.$typeName === desc.typeName ? shape : create(desc, returned as never);
}
