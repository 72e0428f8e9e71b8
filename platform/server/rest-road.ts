// Hot path: unary calls over REST. The transcoder reads and writes them; the plan between is that of every protocol.
import type { Registry } from "@bufbuild/protobuf";
import { Call } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import type { RestAnswer } from "../rest/answer.js";
import { readTimeout } from "../rest/deadline.js";
import type { Binding, Matched } from "../rest/binding.js";
import { restRouter, type RestOptions } from "../rest/transcoder.js";
import type { Telemetry } from "../telemetry/telemetry.js";
import { execute } from "./execute.js";
import type { Exchange } from "./exchange.js";
import type { PeerOf } from "./peer.js";

/** What the REST road needs of its server. */
export interface RestRoadOptions extends RestOptions {
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  readonly peerOf: PeerOf;
}

/** Serves the REST routes of these operations; every request gets an answer, also where there is no route. */
export function restRoad(
  operations: readonly Operation[],
  options: RestRoadOptions,
): (exchange: Exchange) => boolean {
  const router = restRouter(operations, options);
  const { telemetry, peerOf } = options;
  return (exchange) => {
    const found = router.route(exchange.method, exchange.target);
    switch (found.kind) {
      case "match":
        serve(found.binding, found, exchange);
        return true;
      case "options":
        exchange.send(204, { allow: found.allow });
        return true;
      case "refuse":
        telemetry.unrouted("http", found.status);
        void send(exchange, router.renderError(found.error, undefined, exchange.headers, undefined));
        return true;
      default:
        return found satisfies never;
    }
  };

  function serve(binding: Binding<Operation>, matched: Matched, exchange: Exchange): void {
    const { operation } = binding;
    const { headers } = exchange;
    const call = new Call({
      plan: operation.plan,
      door: "rest",
      requestMethod: exchange.method,
      url: exchange.target,
      headers,
      peer: peerOf(exchange),
    });
    let askedMs: number | undefined;
    try {
      askedMs = readTimeout(headers);
    } catch (thrown) {
      const error = toConnectError(thrown);
      telemetry.begin(call);
      void send(exchange, router.renderError(error, binding, headers, call));
      telemetry.end(call, error, undefined);
      return;
    }
    const execution = execute(
      operation,
      call,
      askedMs,
      telemetry,
      async () => {
        binding.check(headers);
        const body = await exchange.readBody(operation.requestBytesMax);
        call.requestBytes = body.length;
        return binding.bind(matched, headers, body);
      },
      async (error, message) => {
        const answer =
          // execute gives a message where it gives no error.
          error === undefined
            ? binding.render(message!, call, headers)
            : router.renderError(error, binding, headers, call);
        await send(exchange, answer, call);
      },
    );
    exchange.onGone(execution.cancel);
  }
}

async function send(
  exchange: Exchange,
  pending: RestAnswer | Promise<RestAnswer>,
  call?: Call,
): Promise<void> {
  const { status, headers, body } = pending instanceof Promise ? await pending : pending;
  if (call !== undefined) call.responseBytes = body.length;
  exchange.send(status, headers, body);
}
