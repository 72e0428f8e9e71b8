// Hot path: one Call per request. Everything that costs is made when first asked for.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createContextValues, type ContextValues, type HandlerContext } from "@connectrpc/connect";
import type { MethodPlan } from "../contract/plan.js";
import type { Principal } from "./principal.js";
import { anonymous } from "./principal.js";
import type { Trace } from "./trace.js";

/** How a call came in. */
export type Door = "grpc" | "grpc-web" | "connect" | "rest" | "in-process";

/** Request headers as node gives them: lower-case names. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the transport knows about the other end. */
export interface Peer {
  /** The address of the client: the socket's, or what trusted proxies report. */
  readonly address: string;
  /** Subject alternative names of a verified client certificate, "URI:spiffe://..."; undefined without one. */
  readonly certificateNames: readonly string[] | undefined;
}

/** What a call begins with. */
export interface CallInit {
  readonly plan: MethodPlan;
  readonly door: Door;
  readonly requestMethod: string;
  readonly url: string;
  readonly headers: HeaderRecord;
  readonly peer: Peer;
  /** Whether handlers may see a header; by default all but credentials. REST passes on what its allow-list names. */
  readonly isMetadata?: (name: string) => boolean;
}

/**
 * One call: what handlers, steps and interceptors see of it. It is a standard Connect `HandlerContext`, so that any
 * connect-es handler or interceptor works with it, and it knows its plan and its principal besides.
 *
 * Times are those of `performance.now()`, in milliseconds.
 */
export class Call implements HandlerContext {
  readonly plan: MethodPlan;
  readonly door: Door;
  readonly requestMethod: string;
  readonly url: string;
  readonly peer: Peer;
  /** When the request's headers were read. */
  readonly startedAt: number;
  /** When the call has to be answered; Infinity for a stream without end. Set by the deadline step. */
  deadlineAt: number = Infinity;
  /** Who is calling. Set by the authenticate step. */
  principal: Principal = anonymous;
  /** Names the call in logs and answers. Set by the trace step. */
  requestId = "";
  /** Where the call stands in its trace. Set by the trace step. */
  trace: Trace | undefined = undefined;
  /** Request bytes of the message, response bytes of the message; 0 until known. */
  requestBytes = 0;
  responseBytes = 0;

  readonly #headers: HeaderRecord;
  readonly #isMetadata: ((name: string) => boolean) | undefined;
  #abort: AbortController | undefined = undefined;
  #aborted: { reason: unknown } | undefined = undefined;
  #requestHeader: Headers | undefined = undefined;
  #responseHeader: Headers | undefined = undefined;
  #responseTrailer: Headers | undefined = undefined;
  #values: ContextValues | undefined = undefined;

  constructor(init: CallInit) {
    this.plan = init.plan;
    this.door = init.door;
    this.requestMethod = init.requestMethod;
    this.url = init.url;
    this.peer = init.peer;
    this.#headers = init.headers;
    this.#isMetadata = init.isMetadata;
    this.startedAt = performance.now();
  }

  get method(): DescMethod {
    return this.plan.method;
  }

  get service(): DescService {
    return this.plan.method.parent;
  }

  /** "grpc", "grpc-web" or "connect" as in connect-es; also "rest" and "in-process". */
  get protocolName(): string {
    return this.door;
  }

  /** Aborts when the caller is gone, the deadline has passed, or the server stops. Never after a regular end. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#aborted !== undefined) this.#abort.abort(this.#aborted.reason);
    }
    return this.#abort.signal;
  }

  /** Aborts `signal`. The reason is a ConnectError; a second call has no effect. */
  abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#abort?.abort(reason);
  }

  /** Milliseconds left until the deadline, not below 0; undefined without one. */
  readonly timeoutMs = (): number | undefined => {
    return this.deadlineAt === Infinity ? undefined : Math.max(0, this.deadlineAt - performance.now());
  };

  /** A request header by its lower-case name, the values of a repeated one joined with ", ". For steps; see requestHeader. */
  header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === "string" || value === undefined ? value : value.join(", ");
  }

  /** The request headers that handlers may see: all but credentials, which end at the authenticate step. */
  get requestHeader(): Headers {
    return (this.#requestHeader ??= visibleHeaders(this.#headers, this.#isMetadata));
  }

  get responseHeader(): Headers {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer(): Headers {
    return (this.#responseTrailer ??= new Headers());
  }

  /** The response headers if the handler touched them. */
  get responseHeaderIfSet(): Headers | undefined {
    return this.#responseHeader;
  }

  /** The response trailers if the handler touched them. */
  get responseTrailerIfSet(): Headers | undefined {
    return this.#responseTrailer;
  }

  /** Takes the headers and trailers of a response that somebody else will write. */
  adopt(responseHeader: Headers, responseTrailer: Headers): void {
    this.#responseHeader = responseHeader;
    this.#responseTrailer = responseTrailer;
  }

  get values(): ContextValues {
    return (this.#values ??= createContextValues());
  }
}

const credentials = new Set(["authorization", "cookie", "proxy-authorization", "x-auth-key", "x-auth-email"]);

function visibleHeaders(record: HeaderRecord, isMetadata?: (name: string) => boolean): Headers {
  const headers = new Headers();
  for (const name of Object.keys(record)) {
    // Names with a colon are HTTP/2 pseudo headers.
    if (name.charCodeAt(0) === 58 || credentials.has(name) || isMetadata?.(name) === false) continue;
    const value = record[name];
    if (typeof value === "string") headers.append(name, value);
    else if (value !== undefined) for (const v of value) headers.append(name, v);
  }
  return headers;
}
