import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "@jest/globals";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Call } from "../call/call.js";
import { readPlans } from "../contract/read.js";
import { traceStep } from "../policy/trace.js";
import { createSpans } from "./spans.js";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

function callWith(traceparent: string): Call {
  const [plan] = readPlans([{ service: ZoneService, handlers: {}, override: undefined }]);
  if (plan === undefined) throw new Error("no plan");
  const peer = { address: "203.0.113.9", certificateNames: undefined };
  const call = new Call({
    plan,
    door: "grpc",
    requestMethod: "POST",
    url: plan.path,
    headers: { traceparent },
    peer,
  });
  const traced = traceStep(call);
  expect(traced).toBeUndefined();
  return call;
}

/** The spans that reach the exporter. It forgets them when it is shut down. */
async function exported(use: (sink: ReturnType<typeof createSpans>["sink"]) => void) {
  const exporter = new InMemorySpanExporter();
  const spans = createSpans("test", exporter);
  use(spans.sink);
  await spans.flush();
  const finished = exporter.getFinishedSpans();
  await spans.shutdown();
  return finished;
}

test("a span continues the caller's trace, under the id that the call's own requests carry", async () => {
  const call = callWith(`00-${traceId}-${parentId}-01`);
  const [span] = await exported((sink) => sink(call, "ok", undefined));
  expect(span?.spanContext()).toMatchObject({ traceId, spanId: call.trace?.spanId });
  expect(span?.parentSpanContext?.spanId).toBe(parentId);
  expect(span).toMatchObject({ kind: SpanKind.SERVER, name: "controlplane.zones.v1.ZoneService/GetZone" });
  expect(span?.attributes).toMatchObject({
    "rpc.system.name": "grpc",
    "rpc.method": "controlplane.zones.v1.ZoneService/GetZone",
    "rpc.response.status_code": "ok",
    "client.address": "203.0.113.9",
  });
});

test("a failure sets the status of its span", async () => {
  const call = callWith(`00-${traceId}-${parentId}-01`);
  const error = new ConnectError("no such zone", Code.NotFound);
  const [span] = await exported((sink) => sink(call, "not_found", error));
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: "no such zone" });
});

test("what the caller does not sample leaves no span", async () => {
  const call = callWith(`00-${traceId}-${parentId}-00`);
  expect(await exported((sink) => sink(call, "ok", undefined))).toEqual([]);
});
