import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/ts/grpc/health/v1/health_pb.js";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import type { Call } from "../call/call.js";
import type { Principal } from "../call/principal.js";
import { defineService } from "../contract/service.js";
import { startService, type TestServer } from "../testing/start-service.js";
import { callKey } from "./intercept.js";

const reader: Principal = {
  kind: "token",
  id: "reader",
  permissions: new Set(["record.read"]),
  accounts: new Set(["a"]),
};
const seen: { call: Call | undefined; log: string[] } = { call: undefined, log: [] };
const released: (() => void)[] = [];

/** "hang" ignores its signal until released, "broken" throws, "bad" returns what cannot be encoded; else an echo. */
const records = defineService(RecordService, {
  async getRecord({ id }, call) {
    seen.call = call;
    if (id === "hang") await new Promise<void>((resolve) => released.push(resolve));
    if (id === "broken") throw new Error("the database password is hunter2");
    if (id === "bad") return { id, createTime: { seconds: 10n ** 15n } };
    return { id };
  },
  listRecords: () => ({}),
});

const note =
  (name: string): Interceptor =>
  (next) =>
  async (request) => {
    seen.log.push(`${name}: ${request.method.name} by ${request.contextValues.get(callKey)?.principal.id}`);
    const response = await next(request);
    response.header.append("x-passed", name);
    return response;
  };

let started: TestServer<"reader">;

beforeAll(async () => {
  started = await startService({
    services: [records],
    principals: { reader },
    interceptors: [note("outer"), note("inner")],
    cors: { origins: ["https://dash.example"], maxAgeSeconds: 60 },
    trustedProxies: ["127.0.0.1"],
  });
});
afterAll(() => started.close());

const credentials = () => started.credentials("reader");
const post = (url: string, id: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/perf.v1.RecordService/GetRecord`, {
    method: "POST",
    headers: { "content-type": "application/json", ...credentials(), ...headers },
    body: JSON.stringify({ id }),
  });

describe("standard interceptors", () => {
  test("run around the handler, the first one outermost, and know the principal", async () => {
    seen.log = [];
    const response = await post(started.internalUrl, "r1");
    expect(await response.json()).toEqual({ id: "r1" });
    expect(response.headers.get("x-passed")).toBe("inner, outer");
    expect(seen.log).toEqual(["outer: GetRecord by reader", "inner: GetRecord by reader"]);
  });
});

describe("a call", () => {
  test("is answered with its request id, the caller's if it has one", async () => {
    const named = await post(started.internalUrl, "r1", { "x-request-id": "my-request.1" });
    expect(named.headers.get("x-request-id")).toBe("my-request.1");
    const forged = await post(started.internalUrl, "r1", { "x-request-id": "a b" });
    expect(forged.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("takes part in the caller's trace", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    await post(started.internalUrl, "r1", { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    expect(seen.call?.trace).toMatchObject({ traceId, parentId: "00f067aa0ba902b7" });
  });

  test("does not show the handler its credential", async () => {
    await post(started.internalUrl, "r1", { cookie: "session=1", "x-shown": "yes" });
    expect(seen.call?.requestHeader.get("x-shown")).toBe("yes");
    expect(seen.call?.requestHeader.get("authorization")).toBeNull();
    expect(seen.call?.requestHeader.get("cookie")).toBeNull();
  });

  test("has the client's address from a trusted proxy", async () => {
    await post(started.internalUrl, "r1", { "x-forwarded-for": "6.6.6.6, 203.0.113.9" });
    expect(seen.call?.peer.address).toBe("203.0.113.9");
  });

  test("whose handler outsleeps the deadline is answered at the deadline, and the late answer is counted", async () => {
    const response = await post(started.internalUrl, "hang", { "connect-timeout-ms": "30" });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
    expect(seen.call?.signal.aborted).toBe(true);
    expect(ConnectError.from(seen.call?.signal.reason).code).toBe(Code.DeadlineExceeded);
    released.splice(0).forEach((release) => release());
    await new Promise((resolve) => setImmediate(resolve));
    expect(await started.telemetry.metrics.registry.metrics()).toContain(
      'rpc_server_late_handlers_total{method="perf.v1.RecordService/GetRecord",outcome="answer"} 1',
    );
  });

  test.each(["broken", "bad"])("that fails by our fault (%s) says nothing of why", async (id) => {
    const response = await post(started.internalUrl, id);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ code: "internal", message: "internal error" });
  });
});

describe("the two listeners", () => {
  test("the public one does not know an internal method, nor gRPC", async () => {
    const misspelt = await fetch(`${started.publicUrl}/grpc.health.v1.Health/Chek`, { method: "POST" });
    const internal = await fetch(`${started.publicUrl}/grpc.health.v1.Health/Check`, { method: "POST" });
    expect([internal.status, await internal.text()]).toEqual([misspelt.status, await misspelt.text()]);
    expect(internal.status).toBe(404);
    const client = createClient(RecordService, createGrpcTransport({ baseUrl: started.publicUrl }));
    await expect(client.getRecord({ id: "r1" })).rejects.toThrow(ConnectError);
    expect((await post(started.publicUrl, "r1", { "content-type": "application/grpc" })).status).toBe(415);
  });

  test("the internal one does not know REST", async () => {
    expect((await fetch(`${started.internalUrl}/v1/records/r1`, { headers: credentials() })).status).toBe(
      404,
    );
    const rest = await fetch(`${started.publicUrl}/v1/records/r1`, { headers: credentials() });
    expect(await rest.json()).toMatchObject({ id: "r1" });
  });

  test("the public one has no probes and no metrics", async () => {
    for (const path of ["/livez", "/readyz", "/metrics"]) {
      expect((await fetch(started.publicUrl + path)).status).toBe(404);
      expect((await fetch(started.internalUrl + path)).status).toBe(200);
    }
  });
});

describe("browsers", () => {
  const preflight = (origin: string) =>
    fetch(`${started.publicUrl}/perf.v1.RecordService/GetRecord`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });

  test("of an allowed origin may call", async () => {
    const answer = await preflight("https://dash.example");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://dash.example");
    expect(answer.headers.get("access-control-allow-headers")).toContain("authorization");
    const response = await post(started.publicUrl, "r1", { origin: "https://dash.example" });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://dash.example");
    expect(response.headers.get("access-control-expose-headers")).toMatch(/grpc-status/i);
    expect(response.headers.get("vary")).toMatch(/origin/i);
  });

  test.each(["https://dash.example.evil", "http://dash.example", "null"])("of %s may not", async (origin) => {
    expect((await preflight(origin)).status).toBe(403);
    const response = await post(started.publicUrl, "r1", { origin });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("health", () => {
  const health = () =>
    createClient(Health, createConnectTransport({ baseUrl: started.internalUrl, httpVersion: "2" }));

  test("knows the server and its services", async () => {
    expect(await health().check({})).toMatchObject({ status: Status.SERVING });
    expect(await health().check({ service: "perf.v1.RecordService" })).toMatchObject({
      status: Status.SERVING,
    });
    await expect(health().check({ service: "nobody" })).rejects.toMatchObject({ code: Code.NotFound });
    expect((await health().list({})).statuses["perf.v1.RecordService"]).toMatchObject({
      status: Status.SERVING,
    });
  });

  // Last: it drains the server.
  test("says so when the server drains, to probes and watchers alike", async () => {
    const watch = health().watch({})[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ status: Status.SERVING });
    started.server.readiness.drain();
    expect((await watch.next()).value).toMatchObject({ status: Status.NOT_SERVING });
    const probe = await fetch(`${started.internalUrl}/readyz`);
    expect([probe.status, await probe.text()]).toEqual([503, "draining\n"]);
    expect((await fetch(`${started.internalUrl}/livez`)).status).toBe(200);
    await watch.return?.();
  });
});
