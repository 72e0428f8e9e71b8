/** Why a connection was not let in. */
export type RefusalReason = "connections" | "connections-per-peer" | "certificate";

/** Why the listener ended a connection that its client would have kept. */
export type EndReason =
  | "headers-timeout"
  | "idle"
  | "age"
  | "drain"
  | "write-stall"
  | "unresponsive"
  | "resets"
  | "protocol-errors"
  | "control-frames"
  | "overhead";

/** What happens to connections, for metrics. `ended` comes before the `closed` of the same connection. */
export type ConnectionEvent =
  | { readonly kind: "opened" }
  | { readonly kind: "closed" }
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "ended"; readonly reason: EndReason }
  /** A request answered by the listener itself, before any handler. */
  | { readonly kind: "rejected"; readonly status: ClientErrorStatus };

/** The statuses with which the listener itself refuses a request. */
export type ClientErrorStatus = 400 | 408 | 414 | 431;

/** The body of such an answer. */
export interface ClientErrorBody {
  readonly contentType: string;
  readonly body: string;
}

const texts: Record<ClientErrorStatus, string> = {
  400: "bad request",
  408: "the request did not arrive in time",
  414: "the request target is too long",
  431: "the request headers are too large",
};

/** The body used when the application has none of its own. */
export function plainClientError(status: ClientErrorStatus): ClientErrorBody {
  return { contentType: "text/plain; charset=utf-8", body: `${texts[status]}\n` };
}
