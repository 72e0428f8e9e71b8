// The requests of one call of the suite: their delays, and when the call is to be cancelled instead of going on.
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "@bufbuild/protobuf";
import type { ClientCompatRequest } from "../../gen/ts/connectrpc/conformance/v1/client_compat_pb.js";
import { StreamType } from "../../gen/ts/connectrpc/conformance/v1/config_pb.js";

/** The requests of one call. */
export interface Requests {
  /** How many have been taken. */
  readonly sent: number;
  /** The request of a method that takes one. */
  only(): Promise<Message>;
  /** The requests of a method that takes a stream. In full duplex each waits for the response to the one before. */
  stream(): AsyncIterable<Message>;
  /** Tells that so many responses have come. */
  answered(responses: number): void;
  /** Tells that the call is over: nothing waits any more. */
  end(): void;
}

/** Makes the requests of a call that `abort` cancels. */
export function createRequests(
  request: ClientCompatRequest,
  messages: readonly Message[],
  abort: AbortController,
): Requests {
  const timing = request.cancel?.cancelTiming;
  const answers = { seen: request.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM ? 0 : Infinity };
  let wake: (() => void) | undefined;
  let cancelling: NodeJS.Timeout | undefined;
  let sent = 0;

  const untilAnswered = async (responses: number): Promise<void> => {
    // Ends at the latest when the call does.
    while (answers.seen < responses) await new Promise<void>((resolve) => (wake = resolve));
  };
  const answered = (responses: number): void => {
    answers.seen = Math.max(answers.seen, responses);
    wake?.();
  };
  const cancelAfterSend = (): void => {
    if (timing === undefined || timing.case === "afterNumResponses") return;
    if (timing.case === "beforeCloseSend") abort.abort();
    else cancelling = setTimeout(() => abort.abort(), timing.value ?? 0);
  };

  return {
    get sent() {
      return sent;
    },
    async only() {
      const [message] = messages;
      if (message === undefined || messages.length > 1) throw new Error("the method takes one request");
      await sleep(request.requestDelayMs);
      sent = 1;
      cancelAfterSend();
      return message;
    },
    async *stream() {
      for (const message of messages) {
        await sleep(request.requestDelayMs);
        yield message;
        sent++;
        await untilAnswered(sent);
      }
      cancelAfterSend();
    },
    answered,
    end() {
      clearTimeout(cancelling);
      answered(Infinity);
    },
  };
}
