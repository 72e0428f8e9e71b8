// Hot path: `route` and the functions of a binding run for every REST request.
import { create, type Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import type { Call, HeaderRecord } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { RestAnswer } from "./answer.js";
import type { BindOptions } from "./bind.js";
import { routesOf, type Binding, type Matched, type RestOperation } from "./binding.js";
import { errorRenderer, type ErrorOptions, type ErrorStyle } from "./errors.js";
import type { RenderOptions } from "./render.js";
import { routeTable, splitPath } from "./routes.js";
import { readTarget, type Target } from "./target.js";

/** What a request line leads to. */
export type RouteResult<Op extends RestOperation> =
  | ({ readonly kind: "match"; readonly binding: Binding<Op>; readonly head: boolean } & Matched)
  /** Answer 204 with this `Allow`. */
  | { readonly kind: "options"; readonly allow: string }
  /** Answer with `renderError`; `Allow` is in it. */
  | {
      readonly kind: "refuse";
      readonly status: number;
      readonly error: ConnectError;
      readonly allow?: string;
    };

/** Finds bindings, and writes failures. */
export interface RestRouter<Op extends RestOperation> {
  /** Looks up a request line: its method and target as received. Never throws. */
  route(httpMethod: string, target: string): RouteResult<Op>;
  /** The answer for whatever was thrown. Without a binding it has the server's default style. Never throws. */
  renderError(
    thrown: unknown,
    binding: Binding<Op> | undefined,
    headers: HeaderRecord,
    call: Call | undefined,
  ): RestAnswer | Promise<RestAnswer>;
}

/** Settings of a REST server. */
export interface RestOptions {
  /** The types of the contract: for Any, error details and reasons. */
  readonly registry: Registry;
  /** How failures without a route look. Default "plain". */
  readonly errorStyle?: ErrorStyle;
  /** The errors page, for `documentation_url` in the v4 style. Default: no links. */
  readonly docsUrl?: string;
  /** `WWW-Authenticate` of a 401. Default "Bearer". */
  readonly challenge?: string;
  /** Longest request target in bytes. Default 8 KiB. */
  readonly targetBytesMax?: number;
  /** Most parameters in a query. Default 1000. */
  readonly queryParametersMax?: number;
  /** Parameters that no service minds: names, or `prefix*`. Default none. */
  readonly queryIgnored?: readonly string[];
  /** Largest body in bytes, decoded, of methods that set none. Default 4 MiB. */
  readonly bodyBytesMax?: number;
  /** Largest answer in bytes of methods that set none. Default 4 MiB. */
  readonly answerBytesMax?: number;
  /** The FieldMask field that PATCH fills where the method names none. Default "update_mask". */
  readonly patchMaskField?: string;
  /** Unknown members of JSON bodies in services that are not lenient. Default "ignore". */
  readonly unknownFields?: "ignore" | "reject";
}

/**
 * Compiles the REST routes of all unary methods that have a `google.api.http` rule. The order of operations has no
 * influence.
 *
 * @throws Error for a contract that cannot be served, naming the methods (TRANSCODING 1.7).
 */
export function restRouter<Op extends RestOperation>(
  operations: readonly Op[],
  options: RestOptions,
): RestRouter<Op> {
  const settings = withDefaults(options);
  const errors = errorRenderer(settings);
  const table = routeTable(operations.flatMap((operation) => routesOf(operation, settings)));

  function refuse(error: ConnectError, allow?: string): RouteResult<Op> {
    const status = errors.status(error, settings.errorStyle);
    if (allow === undefined) return { kind: "refuse", status, error };
    error.metadata.set("allow", allow);
    return { kind: "refuse", status, error, allow };
  }

  return {
    route(httpMethod, rawTarget) {
      let target: Target;
      try {
        target = readTarget(rawTarget, settings.targetBytesMax);
      } catch (error) {
        return refuse(ConnectError.from(error));
      }
      if (target.path === "*") {
        if (httpMethod === "OPTIONS")
          return { kind: "options", allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT" };
        return refuse(fail(Reason.REQUEST_MALFORMED, "only OPTIONS has the target *"));
      }
      const path = splitPath(target.path, target.escaped);
      const found = table.find(httpMethod, path);
      if (found !== undefined) {
        const { binding } = found.route;
        const head = httpMethod === "HEAD" && binding.httpMethod !== "HEAD";
        return { kind: "match", binding, head, segments: found.segments, query: target.query };
      }
      const allow = table.allow(path);
      if (allow === undefined) return refuse(fail(Reason.ROUTE_NOT_FOUND, "no route for this path"));
      if (httpMethod === "OPTIONS") return { kind: "options", allow };
      return refuse(fail(Reason.METHOD_NOT_ALLOWED, `this path is called by ${allow}`), allow);
    },
    renderError(thrown, binding, headers, call) {
      if (binding === undefined) return errors.render(thrown, settings.errorStyle, undefined, call, headers);
      const code: number | undefined = thrown instanceof ConnectError ? thrown.code : undefined;
      // A handler that throws the code 0 has succeeded (TRANSCODING 10.2).
      if (code === 0) {
        return binding.render(create(binding.operation.plan.method.output), call, headers);
      }
      return errors.render(thrown, binding.errorStyle, binding.shape, call, headers);
    },
  };
}

function withDefaults(options: RestOptions) {
  const { registry } = options;
  return {
    registry,
    strictJson: { registry, unknownFields: options.unknownFields ?? "ignore", lenient: false },
    lenientJson: { registry, unknownFields: "ignore", lenient: true },
    errorStyle: options.errorStyle ?? "plain",
    docsUrl: options.docsUrl,
    challenge: options.challenge ?? "Bearer",
    targetBytesMax: options.targetBytesMax ?? 8 * 1024,
    queryParametersMax: options.queryParametersMax ?? 1000,
    queryIgnored: options.queryIgnored ?? [],
    bodyBytesMax: options.bodyBytesMax ?? 4 * 1024 * 1024,
    answerBytesMax: options.answerBytesMax ?? 4 * 1024 * 1024,
    patchMaskField: options.patchMaskField ?? "update_mask",
  } satisfies BindOptions &
    RenderOptions &
    ErrorOptions &
    Pick<Required<RestOptions>, "errorStyle" | "targetBytesMax">;
}
