import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ZoneSchema, ZoneStatus, ZoneType, type Zone } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import type { Clock } from "../../platform/call/clock.js";

/** A page of zones and how many there are in all. */
export interface ZonePage {
  readonly zones: readonly Zone[];
  readonly total: number;
}

/** Which zones a list shows. */
export interface ZoneFilter {
  readonly accounts: ReadonlySet<string> | "all";
  /** Only the zone with this name; "" for all. */
  readonly name: string;
  /** Only zones with one of these states; empty for all. */
  readonly status: readonly ZoneStatus[];
}

/** Keeps zones. */
export interface ZoneStore {
  get(id: string): Zone | undefined;
  list(filter: ZoneFilter, offset: number, limit: number): ZonePage;
  /** Adds a zone; undefined if the name is taken. */
  insert(zone: {
    readonly name: string;
    readonly accountId: string;
    readonly type: ZoneType;
  }): Zone | undefined;
  /** Changes a zone; undefined if there is none. */
  update(id: string, change: { readonly paused?: boolean; readonly type?: ZoneType }): Zone | undefined;
  /** Deletes a zone; false if there is none. */
  delete(id: string): boolean;
  /** The zone with the longest name that is `name` or an ancestor of it. */
  resolve(name: string): Zone | undefined;
}

/** A store in memory: zones last as long as the process. */
export function memoryZones({ clock, newId }: { clock: Clock; newId: () => string }): ZoneStore {
  // Maps keep the order of insertion, which is the order of lists.
  const byId = new Map<string, Zone>();
  const idByName = new Map<string, string>();

  return {
    get: (id) => byId.get(id),

    list({ accounts, name, status }, offset, limit) {
      const matching = [...byId.values()].filter(
        (zone) =>
          (accounts === "all" || accounts.has(zone.account?.id ?? "")) &&
          (name === "" || zone.name === name) &&
          (status.length === 0 || status.includes(zone.status)),
      );
      return { zones: matching.slice(offset, offset + limit), total: matching.length };
    },

    insert({ name, accountId, type }) {
      if (idByName.has(name)) return undefined;
      const now = timestampFromDate(clock.now());
      const zone = create(ZoneSchema, {
        id: newId(),
        name,
        status: ZoneStatus.PENDING,
        type,
        nameServers: ["ns1.trunkline.example", "ns2.trunkline.example"],
        createdOn: now,
        modifiedOn: now,
        account: { id: accountId },
      });
      byId.set(zone.id, zone);
      idByName.set(name, zone.id);
      return zone;
    },

    update(id, change) {
      const zone = byId.get(id);
      if (zone === undefined) return undefined;
      const changed = create(ZoneSchema, { ...zone, ...change, modifiedOn: timestampFromDate(clock.now()) });
      byId.set(id, changed);
      return changed;
    },

    delete(id) {
      const zone = byId.get(id);
      if (zone === undefined) return false;
      idByName.delete(zone.name);
      return byId.delete(id);
    },

    resolve(name) {
      for (const candidate of ancestors(name)) {
        const id = idByName.get(candidate);
        if (id !== undefined) return byId.get(id);
      }
      return undefined;
    },
  };
}

/** A name and its ancestors, longest first: "a.b.c", "b.c", "c". */
function* ancestors(name: string): Generator<string> {
  for (let rest = name; rest !== "";) {
    yield rest;
    const dot = rest.indexOf(".");
    rest = dot < 0 ? "" : rest.slice(dot + 1);
  }
}
