// Hot path: four look-ups per request.
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import { headerOf } from "../wire/unary.js";

const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const grpcTimeout = /^([0-9]{1,8})([HMSmun])$/;
const secondsTimeout = /^[0-9]{1,8}(?:\.[0-9]{1,9})?$/;
const milliseconds = /^[0-9]{1,10}$/;

/**
 * The time that the client gives the request, in milliseconds: the smallest of Grpc-Timeout, X-Server-Timeout and
 * Request-Timeout (seconds), Connect-Timeout-Ms. Undefined without any (TRANSCODING 13).
 *
 * @throws ConnectError DEADLINE_MALFORMED, also for zero.
 */
export function readTimeout(headers: HeaderRecord): number | undefined {
  const grpc = headerOf(headers, "grpc-timeout");
  const server = headerOf(headers, "x-server-timeout");
  const request = headerOf(headers, "request-timeout");
  const connect = headerOf(headers, "connect-timeout-ms");
  let timeout = Infinity;
  if (grpc !== undefined) timeout = Math.min(timeout, positive(grpcMs(grpc)));
  if (server !== undefined) timeout = Math.min(timeout, positive(secondsMs(server)));
  if (request !== undefined) timeout = Math.min(timeout, positive(secondsMs(request)));
  if (connect !== undefined)
    timeout = Math.min(timeout, positive(milliseconds.test(connect) ? Number(connect) : 0));
  return timeout === Infinity ? undefined : timeout;
}

function grpcMs(value: string): number {
  const match = grpcTimeout.exec(value);
  // The pattern has the units of the table only.
  return match === null ? 0 : Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

function secondsMs(value: string): number {
  return secondsTimeout.test(value) ? Number(value) * 1000 : 0;
}

function positive(timeoutMs: number): number {
  if (timeoutMs > 0) return timeoutMs;
  throw fail(Reason.DEADLINE_MALFORMED, "timeout header cannot be read");
}
