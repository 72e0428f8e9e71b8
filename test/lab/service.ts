// lab.v1 as a service: every method gives back what it was given, so that a test sees what the doors do to it.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { http } from "../../gen/ts/google/api/annotations_pb.js";
import type { HttpBody } from "../../gen/ts/google/api/httpbody_pb.js";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.js";
import { Lab, SubSchema, type Req } from "../../gen/ts/lab/v1/lab_pb.js";
import { Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import type { Call } from "../../platform/call/call.js";
import { policyFor, type PolicyOverride } from "../../platform/contract/override.js";
import { defineService, type Handlers, type ServiceDefinition } from "../../platform/contract/service.js";
import { codeOfNumber } from "../code.js";

/** The permission that every method of the lab asks for. */
export const labPermission = "lab.use";

/** What a test has every handler do first. */
export type BeforeHandler = (call: Call) => Promise<void>;

/**
 * The lab. `Fail` throws the code that `i32` names; streams give back every message, or as many as `nums` has. `before`
 * runs ahead of every handler.
 */
export function lab(before: BeforeHandler = async () => undefined): ServiceDefinition {
  const announce = async (call: Call): Promise<void> => {
    setMetadata(call);
    await before(call);
  };
  const echo = async (request: Message, call: Call): Promise<Message> => {
    await announce(call);
    return request;
  };
  const unary = Lab.methods.filter((method) => method.methodKind === "unary");
  const handlers = {
    ...Object.fromEntries(unary.map((method) => [method.localName, echo])),
    async fail(request: Req, call: Call) {
      await announce(call);
      throw failure(request);
    },
    async *sStream(request: Req, call: Call) {
      await announce(call);
      for (const num of request.nums) {
        if (num < 0) throw failure(request);
        yield { ...request, i32: num };
      }
    },
    async *sStreamBody(request: Req, call: Call) {
      await announce(call);
      for (const data of request.datas) yield { contentType: "text/plain", data };
    },
    async cStream(requests: AsyncIterable<Req>, call: Call) {
      await announce(call);
      const tags: string[] = [];
      for await (const request of requests) {
        if (request.i32 < 0) throw failure(request);
        tags.push(request.name);
      }
      return { tags };
    },
    async *bStream(requests: AsyncIterable<Req>, call: Call) {
      await announce(call);
      for await (const request of requests) {
        if (request.i32 < 0) throw failure(request);
        yield request;
      }
    },
    async cUpload(requests: AsyncIterable<HttpBody>, call: Call) {
      await announce(call);
      const datas: Uint8Array[] = [];
      for await (const { data } of requests) datas.push(data);
      return { datas };
    },
  };
  // All unary methods were taken from the descriptor; the five streams stand above.
  return defineService(Lab, handlers as unknown as Handlers<typeof Lab>, labPolicy());
}

/** Sets headers and trailers, text and binary, some of them from the request. */
function setMetadata(call: Call): void {
  call.responseHeader.set("x-echo", call.requestHeader.get("x-text") ?? "none");
  call.responseHeader.set("x-echo-bin", call.requestHeader.get("x-bytes-bin") ?? "");
  call.responseTrailer.set("x-done", call.method.name);
  call.responseTrailer.set("x-done-bin", "AAEC/w");
}

function failure({ i32, name }: Req): ConnectError {
  const error = new ConnectError(name, codeOfNumber(Math.abs(i32)), {
    "x-failure": "yes",
    "x-failure-bin": "/w",
  });
  error.details.push(
    { desc: ErrorInfoSchema, value: { reason: "LAB", domain: "lab.v1", metadata: { name } } },
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "i32", description: "is a code" }] } },
    { desc: SubSchema, value: { name: "ü", num: -1, tags: ["", "a"] } },
  );
  return error;
}

function labPolicy(): PolicyOverride {
  const shared = {
    access: { permission: labPermission },
    deadline: { defaultMs: 5000, maxMs: 30_000 },
    rate: { class: RateClass.UNLIMITED },
    criticality: Criticality.CRITICAL,
  };
  const reads = Lab.methods.filter(isRead).map((method) => method.localName);
  const others = Lab.methods.filter((method) => !isRead(method));
  const audited = { ...shared, audit: { action: "lab.use" } };
  return policyFor(Lab, {
    defaults: shared,
    methods: Object.fromEntries(others.map((method) => [method.localName, audited])),
    // The names are those of the descriptor.
    reads: reads as (keyof typeof Lab.method)[],
  });
}

function isRead(method: DescMethod): boolean {
  return getOption(method, http).pattern.case === "get";
}
