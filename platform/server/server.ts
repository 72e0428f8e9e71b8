import { createRegistry, type DescFile, type DescService, type Registry } from "@bufbuild/protobuf";
import type { Interceptor, Transport } from "@connectrpc/connect";
import type { Operation } from "../call/operation.js";
import { readPlans } from "../contract/read.js";
import type { ServiceDefinition } from "../contract/service.js";
import type { Verifiers } from "../policy/authenticate.js";
import type { Resolvers } from "../policy/authorize.js";
import { memoryLimiter, type Limiter, type RateLimits } from "../policy/limit.js";
import type { Telemetry } from "../telemetry/telemetry.js";
import { compileOperation } from "./compile.js";
import type { ConnectionEvent } from "./connection-events.js";
import { createCors, type CorsOptions } from "./cors.js";
import { dispatcher, type Surface } from "./dispatch.js";
import { createReadiness, healthService, type Readiness } from "./health.js";
import { inProcessTransport } from "./in-process.js";
import { defaultLimits, type Limits } from "./limits.js";
import { listen, type Listener } from "./listen.js";
import { peerFinder } from "./peer.js";
import { probes } from "./probes.js";
import { reflectionServices } from "./reflection.js";
import { defaultRates } from "./rates.js";
import { restRoad, type RestRoad } from "./rest-road.js";
import { streamRoad } from "./streams.js";
import type { TlsOptions } from "./tls.js";

/** Where a listener listens. */
export interface ListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsOptions;
}

/** What a server is made of. Only `services` and `telemetry` have no default. */
export interface ServerOptions {
  readonly services: readonly ServiceDefinition[];
  readonly telemetry: Telemetry;
  /** The listener of internal callers: every method, every RPC protocol, health, reflection, probes, metrics. */
  readonly internal?: ListenerOptions;
  /** The listener of the public: methods with `google.api.http`, as REST and as Connect. */
  readonly public?: ListenerOptions;
  readonly verifiers?: Verifiers;
  readonly resolvers?: Resolvers;
  readonly limiter?: Limiter;
  readonly rates?: RateLimits;
  readonly interceptors?: readonly Interceptor[];
  readonly limits?: Partial<Limits>;
  /** Largest message in bytes whose method sets no bound of its own. */
  readonly messageBytesMax?: number;
  readonly cors?: CorsOptions;
  /** Networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
}

/** A server that has been compiled, and listens once started. */
export interface Server {
  readonly readiness: Readiness;
  /** Calls of its services from the same process. */
  readonly inProcess: Transport;
  readonly operations: ReadonlyMap<string, Operation>;
  /** Opens the listeners. */
  start(): Promise<{ readonly internal: Listener | undefined; readonly public: Listener | undefined }>;
  /**
   * Ends in order: not ready, `delayMs` for load balancers to notice, then both listeners drain: GOAWAY, calls in
   * flight finish within `graceMs`, the rest is cut.
   */
  drain(options: { readonly delayMs: number; readonly graceMs: number }): Promise<void>;
  /** Cuts everything. */
  close(): Promise<void>;
}

const MiB = 1024 * 1024;

/**
 * Compiles a server from service definitions.
 *
 * @throws ContractError if the contract is incomplete or contradicts itself, with file and line.
 */
export function createServer(options: ServerOptions): Server {
  const { telemetry } = options;
  const readiness = createReadiness();
  const served = (): DescService[] => definitions.map((d) => d.service);
  const definitions: readonly ServiceDefinition[] = [
    ...options.services,
    healthService(served, readiness),
    ...reflectionServices(served),
  ];
  const registry = createRegistry(...definitions.flatMap((d) => withDependencies(d.service.file)));
  const operations = compile(definitions, registry, options);
  const open = new Map([...operations].filter(([, operation]) => operation.plan.httpRule !== undefined));
  const streams = streamRoad(
    [...operations.values()].filter((o) => o.plan.method.methodKind !== "unary"),
    options.interceptors ?? [],
    registry,
  );
  const cors = createCors(options.cors ?? { origins: [], maxAgeSeconds: 7200 });
  const common = { streams, telemetry, cors, peerOf: peerFinder(options.trustedProxies ?? []) };
  const internal: Surface = {
    ...common,
    operations,
    grpc: true,
    other: probes(readiness, telemetry.metrics),
  };
  const rest = restRoad([...open.values()], { ...common, registry, errorStyle: "v4" });
  const publicSurface: Surface = {
    ...common,
    operations: open,
    grpc: false,
    other: rest.serve,
  };
  const limits = { ...defaultLimits, ...options.limits };
  const listeners: Listener[] = [];

  async function listenOn(
    listener: ListenerOptions | undefined,
    surface: Surface,
    onClientError?: RestRoad["clientError"],
  ): Promise<Listener | undefined> {
    if (listener === undefined) return undefined;
    const opened = await listen(
      {
        ...listener,
        limits,
        ...(onClientError && { onClientError }),
        onEvent: (event) => telemetry.connection(eventName(event)),
      },
      dispatcher(surface),
    );
    listeners.push(opened);
    return opened;
  }

  return {
    readiness,
    operations,
    inProcess: inProcessTransport(operations, telemetry),
    async start() {
      return {
        internal: await listenOn(options.internal, internal),
        public: await listenOn(options.public, publicSurface, rest.clientError),
      };
    },
    async drain({ delayMs, graceMs }) {
      readiness.drain();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await Promise.all(listeners.map((listener) => listener.drain({ graceMs })));
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

function compile(
  definitions: readonly ServiceDefinition[],
  registry: Registry,
  options: ServerOptions,
): Map<string, Operation> {
  const definitionOf = new Map(definitions.map((d) => [d.service.typeName, d]));
  const parts = {
    verifiers: options.verifiers ?? {},
    resolvers: options.resolvers ?? new Map(),
    limiter: options.limiter ?? memoryLimiter(),
    limits: options.rates ?? defaultRates,
    interceptors: options.interceptors ?? [],
    registry,
    messageBytesMax: options.messageBytesMax ?? 4 * MiB,
  };
  return new Map(
    readPlans(definitions).map((plan) => {
      // Every plan was read from one of the definitions.
      const definition = definitionOf.get(plan.method.parent.typeName)!;
      return [plan.path, compileOperation(plan, definition, parts)];
    }),
  );
}

function eventName(event: ConnectionEvent): string {
  if ("reason" in event) return `${event.kind}:${event.reason}`;
  return "status" in event ? `${event.kind}:${event.status}` : event.kind;
}

function withDependencies(file: DescFile): DescFile[] {
  return [file, ...file.dependencies.flatMap(withDependencies)];
}
