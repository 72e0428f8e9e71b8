// For tests: plans without policy, and requests without a socket.
import { create, getOption, hasOption, type DescMethod, type Message } from "@bufbuild/protobuf";
import { http } from "../../gen/ts/google/api/annotations_pb.js";
import type { HttpRule } from "../../gen/ts/google/api/http_pb.js";
import { MethodPolicySchema } from "../../gen/ts/trunkline/v1/policy_pb.js";
import {
  MethodRestSchema,
  rest as restOption,
  service_rest as serviceRestOption,
  ServiceRestSchema,
  type MethodRest,
  type ServiceRest,
} from "../../gen/ts/trunkline/v1/rest_pb.js";
import { Call, type HeaderRecord } from "../../platform/call/call.js";
import type { MethodPlan } from "../../platform/contract/plan.js";
import type { RestAnswer } from "../../platform/rest/answer.js";
import { readTimeout } from "../../platform/rest/deadline.js";
import { restRouter, type RestOptions } from "../../platform/rest/transcoder.js";

/** What a test gives in place of the contract's options. */
export interface PlanInit {
  readonly httpRule?: HttpRule;
  readonly serviceRest?: ServiceRest;
  readonly methodRest?: MethodRest;
}

/** The plan of a method, with the REST options of its contract and no policy. */
export function planOf(method: DescMethod, init: PlanInit = {}): MethodPlan {
  const service = method.parent;
  const name = `${service.typeName}/${method.name}`;
  return {
    method,
    path: `/${name}`,
    name,
    policy: create(MethodPolicySchema),
    credentials: new Set(),
    reads: false,
    idempotent: false,
    deadlineDefaultMs: Infinity,
    deadlineMaxMs: Infinity,
    requestBytesMax: undefined,
    responseBytesMax: undefined,
    httpRule: init.httpRule ?? (hasOption(method, http) ? getOption(method, http) : undefined),
    serviceRest:
      init.serviceRest ??
      (hasOption(service, serviceRestOption)
        ? getOption(service, serviceRestOption)
        : create(ServiceRestSchema)),
    methodRest:
      init.methodRest ??
      (hasOption(method, restOption) ? getOption(method, restOption) : create(MethodRestSchema)),
  };
}

/** A handler of a test: a message, or what it throws. */
export type TestHandler = (request: Message, call: Call) => Message;

/** A request as the HTTP parser hands it over. */
export interface TestRequest {
  readonly method: string;
  readonly target: string;
  readonly headers?: HeaderRecord;
  readonly body?: Buffer | string;
}

/** What became of a request. */
export interface TestResult extends RestAnswer {
  readonly body: Buffer;
  /** Name of the rpc whose handler ran, with what it got. */
  readonly ran:
    { readonly rpc: string; readonly request: Message; readonly timeoutMs: number | undefined } | undefined;
}

/** Serves methods in the order of checks that the dispatcher keeps, less the steps of the policy. */
export function serveForTest(
  methods: readonly { plan: MethodPlan; handler: TestHandler }[],
  options: RestOptions,
): (request: TestRequest) => Promise<TestResult> {
  const router = restRouter(methods, options);
  return async ({ method, target, headers = {}, body = "" }) => {
    const found = router.route(method, target);
    if (found.kind === "options") {
      return { status: 204, headers: { allow: found.allow }, body: Buffer.alloc(0), ran: undefined };
    }
    if (found.kind === "refuse") {
      return result(await router.renderError(found.error, undefined, headers, undefined), undefined);
    }
    const { binding, head } = found;
    const { plan, handler } = binding.operation;
    const call = new Call({
      plan,
      door: "rest",
      requestMethod: method,
      url: target,
      headers,
      peer: { address: "127.0.0.1", certificateNames: undefined },
    });
    let ran: TestResult["ran"];
    let answer: RestAnswer;
    try {
      binding.check(headers);
      const timeoutMs = readTimeout(headers);
      const request = await binding.bind(found, headers, Buffer.from(body));
      ran = { rpc: plan.method.name, request, timeoutMs };
      answer = await binding.render(handler(request, call), call, headers);
    } catch (error) {
      answer = await router.renderError(error, binding, headers, call);
    }
    return result(head ? { ...answer, body: "" } : answer, ran);
  };
}

function result(answer: RestAnswer, ran: TestResult["ran"]): TestResult {
  return { ...answer, body: Buffer.from(answer.body), ran };
}
