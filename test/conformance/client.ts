// The client under test: it is told over stdin what to call, and reports over stdout what came of it.
import { create } from "@bufbuild/protobuf";
import {
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
  type ClientCompatRequest,
  type ClientCompatResponse,
} from "../../gen/ts/connectrpc/conformance/v1/client_compat_pb.js";
import { readDelimited, writeDelimited } from "./delimited.js";
import { invoke } from "./invoke.js";
import { createTransports } from "./transports.js";

// Enough to have calls wait beside each other, few enough for the suite's timeouts of 200 ms.
const callsMax = 8;

const transports = createTransports();
const running = new Set<Promise<void>>();
for await (const request of readDelimited(ClientCompatRequestSchema, process.stdin)) {
  const done = report(request);
  running.add(done);
  void done.finally(() => running.delete(done));
  if (running.size >= callsMax) await Promise.race(running);
}
await Promise.all(running);
transports.close();

async function report(request: ClientCompatRequest): Promise<void> {
  writeDelimited(ClientCompatResponseSchema, await answer(request), process.stdout);
}

async function answer(request: ClientCompatRequest): Promise<ClientCompatResponse> {
  const { testName } = request;
  try {
    const value = await invoke(transports.of(request), request);
    return create(ClientCompatResponseSchema, { testName, result: { case: "response", value } });
  } catch (thrown) {
    // The call could not be made at all.
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return create(ClientCompatResponseSchema, { testName, result: { case: "error", value: { message } } });
  }
}
