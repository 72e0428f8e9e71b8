// Hot path: who is calling.
import type { Call } from "../call/call.js";
import { fail } from "../call/errors.js";
import type { HeaderStep } from "../call/operation.js";
import type { Principal } from "../call/principal.js";
import type { MethodPlan } from "../contract/plan.js";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { Credential } from "../../gen/ts/trunkline/v1/policy_pb.js";

/** Finds out whom a credential belongs to; undefined: nobody, or nobody any more. At once if it can. */
export interface Verifiers {
  /** An API token, as it stands after "Bearer ". */
  readonly apiToken?: (token: string, call: Call) => Principal | undefined | Promise<Principal | undefined>;
  /** The identity of an internal service, from its client certificate or signed token; undefined: the caller has none. */
  readonly service?: (call: Call) => Principal | undefined | Promise<Principal | undefined>;
}

/** The step that sets `call.principal`; undefined for methods that need no credential. */
export function authenticateStep(plan: MethodPlan, verifiers: Verifiers): HeaderStep | undefined {
  if (plan.credentials.has(Credential.NONE)) return undefined;
  const { apiToken, service } = verifiers;
  const takesToken = plan.credentials.has(Credential.API_TOKEN) && apiToken !== undefined;
  const takesService = plan.credentials.has(Credential.SERVICE) && service !== undefined;
  return (call) => {
    if (takesService) {
      const found = service(call);
      if (found instanceof Promise)
        return found.then((p) => (p === undefined ? byToken(call) : accept(call, p)));
      if (found !== undefined) return accept(call, found);
    }
    return byToken(call);
  };

  function byToken(call: Call): void | Promise<void> {
    if (!takesToken) throw fail(Reason.CALLER_NOT_ALLOWED, "this method is for internal services only");
    const found = apiToken(bearerToken(call), call);
    return found instanceof Promise ? found.then((p) => accept(call, p)) : accept(call, found);
  }
}

function accept(call: Call, principal: Principal | undefined): void {
  if (principal === undefined) throw fail(Reason.CREDENTIAL_INVALID, "the token is not valid");
  call.principal = principal;
}

/** The token of `Authorization: Bearer <token>` (RFC 6750). */
function bearerToken(call: Call): string {
  const header = call.header("authorization");
  if (header === undefined || header === "") {
    throw fail(Reason.CREDENTIAL_MISSING, "authorization header is missing");
  }
  // The scheme is case-insensitive (RFC 9110 11.1).
  const isBearer = header.startsWith("Bearer ") || header.slice(0, 7).toLowerCase() === "bearer ";
  const token = isBearer ? header.slice(7).trim() : "";
  if (token === "" || token.length > 1024 || token.includes(" ") || token.includes(",")) {
    throw fail(Reason.CREDENTIAL_MALFORMED, "authorization header must be a single bearer token");
  }
  return token;
}
