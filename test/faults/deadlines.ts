// Handlers that outsleep their deadline and ignore their signal, on every door; and what is left of a deadline for the
// services that a service calls.
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { Lab, ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import type { Call } from "../../platform/call/call.js";
import { createServiceClient } from "../../platform/client/client.js";
import { createHttpTransport } from "../../platform/client/http2-transport.js";
import type { ServiceClient } from "../../platform/client/service-client.js";
import { startService, type TestServer } from "../../platform/testing/start-service.js";
import { doorsOf, streamDoorsOf } from "../doors/doors.js";
import { failure } from "../doors/outcome.js";
import { principals, type Caller } from "../doors/zones-world.js";
import { lab } from "../lab/service.js";
import { quantile, type Check, type Report, type RunOptions } from "./report.js";

const deadlineMs = 200;
const handlerMs = 1000;
const latenessMaxMs = 250;
const atOnce = 10;
const hops = 3;
const chainMs = 1000;

/** Measures when callers get DEADLINE_EXCEEDED, and what deadline each hop of a chain sees. */
export async function run({ long }: RunOptions): Promise<Report> {
  const calls = long ? 1000 : 50;
  return {
    title: `Deadlines: a handler sleeps ${handlerMs} ms on a deadline of ${deadlineMs} ms and ignores its signal`,
    checks: [...(await lateness(calls)), await chain(calls)],
  };
}

/** One way to make a call that has a deadline. Resolves with the code of the answer. */
interface TimedCall {
  readonly name: string;
  call(): Promise<string>;
}

async function lateness(calls: number): Promise<Check[]> {
  let started = 0;
  let signalled = 0;
  const sleeper = lab(async (call) => {
    started++;
    // As soon as it comes, and not at the end of the sleep.
    call.signal.addEventListener("abort", () => void signalled++, { once: true });
    await sleep(handlerMs);
  });
  const server = await startService({ services: [sleeper], principals });
  const checks: Check[] = [];
  for (const caller of callersOf(server)) {
    [started, signalled] = [0, 0];
    const lateMs: number[] = [];
    const wrong: string[] = [];
    await repeat(calls, async () => {
      const startedAt = performance.now();
      const code = await caller.call();
      lateMs.push(performance.now() - startedAt - deadlineMs);
      if (code !== "deadline_exceeded") wrong.push(code);
    });
    const late = Math.max(...lateMs);
    const ms = (q: number): string => quantile(lateMs, q).toFixed(1);
    checks.push({
      what: caller.name,
      measured: `${calls - wrong.length} of ${calls}; late p50 ${ms(0.5)}, p99 ${ms(0.99)}, max ${late.toFixed(1)} ms; ${signalled} of ${started} signals`,
      bar: `all, <= ${latenessMaxMs} ms late, every signal aborted`,
      passed: wrong.length === 0 && late <= latenessMaxMs && started === calls && signalled === calls,
    });
  }
  await server.close();
  return checks;
}

/** Every door, told the deadline by a header only, so that no client gives up by itself. */
function callersOf(server: TestServer<Caller>): TimedCall[] {
  const { inProcess, operations } = server.server;
  const plan = operations.get("/lab.v1.Lab/Query")?.plan;
  if (plan === undefined) throw new Error("the lab is served");
  const credentials = server.credentials("owner");
  const headers = {
    ...credentials,
    "connect-timeout-ms": String(deadlineMs),
    "grpc-timeout": `${deadlineMs}m`,
  };
  const request = create(ReqSchema, { name: "slow" });
  const unary = doorsOf({ ...server, inProcess })
    .filter(({ name }) => name !== "in process")
    .map((door): TimedCall => ({
      name: door.name,
      call: async () => {
        const outcome = await door.call(plan, request, headers);
        // The v4 envelope is not used here: REST says the code.
        return outcome.code;
      },
    }));
  const direct: TimedCall = {
    name: "in process",
    call: () =>
      inProcess.unary(Lab.method.query, undefined, deadlineMs, credentials, request).then(
        () => "ok",
        (error: unknown) => failure(error).code,
      ),
  };
  const streams = streamDoorsOf(server).flatMap((door) =>
    (["sStream", "cStream", "bStream"] as const)
      .filter((name) => door.http2 || name !== "bStream")
      .map((name): TimedCall => ({
        name: `${door.name}, ${Lab.method[name].name}`,
        call: async () => (await door.stream(Lab.method[name], [request], headers)).code,
      })),
  );
  return [...unary, direct, ...streams];
}

/** A chain of servers, each of which calls the next one on behalf of its caller. */
async function chain(calls: number): Promise<Check> {
  const seen: number[][] = Array.from({ length: hops }, () => []);
  const servers: TestServer<Caller>[] = [];
  const closers: (() => void)[] = [];
  let next: ServiceClient<typeof Lab> | undefined;
  for (let hop = hops - 1; hop >= 0; hop--) {
    const peer = next;
    const server = await startService({
      principals,
      services: [
        lab(async (call: Call) => {
          seen[hop]?.push(call.timeoutMs() ?? Infinity);
          await peer?.unbound({}, call);
        }),
      ],
    });
    const transport = createHttpTransport({ baseUrl: server.internalUrl });
    next = createServiceClient(Lab, transport, { credentials: () => server.credentials("owner") });
    servers.push(server);
    closers.push(() => transport.close());
  }
  const failed: string[] = [];
  await repeat(calls, async () => {
    await next
      ?.unbound({}, { timeoutMs: chainMs })
      .catch((e: unknown) => failed.push(ConnectError.from(e).message));
  });
  for (const close of closers) close();
  await Promise.all(servers.map((server) => server.close()));
  const least = seen.map((each) => Math.min(...each));
  const most = seen.map((each) => Math.max(...each));
  const falls = most.every((ms, hop) => hop === 0 || ms < (least[hop - 1] ?? 0));
  return {
    what: `${hops} hops with ${chainMs} ms, through our client`,
    measured: `${calls - failed.length} of ${calls}; hops see ${most.map((ms) => `<= ${ms.toFixed(0)}`).join(", ")} ms`,
    bar: "all, each hop sees less",
    passed: failed.length === 0 && seen.every((each) => each.length === calls) && falls,
  };
}

async function repeat(times: number, call: () => Promise<void>): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, worker));
}
