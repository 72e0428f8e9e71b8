// Ours: the transport between services, with compiled codecs.
import { createClient } from "@connectrpc/connect";
import { RecordService } from "../../gen/ts/perf/v1/perf_pb.js";
import { createHttpTransport } from "../../platform/client/http2-transport.js";
import { binaryCodec } from "../../platform/codec/binary.js";
import { deadlineMs } from "../workload/wire.js";
import { callBench, callHeaders } from "./call.js";

callBench((port) => {
  const transport = createHttpTransport({ baseUrl: `http://127.0.0.1:${port}`, codecs: binaryCodec });
  const client = createClient(RecordService, transport);
  const options = { headers: callHeaders, timeoutMs: deadlineMs };
  return {
    get: async (id) => (await client.getRecord({ id }, options)).id,
    list: async (pageSize) => (await client.listRecords({ pageSize }, options)).records.length,
  };
});
