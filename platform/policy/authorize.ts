// Hot path: what the caller may do.
import type { DescField, Message } from "@bufbuild/protobuf";
import type { Call } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { HeaderStep, MessageStep } from "../call/operation.js";
import { fieldAt } from "../contract/field.js";
import type { MethodPlan } from "../contract/plan.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { Credential } from "../../gen/ts/trunkline/v1/policy_pb.js";

/** Leads from the id of a resource to the account that owns it; undefined: there is no such resource. */
export type Resolver = (id: string, call: Call) => string | undefined | Promise<string | undefined>;

/** Resolvers by kind of resource. "account" needs none: its id is the account. */
export type Resolvers = ReadonlyMap<string, Resolver>;

/** The header step: whether the credential could ever be enough. undefined for methods without access rules. */
export function permissionStep(plan: MethodPlan): HeaderStep | undefined {
  if (plan.credentials.has(Credential.NONE)) return undefined;
  const { permission = "", callers = [] } = plan.policy.access ?? {};
  const allowed = new Set(callers);
  return ({ principal }) => {
    if (principal.kind === "service" && allowed.has(principal.id)) return;
    if (permission === "") throw fail(Reason.CALLER_NOT_ALLOWED, "this method is for internal services only");
    if (!principal.permissions.has(permission)) {
      throw fail(Reason.PERMISSION_MISSING, `the credential does not carry the permission ${permission}`, {
        metadata: { permission },
      });
    }
  };
}

/**
 * The message step: whether the caller may act on the resource that the request names. What belongs to another account
 * does not exist for the caller. undefined for methods that name no resource.
 */
export function resourceStep(plan: MethodPlan, resolvers: Resolvers): MessageStep | undefined {
  const resource = plan.policy.access?.resource;
  if (resource === undefined) return undefined;
  const fields = fieldAt(plan.method.input, resource.field) ?? [];
  const resolve = resource.kind === "account" ? (id: string) => id : resolvers.get(resource.kind);
  if (resolve === undefined)
    throw new Error(`${plan.name}: no resolver for resources of kind "${resource.kind}"`);
  return (call, message) => {
    const { principal } = call;
    if (principal.accounts === "all") return;
    const id = stringAt(message, fields);
    const account = resolve(id, call);
    if (account instanceof Promise) return account.then((a) => check(call, id, a));
    check(call, id, account);
  };

  function check({ principal }: Call, id: string, account: string | undefined): void {
    const may = account !== undefined && (principal.accounts === "all" || principal.accounts.has(account));
    if (!may)
      throw fail(Reason.RESOURCE_NOT_FOUND, `${resource?.kind} ${id} not found`, { metadata: { id } });
  }
}

function stringAt(message: Message, fields: readonly DescField[]): string {
  let value: unknown = message;
  for (const field of fields) {
    if (value === undefined) return "";
    // The path was checked at start-up: every field but the last is a message.
    value = (value as Record<string, unknown>)[field.localName];
  }
  return typeof value === "string" ? value : "";
}
