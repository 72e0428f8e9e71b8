import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, expect, test } from "@jest/globals";
import { ReqSchema } from "../../gen/ts/lab/v1/lab_pb.js";
import { ZoneService } from "../../gen/ts/controlplane/zones/v1/zones_pb.js";
import { Call } from "../call/call.js";
import { readPlans } from "../contract/read.js";
import { createLog } from "./log.js";
import { redacted } from "./redact.js";
import { createTelemetry } from "./telemetry.js";

const folder = mkdtempSync(join(tmpdir(), "trunkline-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [plan] = readPlans([{ service: ZoneService, handlers: {}, override: undefined }]);

function newCall(address: string): Call {
  if (plan === undefined) throw new Error("no plan");
  const peer = { address, certificateNames: undefined };
  return new Call({ plan, door: "rest", requestMethod: "GET", url: "/", headers: {}, peer });
}

async function linesOf(
  write: (telemetry: ReturnType<typeof createTelemetry>) => void,
): Promise<Record<string, unknown>[]> {
  const file = join(folder, `${Math.random()}.log`);
  const log = createLog("info", file);
  write(createTelemetry(log));
  await new Promise((resolve) => log.flush(resolve));
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a call leaves one line, with the same fields whether it succeeds or fails", async () => {
  const lines = await linesOf((telemetry) => {
    for (const error of [undefined, new ConnectError("no such zone", Code.NotFound)]) {
      const call = newCall('fe80::1%"eth0\\');
      telemetry.begin(call);
      telemetry.end(call, error, undefined);
    }
  });
  expect(lines).toHaveLength(2);
  const [success = {}, failure = {}] = lines;
  expect(success).toMatchObject({
    level: "info",
    method: plan?.name,
    door: "rest",
    code: "ok",
    peer: 'fe80::1%"eth0\\',
    msg: "call",
  });
  expect(failure).toMatchObject({ level: "info", code: "not_found", error: "no such zone" });
  const { error: _, reason: __, ...common } = failure;
  expect(Object.keys(success).toSorted()).toEqual(Object.keys(common).toSorted());
});

test("our own failure is an error with its cause; the caller's is not", async () => {
  const [line] = await linesOf((telemetry) => {
    const call = newCall("::1");
    telemetry.begin(call);
    telemetry.end(
      call,
      new ConnectError("internal error", Code.Internal, undefined, undefined, new Error("disk full")),
      undefined,
    );
  });
  expect(line).toMatchObject({ level: "error", code: "internal", err: { message: "disk full" } });
});

test("metrics count calls by method and code", async () => {
  const telemetry = createTelemetry(createLog("silent"));
  for (let i = 0; i < 3; i++) {
    const call = newCall("::1");
    telemetry.begin(call);
    if (i === 2) expect(await telemetry.metrics.registry.metrics()).toContain("rpc_server_active_calls 1");
    telemetry.end(call, i === 0 ? new ConnectError("x", Code.Internal) : undefined, undefined);
  }
  const text = await telemetry.metrics.registry.metrics();
  const labels = (code: string) =>
    `{rpc_system_name="http",rpc_method="${plan?.name}",rpc_response_status_code="${code}"}`;
  expect(text).toContain(`rpc_server_call_duration_seconds_count${labels("ok")} 2`);
  expect(text).toContain(`rpc_server_call_duration_seconds_count${labels("internal")} 1`);
  expect(text).toMatch(/rpc_server_call_duration_seconds_bucket\{le="\+Inf",[^}]*"ok"\} 2/);
  expect(text).toContain("rpc_server_active_calls 0");
});

test("fields marked debug_redact, bytes and long values are not shown", () => {
  const message = create(ReqSchema, {
    name: "x".repeat(1000),
    data: new Uint8Array(10),
    i64: 5n,
    sub: { name: "s" },
    labels: { a: "b" },
  });
  const fields = ReqSchema.fields.map((field) =>
    field.name === "other_name"
      ? { ...field, proto: { ...field.proto, options: { debugRedact: true } } }
      : field,
  );
  message.otherName = "secret";
  const shown = redacted({ ...ReqSchema, fields } as typeof ReqSchema, message);
  expect(JSON.stringify(shown)).not.toContain("secret");
  expect(shown).toMatchObject({ data: "[bytes]", i64: "5", sub: { name: "s" }, labels: { a: "b" } });
  expect(String(shown["name"])).toHaveLength(203);
});
