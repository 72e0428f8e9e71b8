// Requests worth sending to each method of the zone service. A method that is not here fails the doors test.
import type { DescMethod, DescService, MessageInitShape } from "@bufbuild/protobuf";
import { ZoneReason, ZoneType, type ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { missingZone, ownAccount, ownZone, type Caller } from "./zones-world.js";

/** Requests to one method. The rest follows from its policy. */
export interface MethodExamples<M extends DescMethod> {
  /** Who may call it. */
  readonly caller: Caller;
  /** Requests that succeed; the first one is also sent by those who may not. */
  readonly succeed: readonly [MessageInitShape<M["input"]>, ...MessageInitShape<M["input"]>[]];
  /** Requests that break a rule of `buf.validate`. Required where the request has rules. */
  readonly invalid?: readonly MessageInitShape<M["input"]>[];
  /** Requests that fail for a reason of the domain. */
  readonly fail?: readonly {
    readonly request: MessageInitShape<M["input"]>;
    readonly reason: number;
    readonly caller?: Caller;
  }[];
}

/** Examples of every method of a service. */
export type ServiceExamples<S extends DescService> = {
  readonly [K in keyof S["method"]]: MethodExamples<S["method"][K]>;
};

const account = { id: ownAccount };

export const zoneExamples: ServiceExamples<typeof ZoneService> = {
  getZone: {
    caller: "owner",
    succeed: [{ zoneId: ownZone }],
    invalid: [{ zoneId: "not-an-id" }, { zoneId: ownZone.slice(1) }],
    fail: [{ request: { zoneId: missingZone }, reason: ZoneReason.ZONE_NOT_FOUND, caller: "platform" }],
  },
  listZones: {
    caller: "owner",
    succeed: [
      {},
      { name: "example.com", page: 1, perPage: 5 },
      { name: "nowhere.example" },
      { page: 7, perPage: 5 },
    ],
    invalid: [{ name: "x".repeat(254) }],
  },
  createZone: {
    caller: "owner",
    succeed: [
      { name: "Example.ORG", account },
      { name: "xn--bcher-kva.example", account, type: ZoneType.SECONDARY },
    ],
    invalid: [
      { name: "no-dot", account },
      { name: "example.org" },
      { name: "example.org", account: { id: "A" } },
    ],
    fail: [{ request: { name: "example.com", account }, reason: ZoneReason.ZONE_EXISTS }],
  },
  updateZone: {
    caller: "owner",
    succeed: [
      { zoneId: ownZone, zone: { paused: true }, updateMask: { paths: ["paused"] } },
      { zoneId: ownZone, zone: { type: ZoneType.PARTIAL }, updateMask: { paths: ["type"] } },
    ],
    invalid: [{ zoneId: "1", zone: {}, updateMask: {} }],
    fail: [
      {
        request: { zoneId: ownZone, zone: { name: "x.y" }, updateMask: { paths: ["name"] } },
        reason: ZoneReason.FIELD_NOT_EDITABLE,
      },
    ],
  },
  deleteZone: {
    caller: "owner",
    succeed: [{ zoneId: ownZone }],
    invalid: [{ zoneId: "g".repeat(32) }],
    fail: [{ request: { zoneId: missingZone }, reason: ZoneReason.ZONE_NOT_FOUND, caller: "platform" }],
  },
  resolveZone: {
    caller: "dns",
    succeed: [{ name: "www.example.com" }, { name: "example.net" }],
    invalid: [{ name: "" }],
    fail: [{ request: { name: "nowhere.example" }, reason: ZoneReason.ZONE_NOT_FOUND }],
  },
};
