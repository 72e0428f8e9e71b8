// Hot path: runs the plan of one unary call.
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import { allowedMs, cancelled, deadlineExceeded } from "../policy/deadline.js";
import type { Telemetry } from "../telemetry/telemetry.js";

/** How a call gets its request and gives its answer. */
export interface Conversation {
  /** Reads the request message. Runs after the header steps, and only if they let the call through. */
  read(): Message | Promise<Message>;
  /** Writes the response. Throws, or rejects, if it cannot be encoded; then nothing was written. */
  succeed(message: Message): void | Promise<void>;
  /** Writes a failure. */
  fail(error: ConnectError): void | Promise<void>;
}

/** A call that is being answered. */
export interface Execution {
  /** The caller has gone: aborts the handler's signal, answers nobody. */
  cancel(): void;
}

/**
 * Runs header steps, reads the message, runs message steps and the handler, and answers exactly once: with the
 * response, with the failure, or at the deadline with DEADLINE_EXCEEDED whatever the handler is doing. A handler that
 * goes on after that finds its signal aborted; what it still returns is dropped and counted.
 */
export function execute(
  operation: Operation,
  call: Call,
  askedMs: number | undefined,
  telemetry: Telemetry,
  conversation: Conversation,
): Execution {
  const running = new Running(operation, call, telemetry, conversation);
  running.start(askedMs);
  return running;
}

// Node fires a timer set beyond 2^31-1 ms at once.
const timerMsMax = 2 ** 31 - 1;

/**
 * The stages of a call. Each goes on at once if it can and waits only for a promise: a call whose steps and handler are
 * synchronous is answered in the turn of the event loop that brought it.
 */
class Running implements Execution {
  readonly #operation: Operation;
  readonly #call: Call;
  readonly #telemetry: Telemetry;
  readonly #conversation: Conversation;
  #timer: NodeJS.Timeout | undefined = undefined;
  #request: Message | undefined = undefined;
  #answered = false;

  constructor(operation: Operation, call: Call, telemetry: Telemetry, conversation: Conversation) {
    this.#operation = operation;
    this.#call = call;
    this.#telemetry = telemetry;
    this.#conversation = conversation;
  }

  start(askedMs: number | undefined): void {
    const ms = allowedMs(this.#operation.plan, askedMs);
    this.#call.deadlineAt = this.#call.startedAt + ms;
    this.#telemetry.begin(this.#call);
    if (ms <= 0) return this.interrupt(deadlineExceeded());
    this.#headerSteps(0);
    // A call that had nothing to wait for is over by now, and needs no timer.
    if (!this.#answered && ms <= timerMsMax) this.#timer = setTimeout(expire, ms, this);
  }

  cancel(): void {
    this.interrupt(cancelled());
  }

  interrupt(error: ConnectError): void {
    if (this.#answered) return;
    this.#call.abort(error);
    this.#fail(error);
  }

  #headerSteps(from: number): void {
    const steps = this.#operation.headerSteps;
    try {
      for (let i = from; i < steps.length; i++) {
        const pending = steps[i]?.(this.#call);
        if (pending !== undefined) {
          pending.then(() => this.#headerSteps(i + 1), this.#failed);
          return;
        }
      }
      if (this.#answered) return;
      const reading = this.#conversation.read();
      if (reading instanceof Promise) reading.then((message) => this.#messageSteps(message, 0), this.#failed);
      else this.#messageSteps(reading, 0);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #messageSteps(message: Message, from: number): void {
    this.#request = message;
    const steps = this.#operation.messageSteps;
    try {
      for (let i = from; i < steps.length; i++) {
        const pending = steps[i]?.(this.#call, message);
        if (pending !== undefined) {
          pending.then(() => this.#messageSteps(message, i + 1), this.#failed);
          return;
        }
      }
      if (this.#answered) return;
      // The codec made the message from the method's own input type.
      const returned = this.#operation.handler(message as never, this.#call);
      if (returned instanceof Promise) returned.then(this.#returned, this.#failed);
      else this.#returned(returned);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  readonly #returned = (returned: unknown): void => {
    if (this.#answered) return this.#late("answer");
    try {
      const writing = this.#conversation.succeed(this.#operation.toResponse(returned));
      this.#close();
      if (writing === undefined) this.#telemetry.end(this.#call, undefined, this.#request);
      else writing.then(() => this.#telemetry.end(this.#call, undefined, this.#request), this.#unwritable);
    } catch (thrown) {
      this.#unwritable(thrown);
    }
  };

  readonly #failed = (thrown: unknown): void => {
    if (this.#answered) this.#late("error");
    else this.#fail(toConnectError(thrown));
  };

  /** A response that cannot be written is our fault, and still needs an answer. */
  readonly #unwritable = (thrown: unknown): void => {
    this.#fail(toConnectError(thrown));
  };

  #fail(error: ConnectError): void {
    this.#close();
    try {
      const writing = this.#conversation.fail(error);
      if (writing !== undefined) writing.catch(this.#unanswerable);
    } catch (thrown) {
      this.#unanswerable(thrown);
    }
    this.#telemetry.end(this.#call, error, this.#request);
  }

  #close(): void {
    this.#answered = true;
    clearTimeout(this.#timer);
  }

  #late(outcome: "answer" | "error"): void {
    this.#telemetry.metrics.lateHandlers.inc({ method: this.#operation.plan.name, outcome });
  }

  readonly #unanswerable = (err: unknown): void => {
    this.#telemetry.log.error({ method: this.#operation.plan.name, err }, "answer could not be written");
  };
}

function expire(running: Running): void {
  running.interrupt(deadlineExceeded());
}
