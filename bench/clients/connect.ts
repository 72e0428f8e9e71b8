// Peer: the client of connect-node without interceptors.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { deadlineMs } from "../workload/wire.js";
import { callBench, callHeaders } from "./call.js";

callBench((port) => {
  const client = createClient(RecordService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
  const options = { headers: callHeaders, timeoutMs: deadlineMs };
  return {
    get: async (id) => (await client.getRecord({ id }, options)).id,
    list: async (pageSize) => (await client.listRecords({ pageSize }, options)).records.length,
  };
});
