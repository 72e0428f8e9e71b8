// Hot path: makes the request message of every REST call.
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { Envelope, type ServiceRest } from "../../gen/ts/trunkline/v1/rest_pb.js";
import type { HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import { jsonReader } from "../codec/json-read.js";
import { Violation, type JsonReadOptions } from "../codec/json.js";
import { messageFactory } from "../codec/message-factory.js";
import type { MethodPlan } from "../contract/plan.js";
import { tooLarge } from "../wire/compression.js";
import { inflateRequest, requestCoding } from "../wire/message.js";
import { headerOf } from "../wire/unary.js";
import { bodyTargetOf, type HttpBinding } from "./body-target.js";
import { bodyBinder } from "./body.js";
import { offeredCodings } from "./coding.js";
import { formOf, isRpcType, unsupportedType } from "./content.js";
import { pagerOf } from "./page.js";
import { pathBinder } from "./path.js";
import { queryBinder } from "./query.js";
import type { TextStyle } from "./slot.js";

/** How requests are read, the same for all bindings of a server. */
export interface BindOptions {
  /** How JSON is read in ordinary services, and in lenient ones. Compiled readers are kept by these objects. */
  readonly strictJson: JsonReadOptions;
  readonly lenientJson: JsonReadOptions;
  /** Largest body in bytes, after content decoding, where the method sets none. */
  readonly bodyBytesMax: number;
  readonly queryParametersMax: number;
  /** Names of parameters that are passed over: whole names, or `prefix*`. */
  readonly queryIgnored: readonly string[];
  /** The FieldMask field that PATCH fills where the method names none. */
  readonly patchMaskField: string;
}

/** Reads requests of one binding. */
export interface Binder {
  /** json_name paths of the fields that the path fills. */
  readonly pathFields: readonly string[];
  /** Checks what the headers say about the body, before it is read (TRANSCODING 7.1, 7.2). Throws ConnectError. */
  check(headers: HeaderRecord): void;
  /**
   * Makes the request message. A promise only if a large body has to be inflated.
   *
   * @throws ConnectError: INVALID_ARGUMENT with BadRequest where a field is known, BODY_TOO_LARGE,
   * CONTENT_TYPE_UNSUPPORTED, CONTENT_ENCODING_UNSUPPORTED.
   */
  bind(
    segments: readonly string[],
    query: string,
    headers: HeaderRecord,
    body: Buffer,
  ): Message | Promise<Message>;
}

/**
 * Compiles the request half of a binding.
 *
 * @throws Error for a contract that cannot be served (TRANSCODING 1.7).
 */
export function compileBinder(plan: MethodPlan, binding: HttpBinding, options: BindOptions): Binder {
  const { input } = plan.method;
  const style = textStyle(plan.serviceRest);
  const readOptions = plan.serviceRest.lenient ? options.lenientJson : options.strictJson;
  const path = pathBinder(binding.template, input, style);
  const target = bodyTargetOf(plan, binding, path.places, options.patchMaskField);
  const pager = pagerOf(plan);
  const query = queryBinder({
    message: input,
    style,
    path: path.places,
    body: target.kind === "none" ? undefined : (target.place?.path ?? "*"),
    pager,
    ignored: plan.serviceRest.lenient ? () => true : matcher(options.queryIgnored),
    parametersMax: options.queryParametersMax,
    reader: (message) => jsonReader(message, readOptions),
  });
  const readBody = bodyBinder(input, target, path.places, jsonReader(input, readOptions));
  const makeMessage = messageFactory(input);
  const bytesMax = plan.requestBytesMax ?? options.bodyBytesMax;
  const takesBody = target.kind !== "none";

  function finish(message: Message, headers: HeaderRecord, body: Buffer): Message {
    if (body.length > bytesMax) throw tooLarge(bytesMax);
    try {
      const bound = readBody(message, body, headerOf(headers, "content-type"));
      pager?.complete(bound);
      return bound;
    } catch (error) {
      throw error instanceof Violation ? bodyRefused(error) : error;
    }
  }

  return {
    pathFields: path.places.map((place) => place.path),
    check(headers) {
      const contentType = headerOf(headers, "content-type");
      if (contentType !== undefined && isRpcType(contentType)) throw unsupportedType();
      if (!takesBody || !announcesBody(headers)) return;
      if (target.kind !== "raw") formOf(contentType);
      codingOf(headers);
    },
    bind(segments, queryText, headers, body) {
      const message = makeMessage();
      const violations: Violation[] = [];
      path.bind(message, segments, violations);
      if (queryText !== "") query.bind(message, queryText, violations);
      if (violations.length > 0) throw refused(Reason.PARAMETER_INVALID, violations);
      if (!takesBody || body.length === 0) return finish(message, headers, body);
      const bytes = inflateRequest(codingOf(headers), body, bytesMax);
      return bytes instanceof Promise
        ? bytes.then((b) => finish(message, headers, b))
        : finish(message, headers, bytes);
    },
  };
}

/** The text style of a service. */
export function textStyle({ envelope, lenient, commaLists }: ServiceRest): TextStyle {
  return { wireNames: lenient || envelope === Envelope.V4, commaLists };
}

function codingOf(headers: HeaderRecord) {
  const name = headerOf(headers, "content-encoding")?.trim().toLowerCase();
  return requestCoding(name, "accept-encoding", offeredCodings);
}

/** Whether body bytes are to come, as far as headers tell. HTTP/2 need not tell. */
function announcesBody(headers: HeaderRecord): boolean {
  const length = headers["content-length"];
  return length !== undefined && length !== "0";
}

function matcher(patterns: readonly string[]): (key: string) => boolean {
  const names = new Set(patterns.filter((p) => !p.endsWith("*")));
  const prefixes = patterns.filter((p) => p.endsWith("*")).map((p) => p.slice(0, -1));
  return (key) => names.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}

function bodyRefused(violation: Violation): ConnectError {
  if (violation.field === "") return fail(Reason.BODY_MALFORMED, violation.message);
  return refused(Reason.BODY_MALFORMED, [violation]);
}

function refused(reason: Reason, violations: readonly Violation[]): ConnectError {
  const [first] = violations;
  return fail(reason, first === undefined ? "request is invalid" : `${first.field}: ${first.message}`, {
    violations: violations.map((v) => ({ field: v.field, description: v.message, reason: v.reason })),
  });
}
