// Clients that others have written talk to the server: grpc-js, connect-node, buf curl, connect-go.
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, type Message } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { status as grpcStatus } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ZoneService } from "../gen/ts/controlplane/zones/v1/zones_pb.js";
import { ErrorInfoSchema } from "../gen/ts/google/rpc/error_details_pb.js";
import { StatusSchema } from "../gen/ts/google/rpc/status_pb.js";
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
  type HealthCheckResponse,
} from "../gen/ts/grpc/health/v1/health_pb.js";
import { Lab, ReqSchema, type Req } from "../gen/ts/lab/v1/lab_pb.js";
import { startService, type TestServer } from "../platform/testing/start-service.js";
import { fullRequest } from "./doors/lab-requests.js";
import { messageJson, registry } from "./doors/outcome.js";
import {
  missingZone,
  ownAccount,
  ownZone,
  principals,
  zonesWorld,
  type Caller,
} from "./doors/zones-world.js";
import { lab } from "./lab/service.js";
import { grpcClient, type GrpcAnswer } from "./peers/grpc-js.js";
import { findProgram, runProgram, testWith } from "./peers/tools.js";

let server: TestServer<Caller>;
let owner: Record<string, string>;

beforeAll(async () => {
  const world = zonesWorld();
  const slowly = lab(async ({ requestHeader }) => {
    if (requestHeader.has("x-sleep")) await sleep(2000);
  });
  server = await startService({
    services: [world.definition, slowly],
    resolvers: world.resolvers,
    principals,
  });
  owner = server.credentials("owner");
});
afterAll(() => server.close());

describe("grpc-js", () => {
  test("calls with metadata, text and binary, and gets headers and trailers", async () => {
    const client = grpcClient(Lab, server.internalUrl);
    const request = fullRequest();
    const headers = { ...owner, "x-text": "text", "x-bytes-bin": "AP8=" };
    const { message, error, header, status } = await client.unary("unbound", request, headers);
    client.close();
    expect(error).toBeUndefined();
    expect(message && messageJson(ReqSchema, message)).toEqual(messageJson(ReqSchema, request));
    expect(header.get("x-echo")).toEqual(["text"]);
    expect(header.get("x-echo-bin")).toEqual([Buffer.of(0x00, 0xff)]);
    expect(status.metadata.get("x-done")).toEqual(["Unbound"]);
    expect(status.metadata.get("x-done-bin")).toEqual([Buffer.of(0, 1, 2, 0xff)]);
  });

  test.each([
    ["deflate, which we don't speak", 1, grpcStatus.UNIMPLEMENTED],
    ["gzip", 2, grpcStatus.OK],
  ])("compresses with %s", async (_, algorithm, expected) => {
    const client = grpcClient(Lab, server.internalUrl, { "grpc.default_compression_algorithm": algorithm });
    const { status, message } = await client.unary("unbound", { name: "x".repeat(100_000) }, owner);
    client.close();
    expect(status.code).toBe(expected);
    if (expected === grpcStatus.OK) expect((message as Req).name).toHaveLength(100_000);
  });

  test("gets DEADLINE_EXCEEDED", async () => {
    const client = grpcClient(Lab, server.internalUrl);
    const { error } = await client.unary(
      "unbound",
      {},
      { ...owner, "x-sleep": "1" },
      { deadline: Date.now() + 200 },
    );
    client.close();
    expect(error?.code).toBe(grpcStatus.DEADLINE_EXCEEDED);
  });

  test("gets the reason of a failure from its details", async () => {
    const client = grpcClient(ZoneService, server.internalUrl);
    const answer = await client.unary("getZone", { zoneId: missingZone }, owner);
    client.close();
    expect(answer.error).toMatchObject({
      code: grpcStatus.NOT_FOUND,
      details: `zone ${missingZone} not found`,
    });
    expect(reasonOf(answer)).toBe("RESOURCE_NOT_FOUND");
  });

  test("streams in both directions", async () => {
    const client = grpcClient(Lab, server.internalUrl);
    const call = client.duplex("bStream", owner);
    const names: string[] = [];
    for (const name of ["a", "b", "c"]) {
      call.write({ name });
      names.push(await next(call).then((message) => (message as Req).name));
    }
    const ended = new Promise((resolve) => call.once("end", resolve));
    call.end();
    call.resume();
    await ended;
    client.close();
    expect(names).toEqual(["a", "b", "c"]);
  });

  test("watches health until the server drains", async () => {
    const other = await startService({ services: [lab()], principals });
    const client = grpcClient(Health, other.internalUrl);
    const call = client.serverStream("watch", { service: "lab.v1.Lab" });
    call.on("error", () => undefined);
    const first = (await next(call)) as HealthCheckResponse;
    const second = next(call);
    other.server.readiness.drain();
    expect([first.status, ((await second) as HealthCheckResponse).status]).toEqual([
      Serving.SERVING,
      Serving.NOT_SERVING,
    ]);
    call.cancel();
    client.close();
    await other.close();
  });
});

function next(call: NodeJS.EventEmitter): Promise<Message> {
  return new Promise((resolve, reject) => {
    call.once("data", resolve);
    call.once("error", reject);
  });
}

function reasonOf({ status }: GrpcAnswer): string | undefined {
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  // Metadata whose name ends in -bin is bytes.
  const details = fromBinary(StatusSchema, bytes as Buffer).details.map((any) => anyUnpack(any, registry));
  const info = details.find((detail) => detail?.$typeName === ErrorInfoSchema.typeName);
  return info && create(ErrorInfoSchema, info as object).reason;
}

describe("connect-node", () => {
  test.each([
    ["HTTP/1.1", "1.1"],
    ["HTTP/2", "2"],
  ] as const)("calls over %s, compressed, within a deadline", async (_, httpVersion) => {
    const compression = { sendCompression: compressionGzip, compressMinBytes: 0 };
    const transport = createConnectTransport({ baseUrl: server.publicUrl, httpVersion, ...compression });
    const zones = createClient(ZoneService, transport);
    const options = { headers: owner, timeoutMs: 5000 };
    expect((await zones.listZones({}, options)).zones.map(({ name }) => name)).toContain("example.com");
    const failure = ConnectError.from(
      await zones.getZone({ zoneId: missingZone }, options).catch((e: unknown) => e),
    );
    expect(failure.code).toBe(Code.NotFound);
    expect(failure.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "RESOURCE_NOT_FOUND" }]);
  });
});

describe("buf curl", () => {
  const buf = "node_modules/.bin/buf";
  const curl = (...args: string[]) =>
    runProgram(buf, ["curl", "--http2-prior-knowledge", "--protocol", "grpc", ...args]);
  const authorization = () => ["-H", `Authorization: ${owner["authorization"]}`];

  test.each(["grpc-v1", "grpc-v1alpha"])("calls by reflection, %s", async (protocol) => {
    const url = `${server.internalUrl}/controlplane.zones.v1.ZoneService/GetZone`;
    const request = JSON.stringify({ zoneId: ownZone });
    const got = await curl("--reflect-protocol", protocol, ...authorization(), "-d", request, url);
    expect(got.stderr).toBe("");
    expect(JSON.parse(got.stdout)).toMatchObject({ id: ownZone, name: "example.com" });
  });

  test("lists every method", async () => {
    const { stdout } = await curl("--list-methods", server.internalUrl);
    const methods = [...ZoneService.methods, ...Lab.methods].map((m) => `${m.parent.typeName}/${m.name}`);
    expect(stdout.trim().split("\n")).toEqual(expect.arrayContaining(methods));
  });
});

describe("connect-go", () => {
  const go = findProgram("go");
  const example = (token: string, zone: string) =>
    runProgram(go ?? "go", [
      "run",
      "./examples/go",
      ...[
        "-url",
        server.internalUrl,
        "-token",
        token,
        "-account",
        ownAccount,
        "-zone",
        zone,
        "-timeout",
        "5s",
      ],
    ]);

  testWith("go", go)(
    "lists, creates and gets zones, and knows one that exists",
    async () => {
      const first = await example("token-of-owner", "go.example.org");
      expect(first).toMatchObject({ status: 0, stderr: "" });
      expect(first.stdout).toMatch(/^zone [0-9a-f]{32} example\.com$/m);
      expect(first.stdout).toMatch(/^created [0-9a-f]{32} go\.example\.org ZONE_STATUS_PENDING$/m);
      expect((await example("token-of-owner", "go.example.org")).stdout).toMatch(
        /^exists go\.example\.org$/m,
      );
    },
    60_000,
  );

  testWith("go", go)(
    "reads code and reason of a failure",
    async () => {
      const { status, stderr } = await example("nobody", "go.example.org");
      expect(status).toBe(1);
      expect(stderr).toContain("(code unauthenticated, reason CREDENTIAL_INVALID of trunkline.v1)");
    },
    60_000,
  );
});
