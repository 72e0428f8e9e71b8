import { createRegistry, type Registry } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { file_google_rpc_error_details, RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import type { Call, HeaderRecord } from "../call/call.js";
import { toConnectError } from "../call/errors.js";
import { encodeAnswer, identify, type RestAnswer } from "./answer.js";
import { statusWriter } from "./error-plain.js";
import { v4Body, v4Status, type Failure, type RequestShape } from "./error-v4.js";
import { addHeaders, addMetadata, type AnswerHeaders } from "./metadata.js";
import { platformDomain, reasonCatalog } from "./reasons.js";
import { codeOfStatus, knownCode, statusOf } from "./status.js";

/** How failures look: a google.rpc.Status, or the v4 envelope. */
export type ErrorStyle = "plain" | "v4";

/** How failures are written, the same for all bindings of a server. */
export interface ErrorOptions {
  /** Knows the reason enums of the contract and the types of error details. */
  readonly registry: Registry;
  /** The errors page, for `documentation_url`. */
  readonly docsUrl: string | undefined;
  /** The `WWW-Authenticate` of a 401. */
  readonly challenge: string;
}

/** Writes failures. */
export interface ErrorRenderer {
  /** The HTTP status of whatever was thrown. */
  status(thrown: unknown, style: ErrorStyle): number;
  /** The answer for whatever was thrown. Never throws. `shape` is undefined where no route was found. */
  render(
    thrown: unknown,
    style: ErrorStyle,
    shape: RequestShape | undefined,
    call: Call | undefined,
    request: HeaderRecord,
  ): RestAnswer | Promise<RestAnswer>;
}

/** Compiles how failures are written (TRANSCODING section 10, CLOUDFLARE-V4 4.3). */
export function errorRenderer({ registry, docsUrl, challenge }: ErrorOptions): ErrorRenderer {
  const catalog = reasonCatalog(registry);
  const writeStatus = statusWriter(createRegistry(registry, file_google_rpc_error_details));

  function failureOf(thrown: unknown, requestId: string): Failure {
    const error = toConnectError(thrown);
    return { error, code: knownCode(error.code), entry: catalog.find(error), requestId };
  }

  function plainStatus({ code, entry }: Failure): number {
    return entry?.rule.httpStatus || statusOf(code);
  }

  function plainBody(failure: Failure, status: number): string {
    const { error, entry, code } = failure;
    // What the contract gives a status of its own is known to REST by that status.
    const ownStatus = entry?.domain === platformDomain && entry.rule.httpStatus !== 0;
    return writeStatus(
      (ownStatus ? codeOfStatus.get(status) : undefined) ?? code,
      error.rawMessage,
      error.details,
    );
  }

  return {
    status(thrown, style) {
      const failure = failureOf(thrown, "");
      return style === "v4" ? v4Status(failure) : plainStatus(failure);
    },
    render(thrown, style, shape, call, request) {
      const failure = failureOf(thrown, call?.requestId ?? "");
      const status = style === "v4" ? v4Status(failure) : plainStatus(failure);
      const body = style === "v4" ? v4Body(failure, shape, docsUrl) : plainBody(failure, status);
      const headers: AnswerHeaders = { "content-type": "application/json", "cache-control": "no-store" };
      addMetadata(identify(headers, call), call);
      addHeaders(headers, failure.error.metadata);
      addOwnHeaders(headers, failure, status, style, challenge);
      return encodeAnswer(status, headers, body, request);
    },
  };
}

/** The headers that follow from the failure, unless the handler has set them. */
function addOwnHeaders(
  headers: AnswerHeaders,
  { error, code }: Failure,
  status: number,
  style: ErrorStyle,
  challenge: string,
): void {
  const { metadata } = error;
  // Set by this layer on errors of its own; handlers have no say in them.
  for (const name of status === 405 ? ["allow"] : status === 415 ? ["accept-encoding"] : []) {
    const value = metadata.get(name);
    if (value !== null) headers[name] = value;
  }
  if (status === 401) headers["www-authenticate"] ??= challenge;
  const retryAfter =
    retryAfterSeconds(error) ?? (style === "v4" && (status === 503 || status === 504) ? 1 : undefined);
  if (retryAfter !== undefined) headers["retry-after"] ??= String(retryAfter);
  if (style === "v4" && code === Code.Aborted) headers["x-should-retry"] ??= "true";
}

/** Whole seconds of the first RetryInfo, rounded up, at least 1. */
function retryAfterSeconds(error: Failure["error"]): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay === undefined) return undefined;
  return Math.max(1, Number(delay.seconds) + (delay.nanos > 0 ? 1 : 0));
}
