import { Code, type ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ZoneService, ZoneStatus, ZoneType } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import type { Principal } from "../../platform/call/principal.js";
import { startService, type TestServer } from "../../platform/testing/start-service.js";
import { createServices } from "../registry.js";

const accountA = "a".repeat(32);
const accountB = "b".repeat(32);
const now = new Date("2026-01-02T03:04:05Z");

const all = new Set(["zone.read", "zone.create", "zone.edit"]);
const principals = {
  owner: token("owner", accountA, all),
  reader: token("reader", accountA, new Set(["zone.read"])),
  stranger: token("stranger", accountB, all),
  dns: { kind: "service", id: "dns", permissions: new Set(), accounts: "all" },
  edge2: { kind: "service", id: "edge2", permissions: new Set(), accounts: "all" },
} satisfies Record<string, Principal>;

let started: TestServer<keyof typeof principals>;
const as = (principal: keyof typeof principals) => started.as(principal, ZoneService);

beforeAll(async () => {
  const { definitions, resolvers } = createServices({ clock: { now: () => now } });
  started = await startService({ services: definitions, resolvers, principals });
});
afterAll(() => started.close());

let names = 0;
const newName = (): string => `zone-${++names}.example`;
const create = (name = newName()) => as("owner").createZone({ name, account: { id: accountA } });
const failure = (code: Code) => ({ code }) satisfies Partial<ConnectError>;

describe("creating a zone", () => {
  test.each([
    "",
    "example",
    ".example.com",
    "example..com",
    "-a.example",
    "a b.example",
    "example.com.",
    `${"a".repeat(64)}.example`,
  ])("refuses %j as its name", async (name) => {
    await expect(create(name)).rejects.toMatchObject(failure(Code.InvalidArgument));
  });

  test("refuses a name that is taken, whatever its case", async () => {
    const { name } = await create();
    await expect(create(name.toUpperCase())).rejects.toMatchObject(failure(Code.AlreadyExists));
  });

  test("refuses an account of somebody else as if it did not exist", async () => {
    const stolen = as("stranger").createZone({ name: newName(), account: { id: accountA } });
    await expect(stolen).rejects.toMatchObject(failure(Code.NotFound));
  });

  test("refuses a credential without the permission", async () => {
    const attempt = as("reader").createZone({ name: newName(), account: { id: accountA } });
    await expect(attempt).rejects.toMatchObject(failure(Code.PermissionDenied));
  });

  test("gives a pending, full zone of that account with two name servers", async () => {
    const zone = await create("New.Example");
    expect(zone).toMatchObject({
      name: "new.example",
      status: ZoneStatus.PENDING,
      type: ZoneType.FULL,
      paused: false,
    });
    expect(zone.id).toMatch(/^[0-9a-f]{32}$/);
    expect(zone.account?.id).toBe(accountA);
    expect(zone.nameServers).toHaveLength(2);
    expect(zone.createdOn?.seconds).toBe(BigInt(now.getTime() / 1000));
  });
});

describe("a zone of somebody else", () => {
  test.each(["getZone", "deleteZone", "updateZone"] as const)("does not exist for %s", async (method) => {
    const { id } = await create();
    const foreign = as("stranger")[method]({ zoneId: id, zone: {}, updateMask: { paths: ["paused"] } });
    await expect(foreign).rejects.toMatchObject(failure(Code.NotFound));
  });

  test("is answered with the same words as one that does not exist", async () => {
    const { id } = await create();
    const missing = "0".repeat(32);
    const foreign = await as("stranger")
      .getZone({ zoneId: id })
      .catch((e: ConnectError) => e.rawMessage.replace(id, "X"));
    const absent = await as("stranger")
      .getZone({ zoneId: missing })
      .catch((e: ConnectError) => e.rawMessage.replace(missing, "X"));
    expect(foreign).toBe(absent);
  });

  test("is in no list", async () => {
    await create();
    expect((await as("stranger").listZones({})).zones).toEqual([]);
  });
});

describe("listing zones", () => {
  test("walks all pages to the end and no further", async () => {
    for (let i = 0; i < 5; i++) await create();
    const { pageInfo } = await as("owner").listZones({ perPage: 2 });
    const seen = new Set<string>();
    for (let page = 1; page <= (pageInfo?.totalPages ?? 0); page++) {
      const { zones } = await as("owner").listZones({ perPage: 2, page });
      for (const zone of zones) seen.add(zone.id);
    }
    expect(seen.size).toBe(pageInfo?.totalCount);
    const beyond = await as("owner").listZones({ perPage: 2, page: (pageInfo?.totalPages ?? 0) + 1 });
    expect(beyond).toMatchObject({ zones: [], pageInfo: { count: 0, totalCount: pageInfo?.totalCount } });
  });

  test("finds by name and by status", async () => {
    const zone = await create();
    expect((await as("owner").listZones({ name: zone.name.toUpperCase() })).zones.map((z) => z.id)).toEqual([
      zone.id,
    ]);
    const active = await as("owner").listZones({ name: zone.name, status: [ZoneStatus.ACTIVE] });
    expect(active.zones).toEqual([]);
  });

  test("gives at most 50 a page", async () => {
    expect((await as("owner").listZones({ perPage: 1000 })).pageInfo?.perPage).toBe(50);
  });
});

describe("changing a zone", () => {
  test("refuses fields that cannot change, and changes nothing", async () => {
    const { id } = await create();
    const attempt = as("owner").updateZone({
      zoneId: id,
      zone: { paused: true },
      updateMask: { paths: ["paused", "name"] },
    });
    await expect(attempt).rejects.toMatchObject(failure(Code.InvalidArgument));
    expect((await as("owner").getZone({ zoneId: id })).paused).toBe(false);
  });

  test("changes what the mask names, and nothing else", async () => {
    const { id } = await create();
    const changed = await as("owner").updateZone({
      zoneId: id,
      zone: { paused: true, type: ZoneType.PARTIAL },
      updateMask: { paths: ["paused"] },
    });
    expect(changed).toMatchObject({ paused: true, type: ZoneType.FULL });
    expect(await as("owner").getZone({ zoneId: id })).toMatchObject({ paused: true, type: ZoneType.FULL });
  });
});

test("a deleted zone is gone and its name is free", async () => {
  const { id, name } = await create();
  expect(await as("owner").deleteZone({ zoneId: id })).toMatchObject({ id });
  await expect(as("owner").getZone({ zoneId: id })).rejects.toMatchObject(failure(Code.NotFound));
  await expect(create(name)).resolves.toMatchObject({ name });
});

describe("resolving a name", () => {
  test("is refused to everybody but the services that the contract names", async () => {
    await expect(as("owner").resolveZone({ name: "a.example" })).rejects.toMatchObject(
      failure(Code.PermissionDenied),
    );
    await expect(as("edge2").resolveZone({ name: "a.example" })).rejects.toMatchObject(
      failure(Code.PermissionDenied),
    );
  });

  test("finds the zone with the longest matching name, of any account", async () => {
    const outer = await create();
    const inner = await create(`inner.${outer.name}`);
    expect(await as("dns").resolveZone({ name: `www.${inner.name}` })).toMatchObject({ id: inner.id });
    expect(await as("dns").resolveZone({ name: `www.${outer.name}` })).toMatchObject({ id: outer.id });
    await expect(as("dns").resolveZone({ name: "elsewhere.test" })).rejects.toMatchObject(
      failure(Code.NotFound),
    );
  });
});

function token(id: string, account: string, permissions: ReadonlySet<string>): Principal {
  return { kind: "token", id, permissions, accounts: new Set([account]) };
}
