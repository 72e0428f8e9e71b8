import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "@jest/globals";
import { Reason } from "../../gen/ts/trunkline/v1/error_pb.js";
import { fail, reasonOf } from "../call/errors.js";
import { rpcFailure } from "./rpc-failure.js";

test.each([
  [Reason.DEADLINE_EXCEEDED, Code.DeadlineExceeded],
  [Reason.BODY_TOO_LARGE, Code.ResourceExhausted],
  [Reason.CONTENT_ENCODING_UNSUPPORTED, Code.Unimplemented],
])("reason %d is told by its code alone, with its metadata and its cause", (reason, code) => {
  const cause = new Error("why");
  const failure = fail(reason, "too much", { cause });
  failure.metadata.set("grpc-accept-encoding", "gzip");
  const sent = rpcFailure(failure);
  expect(sent).toMatchObject({ code, rawMessage: "too much", details: [], cause });
  expect(sent.metadata.get("grpc-accept-encoding")).toBe("gzip");
});

test.each([
  ["another reason of the platform", fail(Reason.RATE_LIMITED, "slow down")],
  ["an error without a reason", new ConnectError("no", Code.DeadlineExceeded)],
])("%s stays as it is", (_what, failure) => {
  const reason = reasonOf(failure);
  expect(rpcFailure(failure)).toBe(failure);
  expect(reasonOf(rpcFailure(failure))).toEqual(reason);
});
