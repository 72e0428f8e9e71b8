import type { Registry } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { HeaderStep, MessageStep, Operation } from "../call/operation.js";
import { binaryCodec } from "../codec/binary.js";
import { jsonReader } from "../codec/json-read.js";
import { jsonWriter } from "../codec/json-write.js";
import { messageFrom } from "../codec/message-from.js";
import type { MethodPlan } from "../contract/plan.js";
import type { ServiceDefinition } from "../contract/service.js";
import { authenticateStep, type Verifiers } from "../policy/authenticate.js";
import { permissionStep, resourceStep, type Resolvers } from "../policy/authorize.js";
import { limitStep, type Limiter, type RateLimits } from "../policy/limit.js";
import { traceStep } from "../policy/trace.js";
import { validateStep } from "../policy/validate.js";
import { intercept } from "./intercept.js";

/** What the steps of a plan need. */
export interface PlanParts {
  readonly verifiers: Verifiers;
  readonly resolvers: Resolvers;
  readonly limiter: Limiter;
  readonly limits: RateLimits;
  /** Standard Connect interceptors around every handler, the first one outermost. */
  readonly interceptors: readonly Interceptor[];
  readonly registry: Registry;
  /** Bounds of messages whose method sets none. */
  readonly messageBytesMax: number;
}

/** Compiles the plan of a method: only the steps that it needs, in the one order there is. */
export function compileOperation(
  plan: MethodPlan,
  definition: ServiceDefinition,
  parts: PlanParts,
): Operation {
  const { method } = plan;
  const handler = definition.handlers[method.localName];
  if (handler === undefined) throw new Error(`${plan.name} has no handler`);
  const toResponse = messageFrom(method.output);
  const intercepts = parts.interceptors.length > 0 && method.methodKind === "unary";
  return {
    plan,
    headerSteps: present<HeaderStep>([
      traceStep,
      authenticateStep(plan, parts.verifiers),
      limitStep(plan, parts.limiter, parts.limits),
      permissionStep(plan),
    ]),
    messageSteps: present<MessageStep>([validateStep(plan), resourceStep(plan, parts.resolvers)]),
    handler: intercepts ? intercept({ plan, handler, toResponse }, parts.interceptors) : handler,
    input: binaryCodec(method.input),
    output: binaryCodec(method.output),
    inputJson: jsonReader(method.input, {
      registry: parts.registry,
      unknownFields: "ignore",
      lenient: false,
    }),
    outputJson: jsonWriter(method.output, {
      registry: parts.registry,
      names: "json",
      emitImplicit: false,
      styled: false,
    }),
    toResponse,
    requestBytesMax: plan.requestBytesMax ?? parts.messageBytesMax,
    responseBytesMax: plan.responseBytesMax ?? parts.messageBytesMax,
  };
}

function present<T>(steps: readonly (T | undefined)[]): T[] {
  return steps.filter((step) => step !== undefined);
}
