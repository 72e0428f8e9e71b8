// The public case suite, as far as it can be judged without a socket: the unary methods of `Lab`, test/proto/lab.
import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import {
  create,
  createRegistry,
  equals,
  fromJson,
  toJson,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { file_google_api_httpbody } from "../../gen/ts/google/api/httpbody_pb.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  file_google_rpc_error_details,
} from "../../gen/ts/google/rpc/error_details_pb.js";
import { Code as RpcCode } from "../../gen/ts/google/rpc/code_pb.js";
import { StatusSchema } from "../../gen/ts/google/rpc/status_pb.js";
import {
  file_lab_v1_lab,
  FileRespSchema,
  Lab,
  ReqSchema,
  type FileReq,
  type Req,
} from "../../gen/ts/lab/v1/lab_pb.js";
import type { HeaderRecord } from "../../platform/call/call.js";
import { isRequestMetadata } from "../../platform/rest/metadata.js";
import { planOf, serveForTest, type TestHandler, type TestResult } from "./serve.js";

interface Expected {
  readonly status: number;
  readonly rpc?: string;
  readonly decoded?: JsonValue;
  readonly errorCode?: string;
  readonly error?: { readonly message: string; readonly details?: JsonValue };
  readonly violations?: readonly string[];
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly contentType?: string;
  readonly noBody?: boolean;
  readonly response?: JsonValue;
  readonly wire?: JsonObject;
  readonly responseBase64?: string;
  readonly metadata?: {
    readonly present: Readonly<Record<string, string>>;
    readonly absent: readonly string[];
  };
  readonly timeoutMs?: number;
}

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly expected: Expected;
}

const registry = createRegistry(file_lab_v1_lab, file_google_api_httpbody, file_google_rpc_error_details);

const handlers: Partial<Record<string, TestHandler>> = {
  Fail(request, call) {
    // Requests of Fail are Req.
    const { i32, name } = request as Req;
    call.responseHeader.set("x-custom", "hdr");
    call.responseTrailer.set("x-trail", "tr");
    if (i32 === 0) return create(ReqSchema);
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- numbers that are no code are part of the suite
    const code = i32 as Code;
    if (name === "nodetail") throw new ConnectError("msg é <x>", code);
    throw new ConnectError("boom", code, undefined, [
      { desc: ErrorInfoSchema, value: { reason: "R", domain: "d" } },
    ]);
  },
  FieldUp(request) {
    // Requests of FieldUp are FileReq.
    const { file, note } = request as FileReq;
    return create(FileRespSchema, { file, note });
  },
};

const serve = serveForTest(
  Lab.methods.map((method) => ({
    plan: planOf(method),
    handler: handlers[method.name] ?? ((request) => request),
  })),
  { registry, patchMaskField: "mask" },
);

// The shape is that of the suite's README.
const { cases } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8")) as {
  cases: readonly Case[];
};
/** Streams are served elsewhere, and the RPC paths are not REST. */
const unary = cases.filter((c) => !/^\/v1\/(?:[scb]stream|sbody|cupload)|^\/lab\.v1\./.test(c.target));

describe("the case suite", () => {
  test.each(unary.map((c) => [`${c.id} (${c.rule}) ${c.method} ${c.target.slice(0, 60)}`, c] as const))(
    "%s",
    async (_, c) => {
      const headers = recordOf(c);
      const body = c.bodyBase64 === undefined ? (c.body ?? "") : Buffer.from(c.bodyBase64, "base64");
      judge(c.expected, headers, await serve({ method: c.method, target: c.target, headers, body }));
    },
  );
});

/** Headers as node's parser hands them over. */
function recordOf(c: Case): HeaderRecord {
  const record: Record<string, string> = { host: "lab" };
  for (const [name, value] of c.headers ?? []) {
    const key = name.toLowerCase();
    record[key] = record[key] === undefined ? value : `${record[key]}, ${value}`;
  }
  if (c.body !== undefined || c.bodyBase64 !== undefined) record["content-length"] = "1";
  return record;
}

function judge(want: Expected, headers: HeaderRecord, answer: TestResult): void {
  const body = contentOf(answer);
  expect({
    status: answer.status,
    rpc: answer.ran?.rpc,
    body: want.status === answer.status ? "" : String(body),
  }).toEqual({
    status: want.status,
    rpc: want.rpc,
    body: "",
  });
  if (want.decoded !== undefined && answer.ran !== undefined) expectMessage(answer.ran.request, want.decoded);
  if (want.timeoutMs !== undefined) expect(answer.ran?.timeoutMs).toBe(want.timeoutMs);
  for (const [name, value] of Object.entries(want.headers ?? {})) {
    expect([name, answer.headers[name]]).toEqual([name, value ?? undefined]);
  }
  if (want.contentType !== undefined) expect(answer.headers["content-type"]).toBe(want.contentType);
  for (const [name, value] of Object.entries(want.metadata?.present ?? {})) {
    expect([name, isRequestMetadata(name), headers[name]]).toEqual([name, true, value]);
  }
  for (const name of want.metadata?.absent ?? [])
    expect([name, headers[name] === undefined || !isRequestMetadata(name)]).toEqual([name, true]);
  if (want.noBody === true) expect(body.length).toBe(0);
  else if (want.errorCode !== undefined) judgeError(want, answer, body);
  else if (want.responseBase64 !== undefined) expect(body.toString("base64")).toBe(want.responseBase64);
  else if (answer.ran !== undefined) judgeResponse(want, answer.ran.request, body);
}

function judgeError(want: Expected, answer: TestResult, body: Buffer): void {
  const json = JSON.parse(String(body)) as JsonObject;
  expect(Object.keys(json).toSorted()).toEqual(["code", "details", "message"]);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(RpcCode[Number(json["code"])]).toBe(want.errorCode);
  const status = fromJson(StatusSchema, json, { registry });
  if (want.error !== undefined) {
    expect(status.message).toBe(want.error.message);
    const details = want.error.details;
    if (details !== undefined) expect(json["details"]).toEqual(details);
  }
  const error = new ConnectError("", Code.InvalidArgument);
  error.details.push(
    ...status.details.map((d) => ({ type: d.typeUrl.slice(d.typeUrl.indexOf("/") + 1), value: d.value })),
  );
  const fields = error.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations.map((v) => v.field));
  expect(fields).toEqual(expect.arrayContaining([...(want.violations ?? [])]));
}

function judgeResponse(want: Expected, request: Message, body: Buffer): void {
  const json = JSON.parse(String(body)) as JsonValue;
  if (want.wire !== undefined) expect(json).toMatchObject(want.wire);
  if (want.response === undefined)
    expectMessage(fromJson(ReqSchema, json, { registry }), toJson(ReqSchema, request as Req, { registry }));
  else if (Array.isArray(want.response)) expect(json).toEqual(want.response);
  // The only message that a response_body of the suite names.
  else expect(json).toMatchObject(want.response as JsonObject);
}

function expectMessage(message: Message, json: JsonValue): void {
  const desc = registry.getMessage(message.$typeName);
  if (desc === undefined) throw new Error(`unknown message ${message.$typeName}`);
  const want = fromJson(desc, json, { registry });
  if (!equals(desc, message, want))
    expect(toJson(desc, message, { registry })).toEqual(toJson(desc, want, { registry }));
}

function contentOf({ headers, body }: TestResult): Buffer {
  const coding = headers["content-encoding"];
  if (coding === "gzip") return gunzipSync(body);
  if (coding === "br") return brotliDecompressSync(body);
  return coding === "deflate" ? inflateSync(body) : body;
}
