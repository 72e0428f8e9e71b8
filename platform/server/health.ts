import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/ts/grpc/health/v1/health_pb.js";
import { Credential, Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { Call } from "../call/call.js";
import { policyFor } from "../contract/override.js";
import { defineService, type ServiceDefinition } from "../contract/service.js";

/** Whether this server should get traffic. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, in a few words; "" when ready. */
  readonly reason: string;
  /** Adds a condition that has to hold, such as a reachable database; it is asked at each probe. */
  require(name: string, holds: () => boolean): void;
  /** Not ready from now on: the server is going to stop. */
  drain(): void;
  /** Calls `listener` when draining begins; returns a function that forgets it. */
  onDrain(listener: () => void): () => void;
}

/** Readiness without conditions. */
export function createReadiness(): Readiness {
  const conditions = new Map<string, () => boolean>();
  const listeners = new Set<() => void>();
  let draining = false;
  const reason = (): string => {
    if (draining) return "draining";
    for (const [name, holds] of conditions) if (!holds()) return `${name} is not ready`;
    return "";
  };
  return {
    get ready() {
      return reason() === "";
    },
    get reason() {
      return reason();
    },
    require: (name, holds) => void conditions.set(name, holds),
    drain() {
      draining = true;
      for (const listener of listeners) listener();
    },
    onDrain(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

// How often a watcher's status is looked at besides the moment when draining begins.
const watchMs = 1000;

/** `grpc.health.v1.Health`: the whole server as "", and each service by its name. */
export function healthService(
  services: () => readonly DescService[],
  readiness: Readiness,
): ServiceDefinition {
  const statusOf = (name: string): Status | undefined => {
    if (name !== "" && !services().some((s) => s.typeName === name)) return undefined;
    return readiness.ready ? Status.SERVING : Status.NOT_SERVING;
  };
  return defineService(
    Health,
    {
      check({ service }) {
        const status = statusOf(service);
        if (status === undefined)
          throw new ConnectError(`unknown service "${service.slice(0, 64)}"`, Code.NotFound);
        return { status };
      },
      list() {
        const names = ["", ...services().map((s) => s.typeName)];
        const status = readiness.ready ? Status.SERVING : Status.NOT_SERVING;
        return { statuses: Object.fromEntries(names.map((name) => [name, { status }])) };
      },
      async *watch({ service }, call) {
        let last: Status | undefined;
        while (!call.signal.aborted) {
          const status = statusOf(service) ?? Status.SERVICE_UNKNOWN;
          if (status !== last) yield { status };
          last = status;
          await change(readiness, call);
        }
      },
    },
    policyFor(Health, {
      defaults: {
        access: { credentials: [Credential.NONE] },
        deadline: { defaultMs: 1000, maxMs: 10_000 },
        rate: { class: RateClass.UNLIMITED },
        criticality: Criticality.CRITICAL_PLUS,
      },
      methods: {
        watch: {
          access: { credentials: [Credential.NONE] },
          deadline: { defaultMs: 0 },
          rate: { class: RateClass.UNLIMITED },
          criticality: Criticality.CRITICAL_PLUS,
        },
      },
      reads: ["check", "list", "watch"],
    }),
  );
}

/** Waits until readiness may have changed, or the watcher is gone. */
function change(readiness: Readiness, call: Call): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      forget();
      call.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, watchMs);
    const forget = readiness.onDrain(done);
    call.signal.addEventListener("abort", done, { once: true });
  });
}
