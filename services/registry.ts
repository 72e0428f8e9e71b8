import type { Clock } from "../platform/call/clock.js";
import { idMaker } from "../platform/call/id.js";
import type { ServiceDefinition } from "../platform/contract/service.js";
import type { Resolvers } from "../platform/policy/authorize.js";
import { zones } from "./zones/handlers.js";
import { memoryZones, type ZoneStore } from "./zones/store.js";

/** The services of the control plane, with what the platform needs to know of their resources. */
export interface Services {
  readonly definitions: readonly ServiceDefinition[];
  readonly resolvers: Resolvers;
  readonly zoneStore: ZoneStore;
}

/** Makes the services. One line each. */
export function createServices({ clock }: { clock: Clock }): Services {
  const zoneStore = memoryZones({ clock, newId: idMaker(clock) });
  return {
    definitions: [zones({ store: zoneStore })],
    resolvers: new Map([["zone", (id: string) => zoneStore.get(id)?.account?.id]]),
    zoneStore,
  };
}
