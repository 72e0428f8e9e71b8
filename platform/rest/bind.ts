// Hot path: makes the request message of every REST call.
import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { HttpBodySchema } from "../../gen/ts/google/api/httpbody_pb.js";
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
import { bodyBinder, type BodyTarget } from "./body.js";
import { offeredCodings } from "./coding.js";
import { formOf, isRpcType, unsupportedType } from "./content.js";
import { updateMaskOf } from "./mask.js";
import { pagerOf } from "./page.js";
import { pathBinder } from "./path.js";
import { placeOf, type Place } from "./place.js";
import { queryBinder } from "./query.js";
import type { TextStyle } from "./slot.js";
import type { Template } from "./template.js";

/** How requests are read, the same for all bindings of a server. */
export interface BindOptions {
  /** Resolves the `@type` of Any in JSON. */
  readonly registry: Registry;
  /** Largest body in bytes, after content decoding, where the method sets none. */
  readonly bodyBytesMax: number;
  readonly queryParametersMax: number;
  /** Names of parameters that are passed over: whole names, or `prefix*`. */
  readonly queryIgnored: readonly string[];
  /** The FieldMask field that PATCH fills where the method names none. */
  readonly patchMaskField: string;
  /** Unknown members of JSON bodies. */
  readonly unknownFields: "ignore" | "reject";
}

/** One google.api.http rule. */
export interface HttpBinding {
  readonly httpMethod: string;
  readonly template: Template;
  /** "*", the name of a field, or "" for none. */
  readonly body: string;
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
  const readOptions = jsonOptions(plan.serviceRest, options);
  const path = pathBinder(binding.template, input, style);
  const target = bodyTarget(plan, binding, path.places, options);
  const pager = pagerOf(plan);
  const query = queryBinder({
    message: input,
    style,
    path: path.places,
    body:
      binding.body === ""
        ? undefined
        : binding.body === "*"
          ? "*"
          : { field: fieldNamed(input, binding.body).jsonName },
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

// One options object a style, since readers are kept by it.
const readOptionsOf = new WeakMap<BindOptions, Map<boolean, JsonReadOptions>>();

function jsonOptions({ lenient }: ServiceRest, options: BindOptions): JsonReadOptions {
  let styles = readOptionsOf.get(options);
  if (styles === undefined) readOptionsOf.set(options, (styles = new Map()));
  let made = styles.get(lenient);
  if (made === undefined) {
    made = { registry: options.registry, unknownFields: lenient ? "ignore" : options.unknownFields, lenient };
    styles.set(lenient, made);
  }
  return made;
}

function bodyTarget(
  plan: MethodPlan,
  { httpMethod, body }: HttpBinding,
  path: readonly Place[],
  options: BindOptions,
): BodyTarget {
  if (body === "") return { kind: "none" };
  if (httpMethod === "GET" || httpMethod === "HEAD" || httpMethod === "DELETE")
    throw new Error(`${httpMethod} has a body`);
  const { input } = plan.method;
  if (body === "*") return isHttpBody(input) ? { kind: "raw", place: undefined } : { kind: "whole" };
  const field = fieldNamed(input, body);
  if (path.some((place) => place.chain.length === 1 && place.field === field)) {
    throw new Error(`the path binds the body field ${body}`);
  }
  if (field.fieldKind === "message" && isHttpBody(field.message))
    return { kind: "raw", place: placeOf([field]) };
  return {
    kind: "field",
    place: placeOf([field]),
    mask: updateMaskOf(plan, httpMethod, field, path, options.patchMaskField),
  };
}

function fieldNamed(message: DescMessage, name: string) {
  const field = message.fields.find((f) => f.name === name);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name} for the body`);
  return field;
}

function isHttpBody(message: DescMessage | undefined): boolean {
  return message?.typeName === HttpBodySchema.typeName;
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
