// Hot path: unary calls over REST. The transcoder reads and writes them; the plan between is that of every protocol.
import type { Message, Registry } from "@bufbuild/protobuf";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { Call } from "../call/call.js";
import { fail, toConnectError } from "../call/errors.js";
import type { Operation } from "../call/operation.js";
import type { RestAnswer } from "../rest/answer.js";
import { readTimeout } from "../rest/deadline.js";
import { isRequestMetadata } from "../rest/metadata.js";
import type { Binding, Matched } from "../rest/binding.js";
import { restRouter, type RestOptions } from "../rest/transcoder.js";
import type { Telemetry } from "../telemetry/telemetry.js";
import { plainClientError, type ClientErrorBody, type ClientErrorStatus } from "./connection-events.js";
import { execute } from "./execute.js";
import type { Exchange } from "./exchange.js";
import type { PeerOf } from "./peer.js";

const clientErrors: Readonly<Record<ClientErrorStatus, Reason>> = {
  400: Reason.REQUEST_MALFORMED,
  408: Reason.BODY_TOO_SLOW,
  414: Reason.TARGET_TOO_LONG,
  431: Reason.HEADERS_TOO_LARGE,
};

/** What the REST road needs of its server. */
export interface RestRoadOptions extends RestOptions {
  readonly registry: Registry;
  readonly telemetry: Telemetry;
  readonly peerOf: PeerOf;
}

/** The REST half of a listener. */
export interface RestRoad {
  /** Answers every request, also where there is no route; true. */
  serve(exchange: Exchange): boolean;
  /** The body for a request that never became one: the HTTP parser has refused it. */
  clientError(status: ClientErrorStatus): ClientErrorBody;
}

/** Serves the REST routes of these operations. */
export function restRoad(operations: readonly Operation[], options: RestRoadOptions): RestRoad {
  const router = restRouter(operations, options);
  const { telemetry, peerOf } = options;
  return { serve: answer, clientError };

  function answer(exchange: Exchange): boolean {
    const found = router.route(exchange.method, exchange.target);
    switch (found.kind) {
      case "match":
        serveBinding(found.binding, found, exchange);
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
  }

  function clientError(status: ClientErrorStatus): ClientErrorBody {
    const error = fail(clientErrors[status], plainClientError(status).body.trim());
    const answer = router.renderError(error, undefined, {}, undefined);
    // Without headers no coding is asked for, so that the answer is at hand.
    if (answer instanceof Promise) return plainClientError(status);
    return { contentType: "application/json", body: String(answer.body) };
  }

  function serveBinding(binding: Binding<Operation>, matched: Matched, exchange: Exchange): void {
    const { operation } = binding;
    const { headers } = exchange;
    const call = new Call({
      plan: operation.plan,
      door: "rest",
      requestMethod: exchange.method,
      url: exchange.target,
      headers,
      peer: peerOf(exchange),
      isMetadata: isRequestMetadata,
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
    const execution = execute(operation, call, askedMs, telemetry, {
      read() {
        binding.check(headers);
        if (!hasBody(exchange)) return binding.bind(matched, headers, noBytes);
        return readBody(operation, binding, matched, call, exchange);
      },
      succeed: (message) => send(exchange, binding.render(message, call, headers)),
      fail: (error) => send(exchange, router.renderError(error, binding, headers, call)),
    });
    exchange.onGone(execution);
  }
}

const noBytes = Buffer.alloc(0);

/** Whether a request may have a body. Without one, the call is answered without waiting for the end of the request. */
function hasBody({ http2, method, headers }: Exchange): boolean {
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  // Over HTTP/2 a body needs no length.
  return length === undefined ? http2 && method !== "GET" && method !== "HEAD" : length !== "0";
}

async function readBody(
  operation: Operation,
  binding: Binding<Operation>,
  matched: Matched,
  call: Call,
  exchange: Exchange,
): Promise<Message> {
  const body = await exchange.readBody(operation.requestBytesMax);
  call.requestBytes = body.length;
  return binding.bind(matched, exchange.headers, body);
}

function send(exchange: Exchange, pending: RestAnswer | Promise<RestAnswer>): void | Promise<void> {
  if (pending instanceof Promise) return pending.then((answer) => send(exchange, answer));
  exchange.send(pending.status, pending.headers, pending.body);
}
