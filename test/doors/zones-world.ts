// Zones that are the same at every start, and who may see them.
import { ZoneType } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import type { Principal } from "../../platform/call/principal.js";
import type { ServiceDefinition } from "../../platform/contract/service.js";
import type { Resolvers } from "../../platform/policy/authorize.js";
import { zones } from "../../services/zones/handlers.js";
import { memoryZones, type ZoneStore } from "../../services/zones/store.js";
import { labPermission } from "../lab/service.js";

export const ownAccount = "a".repeat(32);
export const otherAccount = "b".repeat(32);
export const ownZone = idOf(1);
export const otherZone = idOf(2);
export const missingZone = "f".repeat(32);

const permissions = new Set(["zone.read", "zone.create", "zone.edit", labPermission]);
const none = new Set<string>();

/** The callers. Only `owner` may do everything; `platform` sees all accounts; `dns` and `billing` are services. */
export const principals = {
  owner: { kind: "token", id: "owner", permissions, accounts: new Set([ownAccount]) },
  powerless: { kind: "token", id: "powerless", permissions: none, accounts: new Set([ownAccount]) },
  stranger: { kind: "token", id: "stranger", permissions, accounts: new Set(["c".repeat(32)]) },
  platform: { kind: "token", id: "platform", permissions, accounts: "all" },
  dns: { kind: "service", id: "dns", permissions: none, accounts: "all" },
  billing: { kind: "service", id: "billing", permissions: none, accounts: "all" },
} satisfies Record<string, Principal>;

/** The name of a caller. */
export type Caller = keyof typeof principals;

/** The zone service over a store that `reset` puts back to its beginning. */
export interface ZonesWorld {
  readonly definition: ServiceDefinition;
  readonly resolvers: Resolvers;
  reset(): void;
}

/** A world with one zone of the owner and one of somebody else. */
export function zonesWorld(): ZonesWorld {
  let store = freshStore();
  const current: ZoneStore = {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    insert: (...args) => store.insert(...args),
    update: (...args) => store.update(...args),
    delete: (...args) => store.delete(...args),
    resolve: (...args) => store.resolve(...args),
  };
  return {
    definition: zones({ store: current }),
    resolvers: new Map([["zone", (id: string) => current.get(id)?.account?.id]]),
    reset: () => void (store = freshStore()),
  };
}

function freshStore(): ZoneStore {
  let made = 0;
  const store = memoryZones({
    clock: { now: () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)) },
    newId: () => idOf(++made),
  });
  store.insert({ name: "example.com", accountId: ownAccount, type: ZoneType.FULL });
  store.insert({ name: "example.net", accountId: otherAccount, type: ZoneType.PARTIAL });
  return store;
}

function idOf(number: number): string {
  return String(number).padStart(32, "0");
}
