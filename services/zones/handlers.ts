import {
  ZoneReason,
  ZoneReasonSchema,
  ZoneService,
  ZoneType,
} from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { reasons } from "../../platform/call/errors.js";
import { defineService } from "../../platform/contract/service.js";
import type { ZoneStore } from "./store.js";

const fail = reasons(ZoneReasonSchema);
const editable = new Set(["paused", "type"]);
const pageDefault = 20;
const pageMax = 50;

/** The zones of accounts. */
export function zones({ store }: { store: ZoneStore }) {
  return defineService(ZoneService, {
    getZone({ zoneId }) {
      return store.get(zoneId) ?? notFound(zoneId);
    },

    listZones({ name, status, page, perPage }, { principal }) {
      const number = Math.max(page, 1);
      const size = Math.min(perPage || pageDefault, pageMax);
      const filter = { accounts: principal.accounts, name: name.toLowerCase(), status };
      const { zones, total } = store.list(filter, (number - 1) * size, size);
      const totalPages = Math.ceil(total / size);
      return {
        zones: [...zones],
        pageInfo: { page: number, perPage: size, count: zones.length, totalCount: total, totalPages },
      };
    },

    createZone({ name, account, type }) {
      const lower = name.toLowerCase();
      const zone = store.insert({
        name: lower,
        accountId: account?.id ?? "",
        type: type === ZoneType.UNSPECIFIED ? ZoneType.FULL : type,
      });
      if (zone === undefined)
        throw fail(ZoneReason.ZONE_EXISTS, `${lower} already exists`, { metadata: { name: lower } });
      return zone;
    },

    updateZone({ zoneId, zone, updateMask }) {
      const paths = updateMask?.paths ?? [];
      const refused = paths.filter((path) => !editable.has(path));
      if (refused.length > 0) {
        throw fail(ZoneReason.FIELD_NOT_EDITABLE, `${refused.join(", ")} cannot be changed`, {
          violations: refused.map((path) => ({
            field: `zone.${path}`,
            description: "cannot be changed",
            reason: "FIELD_NOT_EDITABLE",
          })),
        });
      }
      const changed = store.update(zoneId, {
        ...(paths.includes("paused") && { paused: zone?.paused ?? false }),
        ...(paths.includes("type") && { type: zone?.type || ZoneType.FULL }),
      });
      return changed ?? notFound(zoneId);
    },

    deleteZone({ zoneId }) {
      if (!store.delete(zoneId)) notFound(zoneId);
      return { id: zoneId };
    },

    resolveZone({ name }) {
      const lower = name.toLowerCase();
      const zone = store.resolve(lower);
      if (zone === undefined)
        throw fail(ZoneReason.ZONE_NOT_FOUND, `no zone for ${lower}`, { metadata: { name: lower } });
      return zone;
    },
  });
}

function notFound(id: string): never {
  throw fail(ZoneReason.ZONE_NOT_FOUND, `zone ${id} not found`, { metadata: { id } });
}
