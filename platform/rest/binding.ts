// Hot path: the functions of a binding run for every REST request.
import type { Message } from "@bufbuild/protobuf";
import type { HttpRule } from "../../gen/ts/google/api/http_pb.js";
import { Envelope, JsonNames } from "../../gen/ts/trunkline/v1/rest_pb.js";
import type { Call, HeaderRecord } from "../call/call.js";
import type { MethodPlan } from "../contract/plan.js";
import type { RestAnswer } from "./answer.js";
import { compileBinder, type BindOptions } from "./bind.js";
import type { HttpBinding } from "./body-target.js";
import type { RequestShape } from "./error-v4.js";
import type { ErrorStyle } from "./errors.js";
import { checkBinary } from "./metadata.js";
import { compileRenderer, type RenderOptions } from "./render.js";
import type { Route } from "./routes.js";
import { parseTemplate } from "./template.js";

/** A method that REST can serve. The dispatcher's operation is one. */
export interface RestOperation {
  readonly plan: MethodPlan;
}

/** What a request was matched with, to be bound after the header steps. */
export interface Matched {
  /** Segments of the path as received, as the template matched them. */
  readonly segments: readonly string[];
  /** The query as received, without "?"; "" for none. */
  readonly query: string;
}

/** One route of a method: reads its requests and writes its answers. */
export interface Binding<Op extends RestOperation> {
  readonly operation: Op;
  /** The method of the route; "*" for any. */
  readonly httpMethod: string;
  /** The template, for logs and metrics: they never see the path itself. */
  readonly template: string;
  /** How failures of the method look. */
  readonly errorStyle: ErrorStyle;
  /** Where the fields of its requests come from. */
  readonly shape: RequestShape;
  /**
   * Checks the headers that the binding depends on: content type and coding, what the client accepts, binary metadata.
   *
   * @throws ConnectError.
   */
  check(headers: HeaderRecord): void;
  /**
   * Makes the request message. The body is as received: still content-encoded, read up to the limit. A promise only if
   * it is large and has to be inflated.
   *
   * @throws ConnectError, with BadRequest where fields are known.
   */
  bind(matched: Matched, headers: HeaderRecord, body: Buffer): Message | Promise<Message>;
  /**
   * The answer for a response message. A promise only if it is large and the client takes a coding.
   *
   * @throws Error if the message cannot be written: a fault of the server.
   */
  render(message: Message, call: Call | undefined, headers: HeaderRecord): RestAnswer | Promise<RestAnswer>;
}

/** A route and the binding that it leads to. */
export interface BindingRoute<Op extends RestOperation> extends Route {
  readonly binding: Binding<Op>;
}

/**
 * Compiles the `google.api.http` rule of a unary method: the rule itself and its additional bindings. No routes for a
 * method without a rule, or with streams.
 *
 * @throws Error naming method and template (TRANSCODING 1.7).
 */
export function routesOf<Op extends RestOperation>(
  operation: Op,
  options: BindOptions & RenderOptions,
): BindingRoute<Op>[] {
  const { plan } = operation;
  if (plan.httpRule === undefined || plan.method.methodKind !== "unary") return [];
  const nested = plan.httpRule.additionalBindings.find((rule) => rule.additionalBindings.length > 0);
  if (nested !== undefined) throw new Error(`${plan.name}: an additional binding has additional bindings`);
  return [plan.httpRule, ...plan.httpRule.additionalBindings].map((rule) => {
    try {
      return compile(operation, rule, options);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${plan.name}, ${describe(rule)}: ${problem}`, { cause });
    }
  });
}

function compile<Op extends RestOperation>(
  operation: Op,
  rule: HttpRule,
  options: BindOptions & RenderOptions,
): BindingRoute<Op> {
  const { plan } = operation;
  const http = readRule(rule);
  const binder = compileBinder(plan, http, options);
  const renderer = compileRenderer(plan, rule.responseBody, options);
  return {
    httpMethod: http.httpMethod,
    template: http.template,
    ignoreTrailingSlash: plan.serviceRest.ignoreTrailingSlash,
    origin: plan.name,
    binding: {
      operation,
      httpMethod: http.httpMethod,
      template: http.template.text,
      errorStyle: plan.serviceRest.envelope === Envelope.V4 ? "v4" : "plain",
      shape: {
        message: plan.method.input,
        names: plan.serviceRest.jsonNames === JsonNames.PROTO ? "proto" : "json",
        body: http.body,
        path: binder.pathFields,
      },
      check(headers) {
        binder.check(headers);
        renderer.check(headers);
        checkBinary(headers);
      },
      bind: (matched, headers, body) => binder.bind(matched.segments, matched.query, headers, body),
      render: (message, call, headers) => renderer.render(message, call, headers),
    },
  };
}

function readRule(rule: HttpRule): HttpBinding {
  const { pattern, body } = rule;
  if (pattern.case === undefined) throw new Error("the rule has no pattern");
  if (pattern.case !== "custom")
    return { httpMethod: pattern.case.toUpperCase(), template: parseTemplate(pattern.value), body };
  const { kind, path } = pattern.value;
  if (!/^(?:\*|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.test(kind)) throw new Error(`"${kind}" is no HTTP method`);
  return { httpMethod: kind, template: parseTemplate(path), body };
}

function describe({ pattern }: HttpRule): string {
  if (pattern.case === undefined) return "a rule without a pattern";
  if (pattern.case === "custom") return `${pattern.value.kind} ${pattern.value.path}`;
  return `${pattern.case.toUpperCase()} ${pattern.value}`;
}
