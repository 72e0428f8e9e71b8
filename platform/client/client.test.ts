import { describe, expect, test } from "@jest/globals";
import {
  Code,
  ConnectError,
  createRouterTransport,
  type CallOptions,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { ConformanceService } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { Call } from "../call/call.js";
import { readPlans } from "../contract/read.js";
import { defineService } from "../contract/service.js";
import { createServiceClient, type ServiceClientOptions } from "./client.js";
import { inheritedMs } from "./deadline.js";
import { methodRules } from "./method-rules.js";
import type { Peer, ServiceClient } from "./service-client.js";

const [plan] = readPlans([defineService(RecordService, { getRecord: () => ({}), listRecords: () => ({}) })]);

/** A call as a handler has it, with so much time left. */
function callOf(leftMs = Infinity): Call {
  if (plan === undefined) throw new Error("the contract has a method");
  const call = new Call({
    plan,
    door: "grpc",
    requestMethod: "POST",
    url: plan.path,
    headers: {},
    peer: { address: "127.0.0.1", certificateNames: undefined },
  });
  call.deadlineAt = performance.now() + leftMs;
  call.requestId = "request-1";
  call.trace = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentId: "",
    sampled: true,
    state: "a=b",
  };
  return call;
}

/** A client of a service that notes the contexts of its calls. */
function recording(
  options: ServiceClientOptions = {},
  impl: Partial<ServiceImpl<typeof ConformanceService>> = {},
) {
  const seen: HandlerContext[] = [];
  const note = <T>(context: HandlerContext, answer: T): T => {
    seen.push(context);
    return answer;
  };
  const transport = createRouterTransport((router) => {
    router.service(RecordService, {
      getRecord: (_request, context) => note(context, {}),
      listRecords: (_request, context) => note(context, {}),
    });
    router.service(ConformanceService, {
      unary: (_request, context) => note(context, {}),
      async *serverStream(_request, context) {
        seen.push(context);
        for (;;) yield {};
      },
      ...impl,
    });
  });
  return {
    seen,
    transport,
    records: createServiceClient(RecordService, transport, options),
    conformance: createServiceClient(ConformanceService, transport, options),
  };
}

describe("inheritedMs", () => {
  test.each([
    [10_000, 9980],
    [400, 380],
    [100, 95],
    [20, 19],
    [2, 1],
  ])("%i ms left: %i ms for the next hop", (leftMs, expected) => {
    const call = callOf();
    call.deadlineAt = 1000 + leftMs;
    expect(inheritedMs(call, 1000)).toBeCloseTo(expected, 6);
  });

  test.each([1, 0.5, 0, -10])("%d ms left: refused", (leftMs) => {
    const call = callOf();
    call.deadlineAt = 1000 + leftMs;
    expect(() => inheritedMs(call, 1000)).toThrow(expect.objectContaining({ code: Code.DeadlineExceeded }));
  });

  test("no deadline stays none", () => {
    expect(inheritedMs(callOf())).toBe(Infinity);
  });
});

describe("methodRules", () => {
  test("the deadline is the contract's, 30 s for a unary method without one, none for a stream without one", () => {
    expect(methodRules(RecordService.method.getRecord)).toEqual({ safe: true, deadlineDefaultMs: 5000 });
    expect(methodRules(ConformanceService.method.unary)).toEqual({ safe: false, deadlineDefaultMs: 30_000 });
    expect(methodRules(ConformanceService.method.idempotentUnary).safe).toBe(true);
    expect(methodRules(ConformanceService.method.serverStream).deadlineDefaultMs).toBe(Infinity);
  });
});

describe("the deadline of a call", () => {
  test.each<[string, () => Call | CallOptions | undefined, number, number]>([
    ["of nobody is the contract's", () => undefined, 4000, 5000],
    ["for a call with more time is the contract's", () => callOf(60_000), 4000, 5000],
    ["for a call with less time is what it has left, shaved", () => callOf(2000), 1000, 1980],
    ["for a call without a deadline is the contract's", () => callOf(), 4000, 5000],
    ["is the caller's wish", () => ({ timeoutMs: 700 }), 100, 700],
  ])("%s", async (_what, from, low, high) => {
    const { records, seen } = recording();
    await records.getRecord({}, from());
    expect(seen[0]?.timeoutMs()).toBeGreaterThan(low);
    expect(seen[0]?.timeoutMs()).toBeLessThanOrEqual(high);
  });

  test("is none if the caller wants none", async () => {
    const { records, seen } = recording();
    await records.getRecord({}, { timeoutMs: 0 });
    expect(seen[0]?.timeoutMs()).toBeUndefined();
  });

  test("without time left there is no call at all", async () => {
    const { records, conformance, seen } = recording();
    await expect(records.getRecord({}, callOf(0.5))).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    expect(() => conformance.serverStream({}, callOf(0.5))).toThrow(
      expect.objectContaining({ code: Code.DeadlineExceeded }),
    );
    expect(seen).toEqual([]);
  });

  test("can be given in code for a contract of somebody else", async () => {
    const { conformance, seen } = recording({ rules: () => ({ deadlineDefaultMs: 100 }) });
    await conformance.unary({});
    expect(seen[0]?.timeoutMs()).toBeLessThanOrEqual(100);
  });
});

describe("what travels along", () => {
  test("trace, request id and credentials", async () => {
    const asked: (Call | undefined)[] = [];
    const { records, seen } = recording({
      credentials(from) {
        asked.push(from);
        return { authorization: "Bearer of-the-service" };
      },
    });
    const call = callOf(1000);
    await records.getRecord({}, call);
    expect(Object.fromEntries(seen[0]?.requestHeader ?? [])).toMatchObject({
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=b",
      "x-request-id": "request-1",
      authorization: "Bearer of-the-service",
    });
    expect(asked).toEqual([call]);
  });

  test("headers that the caller gives, under the credentials", async () => {
    const { records, seen } = recording({ credentials: () => ({ authorization: "ours" }) });
    await records.getRecord(
      {},
      {
        headers: [
          ["Authorization", "theirs"],
          ["x-mine", "yes"],
        ],
      },
    );
    expect(seen[0]?.requestHeader.get("authorization")).toBe("ours");
    expect(seen[0]?.requestHeader.get("x-mine")).toBe("yes");
  });

  test("the signal of the call", async () => {
    const { conformance } = recording({}, { unary: () => new Promise(() => undefined) });
    const call = callOf(1000);
    const running = conformance.unary({}, call);
    setTimeout(() => call.abort(new ConnectError("the caller has gone", Code.Canceled)), 10);
    await expect(running).rejects.toMatchObject({ code: Code.Canceled, rawMessage: "the caller has gone" });
  });
});

describe("streams", () => {
  test("a reader that leaves ends the stream at the server", async () => {
    const { conformance, seen } = recording();
    for await (const _ of conformance.serverStream({}, callOf(500))) break;
    expect(seen[0]?.signal.aborted).toBe(true);
    expect(seen[0]?.timeoutMs()).toBeLessThanOrEqual(500);
    expect(seen[0]?.requestHeader.get("x-request-id")).toBe("request-1");
  });

  test("a stream of requests and one of both", async () => {
    const { conformance } = recording(
      {},
      {
        async clientStream(requests) {
          let n = 0;
          for await (const _ of requests) n++;
          return { payload: { data: new Uint8Array(n) } };
        },
        async *bidiStream(requests) {
          for await (const { requestData } of requests) yield { payload: { data: requestData } };
        },
      },
    );
    async function* three() {
      for (const n of [1, 2, 3]) yield { requestData: new Uint8Array(n) };
    }
    expect((await conformance.clientStream(three(), callOf())).payload?.data).toHaveLength(3);
    const sizes: unknown[] = [];
    for await (const { payload } of conformance.bidiStream(three(), callOf()))
      sizes.push(payload?.data.length);
    expect(sizes).toEqual([1, 2, 3]);
  });
});

describe("retries", () => {
  const failing = (failures: number) => {
    let attempts = 0;
    const answer = () => {
      if (attempts++ < failures) throw new ConnectError("down", Code.Unavailable);
      return {};
    };
    return { impl: { unary: answer, idempotentUnary: answer }, attempts: () => attempts };
  };
  const retry = { baseMs: 0 };

  test("a safe method is tried again, an unsafe one is not", async () => {
    const safe = failing(2);
    await recording({ retry }, safe.impl).conformance.idempotentUnary({});
    expect(safe.attempts()).toBe(3);
    const unsafe = failing(1);
    await expect(recording({ retry }, unsafe.impl).conformance.unary({})).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    expect(unsafe.attempts()).toBe(1);
  });

  test("clients of one target share a budget", async () => {
    const { impl, attempts } = failing(Infinity);
    const { transport } = recording({ retry }, impl);
    for (let i = 0; i < 100; i++) {
      const client = createServiceClient(ConformanceService, transport, { retry });
      await client.idempotentUnary({}).catch(() => undefined);
    }
    expect(attempts()).toBeLessThanOrEqual(100 * 1.1 + 10);
  });

  test("onHeader and onTrailer are called once, with those of the answer", async () => {
    const { conformance } = recording(
      { retry },
      {
        idempotentUnary(_request, context) {
          context.responseHeader.set("x-leading", "one");
          context.responseTrailer.set("x-trailing", "end");
          return {};
        },
      },
    );
    const seen: (string | null)[] = [];
    await conformance.idempotentUnary(
      {},
      {
        onHeader: (header) => seen.push(header.get("x-leading")),
        onTrailer: (trailer) => seen.push(trailer.get("x-trailing")),
      },
    );
    expect(seen).toEqual(["one", "end"]);
  });
});

test("a client serves as a peer, whose calls need a call to be made for", () => {
  const client: ServiceClient<typeof RecordService> = createServiceClient(RecordService, {} as Transport);
  const peer: Peer<typeof RecordService> = client;
  // @ts-expect-error -- the second argument is missing
  const careless = () => peer.getRecord({});
  expect(careless).toBeInstanceOf(Function);
});
