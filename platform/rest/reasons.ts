import type { Registry } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { ReasonSchema, type ErrorRule } from "../../gen/ts/trunkline/v1/error_pb.js";
import { reasonEntries, reasonOf, type ReasonEntry } from "../call/errors.js";

/** Finds what the contract says about the reason of an error. */
export interface ReasonCatalog {
  /** The entry of the error's reason; undefined if it has none, or one that no enum declares. */
  find(error: ConnectError): ReasonEntry | undefined;
}

/** The domain of the platform's own reasons. */
export const platformDomain = ReasonSchema.file.proto.package;

/** The reasons of all enums in a registry, and of the platform. */
export function reasonCatalog(registry: Registry): ReasonCatalog {
  const entries = new Map<string, ReasonEntry>();
  for (const type of [...registry, ReasonSchema]) {
    if (type.kind !== "enum") continue;
    for (const [, entry] of reasonEntries(type)) entries.set(keyOf(entry), entry);
  }
  return {
    find(error) {
      const reason = reasonOf(error);
      return reason === undefined ? undefined : entries.get(keyOf(reason));
    },
  };
}

/** The anchor of a reason on the errors page. */
export function anchorOf({ reason, rule }: { reason: string; rule: ErrorRule }): string {
  return rule.docs === "" ? reason.toLowerCase() : rule.docs;
}

function keyOf({ domain, reason }: { domain: string; reason: string }): string {
  return `${domain}/${reason}`;
}
