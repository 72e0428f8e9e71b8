import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import type { Call } from "../call/call.js";
import type { MetadataRecord } from "./call-metadata.js";
import { isUnary, streamFunction, unaryFunction, type PlainFunction } from "./method-function.js";
import { methodRules, type MethodRules } from "./method-rules.js";
import { retryBudget, type RetryBudget } from "./retry-budget.js";
import { retrying, type RetryOptions } from "./retry.js";
import type { ServiceClient } from "./service-client.js";

/** What the clients of one service have in common. */
export interface ServiceClientOptions {
  /**
   * Headers that say who is calling: the user's credential, that of the calling service. Asked for before every call, with
   * the call it is made for, if any.
   */
  readonly credentials?: (from: Call | undefined) => MetadataRecord | undefined;
  readonly retry?: RetryOptions;
  /** Default: one for each transport, that is for each target. */
  readonly budget?: RetryBudget;
  /** What the contract of a service that we don't own leaves unsaid; wins over what it says. */
  readonly rules?: (method: DescMethod) => Partial<MethodRules> | undefined;
}

/**
 * A client of a service that keeps to its contract: deadlines, retries of what may be repeated, within a budget.
 *
 * Functions reject with ConnectError. They refuse with DEADLINE_EXCEEDED, without a request, when the call they are made
 * for has no time left.
 */
export function createServiceClient<S extends DescService>(
  service: S,
  transport: Transport,
  options: ServiceClientOptions = {},
): ServiceClient<S> {
  // Only called with the input that the kind of the method wants.
  const plain = createClient(service, transport) as unknown as Record<string, PlainFunction>;
  const budget = options.budget ?? budgetOf(transport);
  const retry = retrying(options.retry);
  const functions = service.methods.map((method) => {
    const context = {
      transport,
      rules: { ...methodRules(method), ...options.rules?.(method) },
      credentials: options.credentials,
      retry,
      budget,
    };
    const call = isUnary(method) ? unaryFunction(method, context) : streamFunction(method, plain, context);
    return [method.localName, call];
  });
  // The functions were made from the descriptors that the type is derived from.
  return Object.fromEntries(functions) as ServiceClient<S>;
}

const budgets = new WeakMap<Transport, RetryBudget>();

function budgetOf(transport: Transport): RetryBudget {
  let budget = budgets.get(transport);
  if (budget === undefined) budgets.set(transport, (budget = retryBudget()));
  return budget;
}
